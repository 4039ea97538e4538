/* rm-state: the records of a framework in ZooKeeper. */
#include <stddef.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/option.h"
#include "state/apply.h"
#include "state/dump.h"
#include "state/edit.h"
#include "state/protect.h"
#include "state/restore.h"
#include "state/store.h"
#include "state/watch.h"
#include "stream/figures.h"

#define AT(field) offsetof(struct rm_state_options, field)

/* What all commands have. */
#define COMMON_OPTIONS                                                         \
	{ RM_OPTION_TEXT, "zk", 0, "HOSTS", "RIAK_MESOS_ZK", "riak.zk", NULL,  \
		"ZooKeeper, as host:port[,host:port]", AT(zk), true },         \
	    { RM_OPTION_TEXT, "zk-auth-file", 0, "FILE",                       \
		    "RIAK_MESOS_ZK_AUTH_FILE", NULL, NULL,                     \
		    "user:password for ZooKeeper", AT(zk_auth_file), false },  \
	    { RM_OPTION_TEXT, "framework", 0, "NAME", "RIAK_MESOS_NAME",       \
		    "riak.framework-name", "riak", "the framework's name",     \
		    AT(framework), false },                                    \
	{                                                                      \
		RM_OPTION_NUMBER, "wait", 0, "SECONDS", "RIAK_MESOS_ZK_WAIT",  \
		    NULL, "20", "longest wait for ZooKeeper, or to lead",      \
		    AT(wait), false                                            \
	}
#define FIGURES                                                                \
	{                                                                      \
		RM_OPTION_COUNT, "figures-fd", 0, "FD", NULL, NULL, NULL,      \
		    "count in this memory of rm-schedd's", AT(figures_fd),     \
		    false                                                      \
	}
#define FLAG(name, letter, help, field)                                        \
	{                                                                      \
		RM_OPTION_FLAG, name, letter, NULL, NULL, NULL, NULL, help,    \
		    AT(field), false                                           \
	}

static const struct rm_option common_options[] = {
	COMMON_OPTIONS,
	RM_OPTIONS_END,
};
static const struct rm_option watch_options[] = {
	COMMON_OPTIONS,
	FLAG("follow", 'f', "go on without reading standard input", follow),
	FIGURES,
	RM_OPTIONS_END,
};
static const struct rm_option apply_options[] = {
	COMMON_OPTIONS,
	{ RM_OPTION_TEXT, "fence", 0, "PATH", NULL, NULL, NULL,
	    "election node that every write checks [one of its own]", AT(fence),
	    false },
	FIGURES,
	RM_OPTIONS_END,
};
static const struct rm_option edit_options[] = {
	COMMON_OPTIONS,
	FLAG("force", 'f', "even where other records refer to it", force),
	RM_OPTIONS_END,
};
static const struct rm_option dump_options[] = {
	COMMON_OPTIONS,
	FLAG("secrets", 0, "the clusters' secrets too", secrets),
	RM_OPTIONS_END,
};
static const struct rm_option restore_options[] = {
	COMMON_OPTIONS,
	FLAG("replace", 0, "replace what is there", replace),
	FLAG(
	    "new-secrets", 0, "make secrets where there are none", new_secrets),
	RM_OPTIONS_END,
};
#undef AT

static bool
count(const char *stage, const struct rm_state_options *options)
{
	struct rm_error err = { 0 };
	if (rm_figures_open(options->figures_fd, stage, &err) == 0)
		return true;
	rm_log_error("%s", err.text);
	return false;
}

static int
run_watch(void *options, int argc, char **argv)
{
	(void)argc, (void)argv;
	return count("rm-state watch", options) ? rm_watch_run(options)
						: RM_EXIT_USAGE;
}

static int
run_apply(void *options, int argc, char **argv)
{
	(void)argc, (void)argv;
	return count("rm-state apply", options) ? rm_apply_run(options)
						: RM_EXIT_USAGE;
}

static int
run_get(void *options, int argc, char **argv)
{
	(void)argc;
	return rm_edit_get(options, argv);
}

static int
run_put(void *options, int argc, char **argv)
{
	return rm_edit_put(options, argv[0], argc > 1 ? argv[1] : "-");
}

static int
run_ls(void *options, int argc, char **argv)
{
	return rm_edit_ls(options, argc > 0 ? argv[0] : NULL);
}

static int
run_rm(void *options, int argc, char **argv)
{
	(void)argc;
	return rm_edit_rm(options, argv);
}

static int
run_dump(void *options, int argc, char **argv)
{
	(void)argc, (void)argv;
	return rm_dump_run(options);
}

static int
run_restore(void *options, int argc, char **argv)
{
	return rm_restore_run(options, argc > 0 ? argv[0] : "-");
}

static int
run_protect(void *options, int argc, char **argv)
{
	(void)argc, (void)argv;
	return rm_protect_run(options);
}

int
main(int argc, char **argv)
{
	static const struct rm_command commands[] = {
		{ "watch", NULL, "add records, and their changes, to a stream",
		    watch_options, 0, 0, run_watch },
		{ "apply", NULL, "make a stream's writes durable",
		    apply_options, 0, 0, run_apply },
		{ "get", "KEY...", "print records", common_options, 1, -1,
		    run_get },
		{ "put", "KEY [FILE]", "store a record", edit_options, 1, 2,
		    run_put },
		{ "ls", "[DIR]", "list records", common_options, 0, 1, run_ls },
		{ "rm", "KEY...", "remove records", edit_options, 1, -1,
		    run_rm },
		{ "dump", NULL, "print all records as one document",
		    dump_options, 0, 0, run_dump },
		{ "restore", "[FILE]", "store such a document", restore_options,
		    0, 1, run_restore },
		{ "protect", NULL, "make all records the user's alone",
		    common_options, 0, 0, run_protect },
		{ .run = NULL },
	};
	static const int exits[] = { RM_EXIT_OK, RM_EXIT_NO, RM_EXIT_REJECTED,
		RM_EXIT_TIMEOUT, RM_EXIT_USAGE, RM_EXIT_BUG, RM_EXIT_CONFLICT,
		RM_EXIT_OUTSIDE, -1 };
	static const struct rm_program program = {
		.name = "rm-state",
		.summary = "the records of a framework in ZooKeeper",
		.commands = commands,
		.options_size = sizeof(struct rm_state_options),
		.exits = exits,
	};
	return rm_program_main(&program, argc, argv);
}
