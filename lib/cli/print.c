#include "cli/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

void
rm_cli_print_json(struct rm_str *out, jv value)
{
	rm_json_write(out, value);
	rm_str_puts(out, "\n");
}

void
rm_cli_print_field(struct rm_str *out, const char *key, const char *text)
{
	rm_str_printf(out, "%-16s %s\n", key, text != NULL ? text : "-");
}

void
rm_cli_print_done(
    const struct rm_cli *cli, struct rm_str *out, const char *fmt, ...)
{
	va_list args;
	char *words;
	if (cli->options->json) {
		rm_str_puts(out, "{\"success\":true}\n");
		return;
	}
	va_start(args, fmt);
	if (vasprintf(&words, fmt, args) < 0)
		abort();
	va_end(args);
	rm_str_printf(out, "%s\n", words);
	free(words);
}
