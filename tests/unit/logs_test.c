#include "executor/logs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"

static char *top;

static int
make_folder(void **state)
{
	(void)state;
	top = rm_strdup("/tmp/logs_test.XXXXXX");
	char *log = NULL;
	if (mkdtemp(top) == NULL)
		return -1;
	log = rm_format("%s/log", top);
	int rc = mkdir(log, 0700);
	free(log);
	return rc;
}

static int
remove_folder(void **state)
{
	(void)state;
	char *command = rm_format("rm -rf %s", top);
	int rc = system(command);
	free(command);
	free(top);
	return rc;
}

static void
put(const char *name, const char *text, size_t times)
{
	char *path = rm_format("%s/%s", top, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	for (size_t i = 0; i < times; i++)
		fputs(text, file);
	fclose(file);
	free(path);
}

static void
tails(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t lines;
		const char *tail;
	} rows[] = {
		{ "a\nb\nc\n", 2, "b\nc\n" },
		{ "a\nb\nc", 2, "b\nc" },
		{ "a\nb\nc\n", 3, "a\nb\nc\n" },
		{ "a\nb\nc\n", 9, "a\nb\nc\n" },
		{ "\n\n\n", 2, "\n\n" },
		{ "a", 1, "a" },
		{ "", 1, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rm_str text = { 0 };
		put("log/x.log", rows[i].text, 1);
		assert_int_equal(
		    rm_logs_tail(&text, top, top, "x.log", rows[i].lines), 0);
		if (rows[i].tail == NULL)
			assert_int_equal(text.len, 0);
		else
			assert_string_equal(text.text, rows[i].tail);
		rm_str_free(&text);
	}
}

static void
tails_little_of_much(void **state)
{
	(void)state;
	struct rm_str text = { 0 };
	put("log/big.log", "0123456789abcde\n", 100000);
	assert_int_equal(rm_logs_tail(&text, top, top, "big.log", 1000000), 0);
	assert_int_equal(text.len, 256 << 10);
	rm_str_free(&text);
}

static void
names_nothing_else(void **state)
{
	(void)state;
	static const char *const names[] = { "", ".", "..", "../secret",
		".hidden", "none", "link", "pipe", "secret", "folder" };
	struct rm_str text = { 0 };
	put("secret", "s\n", 1);
	put("log/.hidden", "s\n", 1);
	char *link = rm_format("%s/log/link", top);
	char *pipe = rm_format("%s/log/pipe", top);
	char *folder = rm_format("%s/log/folder", top);
	assert_int_equal(symlink("../secret", link), 0);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (rm_logs_tail(&text, top, top, names[i], 1) == 0)
			fail_msg("%s", names[i]);
	assert_int_equal(text.len, 0);
	free(link);
	free(pipe);
	free(folder);

	put("stdout", "out\n", 1);
	put("log/console.log", "c\n", 1);
	jv list = rm_logs_list(top, top);
	struct rm_str all = { 0 };
	jv_array_foreach (list, i, file) {
		rm_str_printf(&all, "%s ", rm_json_text(file, "name", "?"));
		jv_free(file);
	}
	jv_free(list);
	assert_string_equal(all.text, "big.log console.log x.log stdout ");
	rm_str_free(&all);
	list = rm_logs_list("/nowhere", "/nowhere");
	assert_int_equal(jv_array_length(list), 0);
}

static void
hides_the_cookie(void **state)
{
	(void)state;
	struct rm_str text = { 0 };
	rm_logs_hide(&text,
	    "a = 1\n  Distributed_Cookie=x\nb = 2\ndistributed_cookie = y");
	assert_string_equal(text.text,
	    "a = 1\ndistributed_cookie = (hidden)\nb = 2\n"
	    "distributed_cookie = (hidden)");
	rm_str_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tails),
		cmocka_unit_test(tails_little_of_much),
		cmocka_unit_test(names_nothing_else),
		cmocka_unit_test(hides_the_cookie),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
