#include "riak/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct rm_template_var vars[] = { { "httpport", "31000" },
	{ "fullyqualifiednodename", "riak-kv-1@10.0.0.1" },
	{ "data_dir", "../data" }, { NULL, NULL } };

static void
renders(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{ "", "" },
		{ "no tag", "no tag" },
		{ "p = {{httpport}}\n", "p = 31000\n" },
		{ "{{ httpport }}", "31000" },
		{ "{{HTTPPort}}", "31000" },
		/* the older ones, of Go */
		{ "{{.HTTPPort}}", "31000" },
		{ "{{ .FullyQualifiedNodeName }}", "riak-kv-1@10.0.0.1" },
		{ "{{{httpport}}}", "31000" },
		{ "{{&httpport}}", "31000" },
		{ "{{httpport}}{{httpport}}", "3100031000" },
		{ "a{{! not {a} word }}b", "ab" },
		/* Erlang's own braces */
		{ "{a,{{127,0,0,1},{b,c}}}", "{a,{{127,0,0,1},{b,c}}}" },
		{ "{\"h\",{{httpport}}}", "{\"h\",31000}" },
		{ "{{{httpport}},b}", "{31000,b}" },
		{ "{{\"httpport\"}}", "{{\"httpport\"}}" },
		{ "{{", "{{" },
		{ "{{{", "{{{" },
		{ "{{httpport", "{{httpport" },
		{ "{{httpport}", "{{httpport}" },
		{ "{{!", "{{!" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_str out = { 0 };
		struct rm_error err = { 0 };
		rm_str_puts(&out, "");
		assert_int_equal(rm_template_render(&out, table[i][0],
				     strlen(table[i][0]), vars, &err),
		    0);
		assert_string_equal(out.text, table[i][1]);
		rm_str_free(&out);
	}
}

static void
refuses(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{ "{{nodname}}", "line 1: unknown variable {{nodname}}" },
		{ "a\n\nb = {{.Foo}}\n", "line 3: unknown variable {{Foo}}" },
		/* not a prefix of a known one, nor longer */
		{ "{{http}}", "line 1: unknown variable {{http}}" },
		{ "{{httpports}}", "line 1: unknown variable {{httpports}}" },
		{ "a\n{{#httpport}}x{{/httpport}}",
		    "line 2: {{#httpport}}: only variables are known here" },
		{ "{{>httpport}}",
		    "line 1: {{>httpport}}: only variables are known here" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_str out = { 0 };
		struct rm_error err = { 0 };
		assert_int_equal(rm_template_render(&out, table[i][0],
				     strlen(table[i][0]), vars, &err),
		    -1);
		assert_string_equal(err.text, table[i][1]);
		assert_int_equal(err.code, 100);
		rm_str_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renders),
		cmocka_unit_test(refuses),
	};
	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
