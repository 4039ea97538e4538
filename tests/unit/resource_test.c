#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "mesos/resource.h"

#define GOLDEN "tests/golden/mesos-1.12/"
#define LABELS                                                                 \
	"\"labels\":{\"labels\":[{\"key\":\"framework\",\"value\":\"riak\"}"   \
	",{\"key\":\"node\",\"value\":\"riak-kv-1\"}]}"
#define DYNAMIC                                                                \
	"{\"type\":\"DYNAMIC\",\"role\":\"riak\",\"principal\""                \
	":\"riak\"," LABELS "}"
#define ALLOCATED "\"allocation_info\":{\"role\":\"riak\"}"

static jv
json(const char *text)
{
	jv value = jv_invalid();
	struct rm_error err = { 0 };
	if (rm_json_parse(text, strlen(text), &value, &err) != 0)
		fail_msg("%s: %s", err.text, text);
	return value;
}

static struct rm_resource
one(const char *text)
{
	struct rm_resource r = { 0 };
	struct rm_error err = { 0 };
	jv value = json(text);
	if (rm_resource_parse(value, &r, &err) != 0)
		fail_msg("%s: %s", err.text, text);
	jv_free(value);
	return r;
}

static void
check_json(jv value, const char *expected)
{
	struct rm_str text = { 0 };
	rm_json_write(&text, value);
	assert_string_equal(text.text, expected);
	rm_str_free(&text);
}

static void
check_text(const struct rm_resources *set, const char *expected)
{
	struct rm_str text = { 0 };
	rm_str_puts(&text, "");
	rm_resources_text(&text, set);
	assert_string_equal(text.text, expected);
	rm_str_free(&text);
}

/* Takes the resource over. */
static void
add(struct rm_resources *to, struct rm_resource r)
{
	rm_resources_add(to, &r);
	rm_resource_free(&r);
}

static int
take(struct rm_resources *from, struct rm_resource r)
{
	int rc = rm_resources_subtract(from, &r, NULL);
	rm_resource_free(&r);
	return rc;
}

/* Every resource that a real master ever sent comes back as it was. */
static void
test_round_trip(void **state)
{
	(void)state;
	static const char *const files[] = {
		GOLDEN "01-lifecycle.events.jsonl",
		GOLDEN "02b-after-master-failover.events.jsonl",
		GOLDEN "03-offers-domains-attributes-disks-static-roles"
		       ".events.jsonl",
		GOLDEN "03c-offers-refinement-single-role.events.jsonl",
	};
	size_t seen = 0;
	for (size_t f = 0; f < sizeof(files) / sizeof(*files); f++) {
		FILE *in = fopen(files[f], "r");
		assert_non_null(in);
		char *line = NULL;
		size_t room = 0;
		while (getline(&line, &room, in) > 0) {
			jv record = json(line);
			jv event = json(rm_json_text(record, "raw", ""));
			jv offers = rm_json_path(event, "offers.offers");
			int n = jv_get_kind(offers) == JV_KIND_ARRAY
				    ? jv_array_length(jv_copy(offers))
				    : 0;
			for (int i = 0; i < n; i++) {
				jv offer = jv_array_get(jv_copy(offers), i);
				jv list = rm_json_get(offer, "resources");
				struct rm_resources set = { 0 };
				assert_int_equal(
				    rm_resources_parse(list, &set, NULL), 0);
				struct rm_str was = { 0 };
				rm_json_write(&was, list);
				check_json(
				    rm_resources_json(&set, RM_FORMAT_STACK),
				    was.text);
				rm_str_free(&was);
				seen += set.count;
				rm_resources_free(&set);
				jv_free(offer);
			}
			jv_free(offers);
			jv_free(event);
			jv_free(record);
		}
		free(line);
		fclose(in);
	}
	assert_true(seen > 100);
}

static void
test_formats(void **state)
{
	(void)state;
	struct rm_resource stack = one("{\"name\":\"cpus\",\"type\":\"SCALAR\","
				       "\"scalar\":{\"value\":2.5},"
				       "\"reservations\":[" DYNAMIC "]}");
	struct rm_resource role = one(
	    "{\"type\":\"SCALAR\",\"name\":\"cpus\",\"scalar\":{\"value\":1},"
	    "\"role\":\"riak\",\"reservation\":{" LABELS
	    ",\"principal\":\"riak\"}}");
	assert_ptr_equal(stack.id, role.id);
	check_json(rm_resource_json(&stack, RM_FORMAT_ROLE),
	    "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":2.5},"
	    "\"role\":\"riak\",\"reservation\":{\"principal\":\"riak\"," LABELS
	    "}}");
	check_json(rm_resource_json(&role, RM_FORMAT_BOTH),
	    "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},"
	    "\"role\":\"riak\",\"reservation\":{\"principal\":\"riak\"," LABELS
	    "},\"reservations\":[" DYNAMIC "]}");
	rm_resource_free(&stack);
	rm_resource_free(&role);

	struct rm_resource fixed = one(
	    "{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":64},"
	    "\"role\":\"riak\"}");
	assert_int_equal(fixed.id->depth, 1);
	assert_false(fixed.id->reservations[0].dynamic);
	check_json(rm_resource_json(&fixed, RM_FORMAT_STACK),
	    "{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":64},"
	    "\"reservations\":[{\"type\":\"STATIC\",\"role\":\"riak\"}]}");
	rm_resource_free(&fixed);
}

static void
test_unknown_members(void **state)
{
	(void)state;
	const char *text = "{\"name\":\"gpus\",\"type\":\"SCALAR\",\"scalar\":{"
			   "\"value\":1},"
			   "\"revocable\":{},\"news\":{\"a\":[1,2]}}";
	struct rm_resource r = one(text);
	assert_true(r.id->revocable);
	check_json(rm_resource_json(&r, RM_FORMAT_STACK), text);
	struct rm_resource plain = one("{\"name\":\"gpus\",\"type\":\"SCALAR\","
				       "\"scalar\":{\"value\":1}}");
	assert_ptr_not_equal(r.id, plain.id);
	rm_resource_free(&plain);
	rm_resource_free(&r);

	text = "{\"name\":\"nics\",\"type\":\"SET\",\"set\":{\"item\":[\"a\"]}"
	       "}";
	r = one(text);
	check_json(rm_resource_json(&r, RM_FORMAT_STACK), text);
	rm_resource_free(&r);
}

static void
test_identity(void **state)
{
	(void)state;
	struct rm_resource r = one(
	    "{\"name\":\"disk\",\"type\":\"SCALAR\","
	    "\"scalar\":{\"value\":1000}," ALLOCATED
	    ",\"reservations\":[" DYNAMIC "],\"disk\":{\"volume\":"
	    "{\"container_path\":\"data\",\"mode\":\"RW\"},\"persistence\":"
	    "{\"principal\":\"riak\",\"id\":\"p1\"}}}");
	assert_string_equal(r.id->role, "riak");
	assert_string_equal(r.id->persistence_id, "p1");
	assert_string_equal(r.id->persistence_principal, "riak");
	assert_string_equal(r.id->container_path, "data");
	assert_string_equal(r.id->reservations[0].principal, "riak");
	assert_string_equal(rm_identity_label(r.id, "node"), "riak-kv-1");
	assert_null(rm_identity_label(r.id, "other"));
	assert_true(r.id->indivisible);
	/* Mesos's order of members, whatever it was. */
	check_json(rm_resource_json(&r, RM_FORMAT_STACK),
	    "{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1000}"
	    "," ALLOCATED ",\"reservations\":[" DYNAMIC "],\"disk\":"
	    "{\"persistence\":{\"id\":\"p1\",\"principal\":\"riak\"},"
	    "\"volume\":"
	    "{\"mode\":\"RW\",\"container_path\":\"data\"}}}");
	struct rm_resources set = { 0 };
	add(&set, r);
	check_text(&set,
	    "disk(allocated: riak)(reservations: [(DYNAMIC,riak,riak,{framework"
	    ": riak, node: riak-kv-1})])[p1:data]:1000");
	rm_resources_free(&set);
}

/* Two sets of labels in another order are the same, other labels are not. */
static void
test_labels(void **state)
{
	(void)state;
	const char *form = "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":"
			   "{\"value\":1},\"reservations\":[{\"type\":"
			   "\"DYNAMIC\",\"role\":\"r\",\"labels\":{\"labels\":"
			   "[{\"key\":\"%s\",\"value\":\"1\"},"
			   "{\"value\":\"1\",\"key\":\"%s\"}]}}]}";
	static const char *const keys[][2] = { { "a", "b" }, { "b", "a" },
		{ "a", "c" } };
	struct rm_resource r[3];
	for (int i = 0; i < 3; i++) {
		char text[512];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), form, keys[i][0], keys[i][1]);
#pragma GCC diagnostic pop
		r[i] = one(text);
	}
	assert_ptr_equal(r[0].id, r[1].id);
	assert_ptr_not_equal(r[0].id, r[2].id);
	struct rm_resources set = { 0 };
	for (int i = 0; i < 3; i++)
		add(&set, r[i]);
	assert_int_equal(set.count, 2);
	assert_int_equal(set.items[0].scalar, 2000);
	rm_resources_free(&set);
}

static void
test_push_pop(void **state)
{
	(void)state;
	struct rm_resource r = one("{\"name\":\"disk\",\"type\":\"SCALAR\","
				   "\"scalar\":{\"value\":9},\"disk\":{\"source"
				   "\":{\"type\":\"PATH\",\"path\":{\"root\":"
				   "\"/d\"}}}}");
	const struct rm_identity *plain = rm_identity_ref(r.id);
	assert_null(rm_identity_pop(plain));
	const struct rm_identity *reserved = rm_identity_push(
	    plain, json(DYNAMIC));
	assert_int_equal(reserved->depth, 1);
	const struct rm_identity *volume = rm_identity_attach(
	    reserved, json("{\"persistence\":{\"id\":\"p\"},\"volume\":"
			   "{\"container_path\":\"data\",\"mode\":\"RW\"}}"));
	assert_string_equal(volume->persistence_id, "p");
	assert_int_equal(volume->source, RM_DISK_PATH);
	assert_string_equal(volume->root, "/d");
	const struct rm_identity *back = rm_identity_detach(volume);
	assert_ptr_equal(back, reserved);
	const struct rm_identity *twice = rm_identity_push(
	    back, json("{\"role\":\"riak/a\"}"));
	const struct rm_identity *once = rm_identity_pop(twice);
	assert_ptr_equal(once, reserved);
	const struct rm_identity *none = rm_identity_pop(once);
	assert_ptr_equal(none, plain);
	rm_identity_unref(none);
	rm_identity_unref(once);
	rm_identity_unref(twice);
	rm_identity_unref(back);
	rm_identity_unref(volume);
	rm_identity_unref(reserved);
	rm_identity_unref(plain);
	rm_resource_free(&r);
}

static void
test_arithmetic(void **state)
{
	(void)state;
	struct rm_resources set = { 0 };
	jv list = json(
	    "[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":"
	    "{\"value\":4}},{\"name\":\"mem\",\"type\":\"SCALAR\","
	    "\"scalar\":{\"value\":100}},{\"name\":\"ports\",\"type\":"
	    "\"RANGES\",\"ranges\":{\"range\":[{\"begin\":20,\"end\":"
	    "29},{\"begin\":10,\"end\":19}]}}]");
	assert_int_equal(rm_resources_parse(list, &set, NULL), 0);
	jv_free(list);
	check_text(&set, "cpus:4; mem:100; ports:[10-29]");
	/* A tenth ten times is one: thousandths, no binary fractions. */
	for (int i = 0; i < 10; i++)
		assert_int_equal(
		    take(&set, one("{\"name\":\"cpus\",\"type\":\"SCALAR\","
				   "\"scalar\":{\"value\":0.1}}")),
		    0);
	check_text(&set, "cpus:3; mem:100; ports:[10-29]");
	assert_int_equal(
	    take(&set, one("{\"name\":\"cpus\",\"type\":\"SCALAR\","
			   "\"scalar\":{\"value\":3.001}}")),
	    -1);
	assert_int_equal(
	    take(&set, one("{\"name\":\"cpus\",\"type\":\"SCALAR\","
			   "\"scalar\":{\"value\":3}}")),
	    0);
	check_text(&set, "ports:[10-29]; mem:100"); /* the last moved up */
	assert_int_equal(
	    take(&set, one("{\"name\":\"ports\",\"type\":\"RANGES\","
			   "\"ranges\":{\"range\":[{\"begin\":12,"
			   "\"end\":14}]}}")),
	    0);
	assert_int_equal(
	    take(&set, one("{\"name\":\"ports\",\"type\":\"RANGES\","
			   "\"ranges\":{\"range\":[{\"begin\":11,"
			   "\"end\":12}]}}")),
	    -1);
	check_text(&set, "ports:[10-11, 15-29]; mem:100");
	assert_int_equal(rm_resources_total(&set, "mem"), 100000);
	rm_resources_free(&set);
}

/* A MOUNT disk and a volume are taken whole, and never merged. */
static void
test_indivisible(void **state)
{
	(void)state;
	static const char *const disks[] = {
		"\"source\":{\"type\":\"MOUNT\",\"mount\":{\"root\":\"/m\"}}",
		"\"persistence\":{\"id\":\"p\"},\"volume\":{\"mode\":\"RW\","
		"\"container_path\":\"data\"}",
	};
	for (size_t i = 0; i < 2; i++) {
		struct rm_resources set = { 0 };
		char whole[512], part[512];
		snprintf(whole, sizeof(whole),
		    "{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":"
		    "{\"value\":50},\"disk\":{%s}}",
		    disks[i]);
		snprintf(part, sizeof(part),
		    "{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":"
		    "{\"value\":20},\"disk\":{%s}}",
		    disks[i]);
		add(&set, one(whole));
		add(&set, one(whole));
		assert_int_equal(set.count, 2);
		assert_int_equal(take(&set, one(part)), -1);
		assert_int_equal(take(&set, one(whole)), 0);
		assert_int_equal(set.count, 1);
		rm_resources_free(&set);
	}
}

static void
test_all_or_nothing(void **state)
{
	(void)state;
	struct rm_resources set = { 0 }, what = { 0 };
	struct rm_error err = { 0 };
	add(&set, one("{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":"
		      "{\"value\":4}}"));
	add(&what, one("{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":"
		       "{\"value\":1}}"));
	add(&what, one("{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":"
		       "{\"value\":1.25}}"));
	assert_false(rm_resources_contain_all(&set, &what));
	assert_int_equal(rm_resources_subtract_all(&set, &what, &err), -1);
	assert_string_equal(err.text, "does not hold mem:1.25");
	check_text(&set, "cpus:4");
	rm_resources_add_all(&set, &what);
	assert_true(rm_resources_contain_all(&set, &what));
	check_text(&set, "cpus:5; mem:1.25");
	rm_resources_allocate(&set, "riak");
	check_text(&set, "cpus(allocated: riak):5; mem(allocated: riak):1.25");
	assert_false(rm_resources_contain_all(&set, &what));
	rm_resources_free(&set);
	rm_resources_free(&what);
}

static void
test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *json, *text;
	} table[] = {
		{ "[1]", "resource is no object" },
		{ "[{\"type\":\"SCALAR\"}]", "resource: no name" },
		{ "[{\"name\":\"cpus\"}]", "cpus: no type" },
		{ "[{\"name\":\"cpus\",\"type\":\"SCALAR\"}]",
		    "cpus: no scalar value, or a bad one" },
		{ "[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":"
		  "{\"value\":-1}}]",
		    "cpus: no scalar value, or a bad one" },
		{ "[{\"name\":\"ports\",\"type\":\"RANGES\",\"ranges\":"
		  "{\"range\":[{\"begin\":9,\"end\":8}]}}]",
		    "ports: no range" },
		{ "[{\"name\":\"disk\",\"type\":\"SCALAR\",\"disk\":"
		  "{\"persistence\":{}}}]",
		    "disk: disk.persistence has no id" },
		{ "[{\"name\":\"mem\",\"type\":\"SCALAR\",\"reservations\":"
		  "[{}]}]",
		    "mem: a reservation has no role" },
		{ "{}", "resources: no array" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_resources set = { 0 };
		struct rm_error err = { 0 };
		jv list = json(table[i].json);
		assert_int_equal(rm_resources_parse(list, &set, &err), -1);
		assert_string_equal(err.text, table[i].text);
		assert_int_equal(set.count, 0);
		jv_free(list);
	}
}

static void
check_ranges(const struct rm_ranges *ranges, const char *expected)
{
	struct rm_str text = { 0 };
	rm_ranges_text(&text, ranges);
	assert_string_equal(text.text, expected);
	rm_str_free(&text);
}

static void
test_ranges(void **state)
{
	(void)state;
	struct rm_ranges r = { 0 }, avoid = { 0 }, got = { 0 };
	rm_ranges_add(&r, 31000, 31004);
	rm_ranges_add(&r, 31010, 31019);
	rm_ranges_add(&r, 31005, 31006);
	check_ranges(&r, "[31000-31006, 31010-31019]");
	assert_int_equal(rm_ranges_size(&r), 17);
	assert_int_equal(rm_ranges_at(&r, 7), 31010);
	rm_ranges_add(&avoid, 31002, 31002);
	rm_ranges_add(&avoid, 30000, 30009);
	assert_true(rm_ranges_take(&r, 10, &got));
	check_ranges(&got, "[31000-31006, 31010-31012]");
	assert_true(rm_ranges_take(&r, 17, &got));
	assert_true(rm_ranges_equal(&got, &r));
	assert_false(rm_ranges_take(&r, 18, &got));
	assert_int_equal(got.count, 0);
	rm_ranges_intersect(&r, &avoid, &got);
	check_ranges(&got, "[31002-31002]");
	rm_ranges_subtract(&r, &avoid);
	check_ranges(&r, "[31000-31001, 31003-31006, 31010-31019]");
	assert_false(rm_ranges_contain(&r, &avoid));
	assert_true(rm_ranges_contain(&r, &(struct rm_ranges){ 0 }));
	rm_ranges_free(&r);
	rm_ranges_free(&avoid);
	rm_ranges_free(&got);
}

/* Against a plain set of numbers. */
static void
test_ranges_random(void **state)
{
	(void)state;
	enum { N = 64 };
	srand(7);
	for (int round = 0; round < 2000; round++) {
		struct rm_ranges r[2] = { 0 }, got = { 0 };
		bool in[2][N] = { 0 };
		for (int k = 0; k < 2; k++)
			for (int i = 0; i < 5; i++) {
				int begin = rand() % N;
				int end = begin + rand() % (N - begin);
				end = end > begin + 9 ? begin + 9 : end;
				rm_ranges_add(
				    &r[k], (uint64_t)begin, (uint64_t)end);
				for (int v = begin; v <= end; v++)
					in[k][v] = true;
			}
		rm_ranges_intersect(&r[0], &r[1], &got);
		rm_ranges_subtract(&r[0], &r[1]);
		for (int v = 0; v < N; v++) {
			struct rm_range x = { (uint64_t)v, (uint64_t)v };
			struct rm_ranges single = { &x, 1, 1 };
			assert_int_equal(rm_ranges_contain(&got, &single),
			    in[0][v] && in[1][v]);
			assert_int_equal(rm_ranges_contain(&r[0], &single),
			    in[0][v] && !in[1][v]);
		}
		rm_ranges_free(&got);
		rm_ranges_free(&r[0]);
		rm_ranges_free(&r[1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_unknown_members),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_push_pop),
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_indivisible),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_ranges_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
