#include "riak/epmd_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct rm_epmd_name *
add(struct rm_epmd_names *names, const char *text, uint16_t highest)
{
	struct rm_epmd_node node = {
		.name = text, .extra = "e", .extra_len = 1, .highest = highest
	};
	return rm_epmd_names_add(names, &node, 1000);
}

static void
taken_and_found(void **state)
{
	(void)state;
	struct rm_epmd_names names;
	rm_epmd_names_init(&names);
	assert_null(rm_epmd_names_find(&names, "a"));
	struct rm_epmd_name *a = add(&names, "a", 6), *b = add(&names, "b", 6);
	assert_non_null(a);
	assert_null(add(&names, "a", 5));
	assert_ptr_equal(rm_epmd_names_find(&names, "a"), a);
	assert_ptr_equal(TAILQ_FIRST(&names.active), b);
	b->waiting = true;
	assert_null(rm_epmd_names_find(&names, "b"));
	assert_null(add(&names, "b", 6));
	rm_epmd_names_remove(&names, a);
	assert_null(rm_epmd_names_find(&names, "a"));
	assert_non_null(add(&names, "a", 6));
	assert_string_equal(TAILQ_FIRST(&names.active)->node.name, "a");
	assert_int_equal(names.active_count, 2);
	assert_int_equal(names.old_count, 0);
	rm_epmd_names_free(&names);
	rm_epmd_names_free(&names);
}

static void
creations(void **state)
{
	(void)state;
	struct rm_epmd_names names;
	rm_epmd_names_init(&names);
	for (uint32_t i = 0; i < 5; i++) {
		struct rm_epmd_name *six = add(&names, "six", 6);
		struct rm_epmd_name *five = add(&names, "five", 5);
		assert_int_equal(rm_epmd_name_creation(six), 1000 + i);
		assert_int_equal(
		    rm_epmd_name_creation(five), (999 + i) % 3 + 1);
		if (i == 4) /* the next one would be 0 */
			six->counter = UINT32_MAX;
		rm_epmd_names_remove(&names, six);
		rm_epmd_names_remove(&names, five);
	}
	assert_int_equal(rm_epmd_name_creation(add(&names, "six", 6)), 1);
	rm_epmd_names_free(&names);
}

/* A host where names come and go must not grow without end. */
static void
old_names_are_bounded(void **state)
{
	(void)state;
	struct rm_epmd_names names;
	rm_epmd_names_init(&names);
	for (int i = 0; i < 5000; i++) {
		char text[16];
		snprintf(text, sizeof(text), "n%d", i);
		rm_epmd_names_remove(&names, add(&names, text, 6));
	}
	assert_int_equal(names.old_count, RM_EPMD_NAMES_OLD);
	assert_int_equal(names.table.count, RM_EPMD_NAMES_OLD);
	assert_string_equal(TAILQ_FIRST(&names.old)->node.name, "n4000");
	rm_epmd_names_free(&names);
}

static void
many(void **state)
{
	(void)state;
	struct rm_epmd_names names;
	rm_epmd_names_init(&names);
	char text[16];
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "n%d", i);
		assert_non_null(add(&names, text, 6));
	}
	size_t seen = 0;
	struct rm_hash_link *link = NULL;
	while ((link = rm_hash_next(&names.table, link)) != NULL)
		seen++;
	assert_int_equal(seen, 20000);
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "n%d", i);
		struct rm_epmd_name *name = rm_epmd_names_find(&names, text);
		assert_non_null(name);
		assert_string_equal(name->node.name, text);
		assert_memory_equal(name->node.extra, "e", 1);
	}
	rm_epmd_names_free(&names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_and_found),
		cmocka_unit_test(creations),
		cmocka_unit_test(old_names_are_bounded),
		cmocka_unit_test(many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
