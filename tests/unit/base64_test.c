#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4648 section 10. */
static void
vectors(void **state)
{
	(void)state;
	static const char *const table[][2] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_str s = { 0 };
		rm_str_puts(&s, "");
		rm_base64_encode(&s, table[i][0], strlen(table[i][0]));
		assert_string_equal(s.text, table[i][1]);
		rm_str_clear(&s);
		assert_int_equal(
		    rm_base64_decode(&s, table[i][1], strlen(table[i][1])), 0);
		assert_string_equal(s.text, table[i][0]);
		rm_str_free(&s);
	}
}

static void
every_byte(void **state)
{
	(void)state;
	unsigned char bytes[256];
	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (unsigned char)(i * 37);
	for (size_t len = 0; len <= 256; len++) {
		struct rm_str text = { 0 }, back = { 0 };
		rm_base64_encode(&text, bytes, len);
		assert_int_equal(
		    rm_base64_decode(&back, text.text, text.len), 0);
		assert_int_equal(back.len, len);
		if (len > 0)
			assert_memory_equal(back.text, bytes, len);
		rm_str_free(&text);
		rm_str_free(&back);
	}
}

static void
not_base64(void **state)
{
	(void)state;
	static const char *const table[] = { "Z", "Zg",
		"Zg=", "Zg==Zg==", "Zh==", "Zm9=", "====", "Z===", "Zm9v\n",
		"Zm 9", "Zm-_", "=m9v", "Z=9v" };
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct rm_str s = { 0 };
		rm_str_puts(&s, "kept");
		assert_int_equal(
		    rm_base64_decode(&s, table[i], strlen(table[i])), -1);
		assert_string_equal(s.text, "kept");
		rm_str_free(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(not_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
