#include "cli/wait.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "io/loop.h"

#define LOOK_EVERY 0.5

/* Carriage return, clear to the end of the line: ECMA-48. */
static void
show(struct rm_str *shown, const struct rm_str *now, bool quiet)
{
	bool live = isatty(STDOUT_FILENO);
	bool same = shown->text != NULL && strcmp(shown->text, now->text) == 0;
	if (quiet || same)
		return;
	printf(live ? "\r\033[K%s" : "%s\n", now->text);
	fflush(stdout);
	rm_str_clear(shown);
	rm_str_puts(shown, now->text);
}

static void
end_line(const struct rm_str *shown)
{
	if (shown->len > 0 && isatty(STDOUT_FILENO)) {
		printf("\n");
		fflush(stdout);
	}
}

int
rm_cli_wait(struct rm_cli *cli, const struct rm_cli_wait *wait, double timeout,
    struct rm_error *err)
{
	double end = rm_now() + timeout;
	struct rm_str shown = { 0 }, now = { 0 };
	struct rm_error looked = { 0 };
	int is;
	for (;;) {
		rm_str_clear(&now);
		rm_str_puts(&now, "");
		looked = (struct rm_error){ 0 };
		is = wait->look(wait->arg, cli, &now, &looked);
		bool away = is < 0 && looked.code == RM_EXIT_OUTSIDE;
		if (away)
			rm_str_puts(&now, looked.text);
		if (now.len > 0)
			show(&shown, &now, wait->quiet);
		if (is > 0 || (is < 0 && !away) || rm_now() >= end)
			break;
		rm_cli_sleep(cli, LOOK_EVERY);
	}
	end_line(&shown);
	if (is < 0)
		rm_error_set(err, looked.code, "%s", looked.text);
	else if (is == 0)
		rm_error_set(err, RM_EXIT_TIMEOUT, "timed out after %g s: %s",
		    timeout, now.text);
	rm_str_free(&shown);
	rm_str_free(&now);
	return is > 0 ? 0 : -1;
}
