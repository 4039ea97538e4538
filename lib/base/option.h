/*
 * A program's options, in one table: it drives the parsing, --help and the
 * completions, and a test compares the man page with it.
 *
 * A value comes from the command line, else from the environment, else from
 * the configuration file (a dotted path into its JSON, `key`), else from the
 * fallback. A secret is never taken as a value, only as the name of a file.
 */
#ifndef RM_BASE_OPTION_H
#define RM_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum rm_option_kind {
	RM_OPTION_END, /* ends a table */
	RM_OPTION_FLAG, /* bool */
	RM_OPTION_TEXT, /* const char *, NULL when not given */
	RM_OPTION_NUMBER, /* double, not negative */
	RM_OPTION_COUNT, /* long, a whole number, not negative */
	RM_OPTION_LIST, /* struct rm_option_list: may be given again */
};

struct rm_option_list {
	const char **items;
	size_t count;
};

struct rm_option {
	enum rm_option_kind kind;
	const char *name; /* the long one */
	char letter; /* the short one, or 0 */
	const char *arg; /* what --help calls the argument: "HOST:PORT" */
	const char *env; /* RIAK_MESOS_…, or NULL */
	const char *key; /* in the configuration file, or NULL */
	const char *fallback; /* as it would be typed, or NULL */
	const char *help; /* one line, no full stop */
	size_t offset; /* of the value in the program's struct of options */
	bool required;
};

/* One subcommand; what a program does without one has name NULL and comes
 * first. A name may have several words, "cluster create"; no name is the
 * beginning of another. */
struct rm_command {
	const char *name;
	const char *operands; /* "PATH [FILE]", or NULL for none */
	const char *help; /* one line */
	const struct rm_option *options; /* ends with RM_OPTION_END, or NULL */
	int least, most; /* operands; most -1 is any number */
	/* Gets the parsed options and the operands. Returns the exit code. */
	int (*run)(void *options, int argc, char **argv);
};

struct rm_program {
	const char *name;
	const char *summary; /* what it is for: the page's NAME line */
	const struct rm_command *commands; /* the last has run == NULL */
	/* What every command has, before or behind its words; or NULL. One
	 * named "home" is a folder to look for the configuration file in. */
	const struct rm_option *globals;
	size_t options_size; /* of the struct that offsets are into */
	bool pure; /* reads neither environment nor file: a stage */
	const int *exits; /* codes it can end with, -1 at the end */
	/* For completions: prints what an operand of this name can be, a line
	 * each: a word, a tab, what it is. Quick, and silent when it can't say.
	 * NULL: nothing can be said of operands. */
	void (*complete)(const char *operand, void *options);
};

/*
 * The whole of main(): adds --help, --version, --log-format, --log-level,
 * (--config where it is not pure), opens the log, parses, and runs. A usage
 * error is one line that names the bad word, and RM_EXIT_USAGE.
 */
int rm_program_main(const struct rm_program *program, int argc, char **argv);

/* For option tables. */
#define RM_OPTIONS_END                                                         \
	{                                                                      \
		.kind = RM_OPTION_END                                          \
	}

#endif
