#include "riak/flags.h"

#include <stdlib.h>
#include <string.h>

/* One more word, with what erlexec would take for its own protected. */
static void
word(struct rm_str *to, const char *text)
{
	if (to->len > 0)
		rm_str_puts(to, " ");
	for (; *text != '\0'; text++) {
		if (strchr(" \t\"'\\", *text) != NULL)
			rm_str_puts(to, "\\");
		rm_str_add(to, text, 1);
	}
}

/* Sets an application's variable; value is an Erlang term. */
static void
setting(struct rm_str *to, const char *app, const char *name, char *value)
{
	word(to, app);
	word(to, name);
	word(to, value);
	free(value);
}

const char *
rm_flags_manager(const char *address)
{
	return strncmp(address, "127.", 4) == 0 ? "127.0.0.1" : address;
}

void
rm_flags_write(struct rm_str *to, const struct rm_flags *flags)
{
	struct rm_str words = { 0 };
	word(&words, "-start_epmd");
	word(&words, "false");
	word(&words, "-epmd_module");
	word(&words, "rm_epmd");
	word(&words, "-pa");
	word(&words, flags->ebin);
	setting(&words, "-riak_core", "cluster_mgr",
	    rm_format("{\"%s\",%d}", rm_flags_manager(flags->address),
		flags->cluster_manager));
	setting(&words, "-riak_repl", "data_root",
	    rm_format("\"%s/riak_repl\"", flags->data_dir));
	rm_str_puts(to, words.text);
	rm_str_free(&words);
}
