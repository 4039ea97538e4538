/*
 * A configuration file, then, behind a line "--", the words of a command line,
 * one a line: as rm-schedd takes them. It is either run, with settings that
 * are a record, or there is one line on stderr and the exit code of usage.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "schedd/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS 16
#define AT(field) offsetof(struct rm_settings, field)
#define TEXT(name, key, fallback, field)                                       \
	{                                                                      \
		RM_OPTION_TEXT, name, 0, "TEXT", NULL, key, fallback, "text",  \
		    AT(field), false                                           \
	}
#define NUMBER(name, key, fallback, field)                                     \
	{                                                                      \
		RM_OPTION_NUMBER, name, 0, "N", NULL, key, fallback, "number", \
		    AT(field), false                                           \
	}

static const struct rm_option table[] = {
	TEXT("framework", "riak.framework-name", "riak", framework),
	TEXT("role", "riak.role", "riak", role),
	TEXT("user", "riak.user", "root", user),
	TEXT("hostname", "riak.hostname", NULL, hostname),
	NUMBER("failover-timeout", "riak.failover-timeout", "604800",
	    failover_timeout),
	NUMBER("node-cpus", "riak.node.cpus", "1", node_cpus),
	NUMBER("node-disk", "riak.node.disk", "4000", node_disk),
	NUMBER("executor-mem", "riak.executor.mem", "64", executor_mem),
	{ RM_OPTION_LIST, "resource", 'r', "KEY=URL", NULL, NULL, NULL, "list",
	    AT(resources), false },
	TEXT("resource-urls", "resources", NULL, resource_urls),
	TEXT("constraints", "riak.constraints", NULL, constraints),
	{ RM_OPTION_FLAG, "no-operation-ids", 0, NULL, NULL, "riak.flag", NULL,
	    "flag", AT(no_operation_ids), false },
	RM_OPTIONS_END,
};

static int runs;

/* A record is an object that is written and read as it is. */
static int
run(void *values, int argc, char **argv)
{
	(void)argc, (void)argv;
	struct rm_error err = { 0 };
	struct rm_str text = { 0 };
	jv record, again;
	runs++;
	if (rm_settings_make(values, &record, &err) != 0) {
		if (err.code != RM_EXIT_USAGE || err.text[0] == '\0')
			abort();
		return 0;
	}
	rm_json_write(&text, jv_copy(record));
	if (rm_json_parse(text.text, text.len, &again, NULL) != 0 ||
	    rm_settings_check(text.text, text.len, NULL) != 0 ||
	    jv_get_kind(again) != JV_KIND_OBJECT)
		abort();
	jv_free(again);
	jv_free(record);
	rm_str_free(&text);
	return 0;
}

static const struct rm_command commands[] = {
	{ NULL, "[WORD]", "as it is", table, 0, 1, run },
	{ "cluster list", NULL, "two words", table, 0, 0, run },
	{ "cluster create", "NAME", "and one more", table, 1, 1, run },
	{ NULL },
};
static const int exits[] = { 0, RM_EXIT_USAGE, -1 };
static const struct rm_program program = { .name = "options_fuzz",
	.summary = "take options",
	.commands = commands,
	.options_size = sizeof(struct rm_settings),
	.exits = exits };

/* One line, whatever was in the words. */
static void
check_said(int fd, int code)
{
	char said[8192];
	ssize_t n = pread(fd, said, sizeof(said), 0);
	bool line = n > 0 && memchr(said, '\n', (size_t)n) == said + n - 1;
	if ((code != 0 && code != RM_EXIT_USAGE) ||
	    (code == 0 ? n != 0 : !line))
		abort();
}

/* With stdout and stderr in a file, so that what is said is seen. */
static int
run_quietly(int argc, char **argv, int said)
{
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	dup2(said, STDERR_FILENO);
	dup2(said, STDOUT_FILENO);
	int code = rm_program_main(&program, argc, argv);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	return code;
}

/* What prints a page says it by stdio, which is not what is looked at. */
static bool
is_asked(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	       strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 ||
	       strcmp(word, "--config") == 0 ||
	       strncmp(word, "--config=", 9) == 0 ||
	       strcmp(word, "--completion-words") == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char mark[] = "\n--\n";
	static int file = -1, said;
	char path[64], *words = NULL, *rest, *word;
	char *argv[WORDS + 4] = { (char[]){ "options_fuzz" } };
	int argc = 1;
	if (file < 0) {
		file = memfd_create("config", MFD_CLOEXEC);
		said = memfd_create("said", MFD_CLOEXEC);
	}
	const uint8_t *end = memmem(data, size, mark, 4);
	size_t len = end != NULL ? (size_t)(end - data) : size;
	if (ftruncate(file, 0) != 0 || ftruncate(said, 0) != 0 ||
	    lseek(said, 0, SEEK_SET) != 0 ||
	    pwrite(file, data, len, 0) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "--config=/proc/self/fd/%d", file);
	argv[argc++] = path;
	if (end != NULL)
		words = rm_format("%.*s", (int)(size - len - 4),
		    (const char *)end + 4);
	for (rest = words; argc < WORDS && (word = strsep(&rest, "\n")) != NULL;)
		if (!is_asked(word))
			argv[argc++] = word;
	runs = 0;
	int code = run_quietly(argc, argv, said);
	check_said(said, code);
	if (runs != (code == 0))
		abort();
	free(words);
	return 0;
}
