#include "proxy/refused.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
paths(void **state)
{
	(void)state;
	static const struct {
		const char *paths, *target;
		bool refused;
	} table[] = {
		{ "/admin", "/admin", true },
		{ "/admin", "/admin/", true },
		{ "/admin", "/admin/x/y", true },
		{ "/admin", "/admin?x", true },
		{ "/admin", "/admin#x", true },
		{ "/admin", "//admin", true },
		{ "/admin", "///admin//x", true },
		{ "/admin", "/%61dmin", true },
		{ "/admin", "/%61%64%6D%69%6e", true },
		{ "/admin", "/%2Fadmin", true },
		{ "/admin", "/admin%2fx", true },
		{ "/admin", "/./admin", true },
		{ "/admin", "/x/../admin", true },
		{ "/admin", "/x/%2e%2E/admin/y", true },
		{ "/admin", "/../../admin", true },
		{ "/admin", "/admin/../buckets", true }, /* read as it is */
		{ "/admin", "http://h/admin", true },
		{ "/admin", "HTTP://h:1/x/../admin", true },
		{ "/admin/", "/admin", true },
		{ "/a,/b/c", "/b/c/d", true },
		{ " /a, /b", "/b", true },

		{ "/admin", "/", false },
		{ "/admin", "*", false },
		{ "/admin", "/admi", false },
		{ "/admin", "/adminx", false },
		{ "/admin", "/x/admin", false },
		{ "/admin", "/x?/admin", false },
		{ "/admin", "/%2561dmin", false }, /* decoded once only */
		{ "/admin", "/%6", false },
		{ "/admin", "/%zzadmin", false },
		{ "/admin", "http://h", false },
		{ "/admin", "/buckets/..", false },
		{ "/a,/b/c", "/b", false },
		{ "/", "/x", false },
		{ "", "/admin", false },
		{ NULL, "/admin", false },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (rm_path_refused(table[i].paths, table[i].target,
			strlen(table[i].target)) != table[i].refused)
			fail_msg("row %zu: %s", i, table[i].target);
}

/* However long what is before it, when that says nothing. */
static void
padded(void **state)
{
	(void)state;
	char target[4096];
	memset(target, '/', sizeof(target));
	memcpy(target + 4000, "admin/x", 7);
	assert_true(rm_path_refused("/admin", target, 4007));
	for (size_t i = 0; i + 1 < 4000; i += 2)
		memcpy(target + i, "/.", 2);
	memcpy(target + 4000, "/admin", 6);
	assert_true(rm_path_refused("/admin", target, 4006));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(padded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
