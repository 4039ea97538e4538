#include "io/loop.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void
count(void *arg)
{
	int *fired = arg;
	++*fired;
}

/* What an option may say, and whether it is over at once. */
static void
timers_of_any_length(void **state)
{
	(void)state;
	static const struct {
		double seconds;
		int fires;
	} rows[] = { { 0, 1 }, { -1, 1 }, { -1e300, 1 }, { (double)NAN, 1 },
		{ 3600, 0 }, { 1e12, 0 }, { 1e19, 0 }, { 1e300, 0 },
		{ (double)INFINITY, 0 } };
	struct event_base *loop = rm_loop_new(false, NULL);
	assert_non_null(loop);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rm_timer timer = { 0 };
		int fired = 0;
		rm_timer_init(&timer, loop, count, &fired);
		rm_timer_set(&timer, rows[i].seconds);
		event_base_loop(loop, EVLOOP_NONBLOCK);
		assert_int_equal(fired, rows[i].fires);
		rm_timer_free(&timer);
	}
	event_base_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_of_any_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
