#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "mesos/address.h"
#include "mesos/credential.h"
#include "mesos/framework.h"

#define GOLDEN "tests/golden/mesos-1.12/"

static jv
json(const char *text)
{
	jv value = jv_invalid();
	struct rm_error err = { 0 };
	if (rm_json_parse(text, strlen(text), &value, &err) != 0)
		fail_msg("%s: %s", err.text, text);
	return value;
}

/* The n-th call that was recorded. */
static jv
recorded(const char *name, int n)
{
	char line[65536] = "";
	FILE *file = fopen(name, "r");
	assert_non_null(file);
	for (int i = 0; i <= n; i++)
		assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	jv record = json(line);
	jv call = rm_json_get(record, "call");
	jv_free(record);
	return call;
}

#define SETTINGS                                                               \
	"{\"schema\":1,\"framework\":\"riak\",\"role\":\"riak\","              \
	"\"principal\":\"riak\",\"user\":\"root\","                            \
	"\"hostname\":\"riak.marathon.mesos\",\"webui_url\":"                  \
	"\"http://127.0.0.1:9090/\",\"failover_timeout\":604800}"

/* Mesos took these: the captures' own SUBSCRIBE calls. */
static void
test_subscribe(void **state)
{
	(void)state;
	struct rm_framework framework = { 0 };
	jv settings = json(SETTINGS);
	assert_int_equal(rm_framework_fill(&framework, settings, NULL), 0);
	assert_int_equal(rm_framework_check(&framework, NULL), 0);
	jv call = rm_framework_subscribe(&framework);
	jv seen = recorded(GOLDEN "01-lifecycle.calls.jsonl", 0);
	assert_true(rm_json_equal(call, seen));
	jv_free(call);
	jv_free(seen);

	seen = recorded(GOLDEN "01b-second-instance.calls.jsonl", 0);
	framework.id = rm_strdup(rm_json_path_text(seen, "framework_id.value"));
	call = rm_framework_subscribe(&framework);
	assert_true(rm_json_equal(call, seen));
	jv_free(call);
	jv_free(seen);
	jv_free(settings);
	rm_framework_free(&framework);
	rm_framework_free(&framework);
}

static void
test_options_over_settings(void **state)
{
	(void)state;
	struct rm_framework framework = { .role = rm_strdup("other"),
		.failover_timeout = 30 };
	jv settings = json("{\"role\":\"riak\",\"principal\":\"\"}");
	assert_int_equal(rm_framework_fill(&framework, settings, NULL), 0);
	assert_int_equal(rm_framework_check(&framework, NULL), 0);
	assert_string_equal(framework.role, "other");
	assert_string_equal(framework.name, "riak");
	assert_null(framework.principal);
	assert_non_null(framework.user);
	assert_true(framework.failover_timeout > 29);
	assert_true(framework.failover_timeout < 31);
	jv_free(settings);
	rm_framework_free(&framework);

	struct rm_framework empty = { 0 };
	struct rm_error err = { 0 };
	assert_int_equal(rm_framework_check(&empty, &err), -1);
	assert_int_equal(err.code, RM_EXIT_USAGE);
	settings = json("{\"schema\":2}");
	assert_int_equal(rm_framework_fill(&empty, settings, &err), -1);
	assert_int_equal(err.code, RM_EXIT_CONFLICT);
	jv_free(settings);
	settings = json("[]");
	assert_int_equal(rm_framework_fill(&empty, settings, &err), -1);
	jv_free(settings);
	/* 0 would kill all tasks at once: it is not said. */
	settings = json("{\"role\":\"r\",\"failover_timeout\":0}");
	assert_int_equal(rm_framework_fill(&empty, settings, &err), 0);
	assert_int_equal(rm_framework_check(&empty, &err), 0);
	assert_true(empty.failover_timeout > 604799);
	jv_free(settings);
	rm_framework_free(&empty);
}

#define KNOWN(info)                                                            \
	"{\"type\":\"GET_FRAMEWORKS\",\"get_frameworks\":{\"frameworks\":["    \
	"{\"framework_info\":{\"name\":\"x\",\"id\":{\"value\":\"F-0\"}}},"    \
	"{\"active\":true,\"framework_info\":{\"id\":{\"value\":\"F-1\"}"      \
	"," info                                                               \
	"}}],\"completed_frameworks\":[{\"framework_info\":{\"name\":"         \
	"\"riak\",\"roles\":[\"riak\"],\"principal\":\"riak\",\"id\":{"        \
	"\"value\":\"F-2\"}}}]}}"

static void
test_is_it_there(void **state)
{
	(void)state;
	static const struct {
		const char *answer, *id;
		int rc;
	} table[] = {
		{ KNOWN("\"name\":\"riak\",\"roles\":[\"a\",\"riak\"],"
			"\"principal\":\"riak\""),
		    "F-1", 0 },
		{ KNOWN("\"name\":\"riak\",\"role\":\"riak\",\"principal\":"
			"\"riak\""),
		    "F-1", 0 },
		{ KNOWN("\"name\":\"riak\",\"roles\":[\"a\"],\"principal\":"
			"\"riak\""),
		    NULL, 0 },
		{ KNOWN("\"name\":\"riak\",\"roles\":[\"riak\"],"
			"\"principal\":\"other\""),
		    NULL, 0 },
		{ KNOWN("\"name\":\"riak\",\"roles\":[\"riak\"]"), NULL, 0 },
		{ KNOWN("\"name\":\"other\",\"roles\":[\"riak\"],"
			"\"principal\":\"riak\""),
		    NULL, 0 },
		{ "{\"type\":\"GET_FRAMEWORKS\",\"get_frameworks\":{}}", NULL,
		    0 },
		{ "{}", NULL, -1 },
		{ "[]", NULL, -1 },
	};
	struct rm_framework framework = { .name = rm_strdup("riak"),
		.role = rm_strdup("riak"),
		.principal = rm_strdup("riak") };
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *id = NULL;
		int rc = rm_framework_find(
		    &framework, json(table[i].answer), &id, NULL);
		if (rc != table[i].rc ||
		    strcmp(id != NULL ? id : "-",
			table[i].id != NULL ? table[i].id : "-") != 0)
			fail_msg("%d %s: %s", rc, id, table[i].answer);
		free(id);
	}
	rm_framework_free(&framework);
}

static void
test_masters(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} table[] = {
		{ "127.0.0.1:5050", "127.0.0.1:5050" },
		{ "a:1,b.c-d:65535", "a:1 b.c-d:65535" },
		{ "http://a:1/", "a:1" },
		{ "https://a:1,b:2,http://c:3,d:4",
		    "https://a:1 https://b:2 c:3 d:4" },
		{ "[::1]:5050", "[::1]:5050" },
		{ "zk://z:2181/mesos", "z:2181/mesos" },
		{ "zk://z:2181,y:2/a/b", "z:2181,y:2/a/b" },
		{ "", NULL },
		{ "a", NULL },
		{ ":5050", NULL },
		{ "a:", NULL },
		{ "a:0", NULL },
		{ "a:65536", NULL },
		{ "a:123456", NULL },
		{ "a:5x", NULL },
		{ "a:1,", NULL },
		{ "a:1,,b:2", NULL },
		{ "a b:1", NULL },
		{ "u@a:1", NULL },
		{ "a:1/path", NULL },
		{ "::1:5050", NULL },
		{ "[]:1", NULL },
		{ "ftp://a:1", NULL },
		{ "https://", NULL },
		{ "zk://z:2181", NULL },
		{ "zk://z:2181/", NULL },
		{ "zk://z:2181/mesos/", NULL },
		{ "zk://z/mesos", NULL },
		{ "zk:///mesos", NULL },
		{ "zk://z:1,/mesos", NULL },
		{ "zk://u:p@z:2181/mesos", NULL },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_masters masters = { 0 };
		struct rm_error err = { 0 };
		struct rm_str got = { 0 };
		int rc = rm_masters_parse(table[i].text, &masters, &err);
		rm_str_puts(&got, "");
		if (masters.zk_hosts != NULL)
			rm_str_printf(
			    &got, "%s%s", masters.zk_hosts, masters.zk_path);
		for (size_t k = 0; k < masters.count; k++)
			rm_str_printf(&got, "%s%s", k > 0 ? " " : "",
			    masters.addresses[k]);
		bool good = table[i].expected == NULL
				? rc == -1 && err.code == RM_EXIT_USAGE
				: rc == 0 &&
				      strcmp(got.text, table[i].expected) == 0;
		if (!good)
			fail_msg("%s: %d %s", table[i].text, rc, got.text);
		rm_str_free(&got);
		rm_masters_free(&masters);
	}
}

static void
check_text(char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
	free(text);
}

static void
test_addresses(void **state)
{
	(void)state;
	/* captures, 06 */
	check_text(rm_address_of_location(
		       "//127.0.0.1:5050/master/api/v1/scheduler", false),
	    "127.0.0.1:5050");
	check_text(rm_address_of_location("//127.0.0.1:5050", true),
	    "https://127.0.0.1:5050");
	check_text(
	    rm_address_of_location("https://a:1/x", false), "https://a:1");
	check_text(rm_address_of_location("http://a:1", true), "a:1");
	check_text(rm_address_of_location("/master", false), NULL);
	check_text(rm_address_of_location("", false), NULL);
	check_text(rm_address_of_location("//a/b", false), NULL);
	check_text(rm_address_of_location("//u@a:1/b", false), NULL);
	check_text(rm_address_url("a:1", "/x"), "http://a:1/x");
	check_text(rm_address_url("https://a:1", "/x"), "https://a:1/x");

	jv info = json("{\"address\":{\"hostname\":\"h\",\"ip\":\"127.0.0.4\","
		       "\"port\":5050},\"ip\":67108991,\"port\":1}");
	check_text(rm_address_of_master(info, false), "127.0.0.4:5050");
	check_text(rm_address_of_master(info, true), "https://h:5050");
	jv_free(info);
	info = json("{\"address\":{\"ip\":\"::1\",\"port\":5050}}");
	check_text(rm_address_of_master(info, true), "https://[::1]:5050");
	jv_free(info);
	static const char *const bad[] = { "{}", "[]", "{\"address\":{}}",
		"{\"address\":{\"ip\":\"a\"}}",
		"{\"address\":{\"ip\":\"a b\",\"port\":5}}" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		info = json(bad[i]);
		check_text(rm_address_of_master(info, false), NULL);
		jv_free(info);
	}
}

static void
test_credentials(void **state)
{
	(void)state;
	static const struct {
		const char *text, *principal, *secret;
	} table[] = {
		{ "riak s3cret\n", "riak", "s3cret" },
		{ "\n  riak\ts3cret", "riak", "s3cret" },
		{ " {\"principal\":\"riak\",\"secret\":\"a b\"}\n", "riak",
		    "a b" },
		{ "", NULL, NULL },
		{ "riak\n", NULL, NULL },
		{ "riak a b", NULL, NULL },
		{ "ri:ak a", NULL, NULL },
		{ "{\"principal\":\"riak\"}", NULL, NULL },
		{ "{\"principal\":\"riak\",\"secret\":7}", NULL, NULL },
		{ "{\"principal\":\"\",\"secret\":\"s\"}", NULL, NULL },
		{ "{\"principal\"", NULL, NULL },
	};
	char path[] = "/tmp/credential.XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		size_t len = strlen(table[i].text);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, table[i].text, len, 0), len);
		assert_int_equal(fchmod(fd, i % 2 ? 0600 : 0640), 0);
		struct rm_credential got = { 0 };
		struct rm_error err = { 0 };
		int rc = rm_credential_read(path, &got, &err);
		if (table[i].secret == NULL) {
			assert_int_equal(rc, -1);
			assert_int_equal(err.code, RM_EXIT_USAGE);
			assert_null(strstr(err.text, "ri:ak"));
		} else {
			assert_int_equal(rc, 0);
			assert_string_equal(got.principal, table[i].principal);
			assert_string_equal(got.secret, table[i].secret);
		}
		rm_credential_free(&got);
	}
	/* One that others may read is refused, whatever it holds. */
	assert_int_equal(pwrite(fd, "riak s3cret\n", 12, 0), 12);
	assert_int_equal(fchmod(fd, 0604), 0);
	struct rm_credential open = { 0 };
	struct rm_error why = { 0 };
	assert_int_equal(rm_credential_read(path, &open, &why), -1);
	assert_int_equal(why.code, RM_EXIT_USAGE);
	assert_non_null(strstr(why.text, "others may read it"));
	close(fd);
	unlink(path);
	struct rm_credential none = { 0 };
	assert_int_equal(rm_credential_read(path, &none, NULL), -1);
	rm_credential_free(&none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subscribe),
		cmocka_unit_test(test_options_over_settings),
		cmocka_unit_test(test_is_it_there),
		cmocka_unit_test(test_masters),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_credentials),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
