/* Which word was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/guess.h"

static void
distances(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "list", "list", 0 },
		{ "lsit", "list", 1 },
		{ "lis", "list", 1 },
		{ "lists", "list", 1 },
		{ "last", "list", 1 },
		{ "", "list", 4 },
		{ "sitting", "kitten", 3 },
		{ "ca", "abc", 3 },
		{ "0123456789012345678901234567890", "", 31 },
		{ "01234567890123456789012345678901", "", 99 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *a = rows[i].a, *b = rows[i].b;
		assert_int_equal(rm_guess_distance(a, strlen(a), b, strlen(b)),
		    rows[i].distance);
		assert_int_equal(rm_guess_distance(b, strlen(b), a, strlen(a)),
		    rows[i].distance);
	}
}

static const char *
guess(const char *word)
{
	static const char *const words[] = { "node", "list", "restart",
		"rollout", "wait-for-service" };
	struct rm_guess g = { .word = word, .len = strlen(word) };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		rm_guess_try(&g, words[i], strlen(words[i]));
	return g.best;
}

static void
guesses(void **state)
{
	(void)state;
	assert_string_equal(guess("lsit"), "list");
	assert_string_equal(guess("restrat"), "restart");
	assert_string_equal(guess("wait-for-sevrice"), "wait-for-service");
	assert_string_equal(guess("rolluot"), "rollout");
	assert_null(guess("nonsense"));
	assert_null(guess("x"));
	assert_null(guess(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances),
		cmocka_unit_test(guesses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
