/*
 * Znodes by hand, for tests:
 *
 *     zk put PATH VALUE     create it, with parents, or set it
 *     zk get PATH
 *     zk rm PATH
 */
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/option.h"
#include "io/loop.h"
#include "io/zk_wait.h"

struct options {
	const char *zk;
};

static int
put(struct rm_zk_wait *zk, char **argv, struct rm_error *err)
{
	size_t len = strlen(argv[1]);
	if (rm_zk_wait_create(zk, argv[0], argv[1], len, RM_ZK_PARENTS, err) ==
	    0)
		return 0;
	if (err->code != RM_EXIT_CONFLICT)
		return -1;
	return rm_zk_wait_set(zk, argv[0], argv[1], len, -1, err);
}

static int
get(struct rm_zk_wait *zk, char **argv, struct rm_error *err)
{
	struct rm_str value = { 0 };
	int rc = rm_zk_wait_get(zk, argv[0], &value, NULL, err);
	if (rc == 0)
		printf("%s\n", value.text != NULL ? value.text : "");
	rm_str_free(&value);
	return rc;
}

static int
rm(struct rm_zk_wait *zk, char **argv, struct rm_error *err)
{
	return rm_zk_wait_delete(zk, argv[0], -1, err);
}

static int
with_zk(const struct options *o,
    int (*work)(struct rm_zk_wait *zk, char **argv, struct rm_error *err),
    char **argv)
{
	struct rm_error err = { 0 };
	struct rm_zk_wait zk = { 0 };
	struct rm_zk_options options = { .hosts = o->zk };
	struct event_base *loop = rm_loop_new(false, &err);
	int rc = rm_zk_wait_open(&zk, loop, &options, 15, &err);
	if (rc == 0)
		rc = work(&zk, argv, &err);
	if (zk.zk != NULL)
		rm_zk_wait_close(&zk);
	event_base_free(loop);
	if (rc == 0)
		return RM_EXIT_OK;
	rm_log_error("%s", err.text);
	return err.code;
}

#define COMMAND(name)                                                          \
	static int run_##name(void *options, int argc, char **argv)            \
	{                                                                      \
		(void)argc;                                                    \
		return with_zk(options, name, argv);                           \
	}
COMMAND(put)
COMMAND(get)
COMMAND(rm)

int
main(int argc, char **argv)
{
	static const struct rm_option table[] = {
		{ RM_OPTION_TEXT, "zk", 0, "HOSTS", "ZK", NULL, NULL,
		    "ZooKeeper", offsetof(struct options, zk), true },
		RM_OPTIONS_END,
	};
	static const struct rm_command commands[] = {
		{ "put", "PATH VALUE", "create or set", table, 2, 2, run_put },
		{ "get", "PATH", "print", table, 1, 1, run_get },
		{ "rm", "PATH", "delete", table, 1, 1, run_rm },
		{ 0 },
	};
	static const struct rm_program program = {
		.name = "zk",
		.summary = "znodes by hand",
		.commands = commands,
		.options_size = sizeof(struct options),
	};
	return rm_program_main(&program, argc, argv);
}
