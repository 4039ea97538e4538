#include "cli/advice.h"

#include <stdio.h>
#include <string.h>

/* The API says what is; what a command line can do about it is said here. */
static const struct {
	const char *words, *advice;
} advices[] = {
	{ "no such cluster: ", "'riak-mesos cluster list' lists them" },
	{ "no such node: ", "'riak-mesos status' lists them" },
	{ "no such orphan: ", "'riak-mesos framework orphans' lists them" },
	{ "no such log: ", "'riak-mesos node log list NODE' lists them" },
	{ "is being destroyed",
	    "'riak-mesos status --watch' shows when it is gone" },
	{ ": nobody to ask", "'riak-mesos status' says what it waits for" },
	{ "has had no rollout", "'riak-mesos cluster restart' begins one" },
	{ "has no riak_config", "it runs with its package's own; --file sets "
				"one" },
	{ "has no advanced_config", "it runs with its package's own; --file "
				    "sets one" },
	{ "a token is needed", "--token-file names the file with it" },
	{ "no node of cluster", "'riak-mesos status' says what they wait for" },
	{ "does not exist", "'riak-mesos framework install' or 'director "
			    "install' makes it" },
	{ "already exists", "uninstall it first; its nodes go on" },
	{ "missing from the configuration", "see riak-mesos.json(5)" },
	{ "name the volumes", "'riak-mesos framework orphans' lists them" },
};

void
rm_cli_advise(struct rm_error *err)
{
	size_t n = strlen(err->text);
	for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++)
		if (strstr(err->text, advices[i].words) != NULL) {
			snprintf(err->text + n, sizeof(err->text) - n, "; %s",
			    advices[i].advice);
			return;
		}
}
