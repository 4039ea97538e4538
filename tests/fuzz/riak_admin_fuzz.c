/* A command's name, a newline, and what Riak says to it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "riak/admin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever it is, the answer is one of three, and its JSON is JSON. */
static void
check(const struct rm_admin_answer *a)
{
	bool has = a->code == RM_EXIT_OK || a->code == RM_EXIT_NO;
	if ((!has && a->code != RM_EXIT_OUTSIDE) ||
	    has != (jv_is_valid(a->value) != 0) ||
	    (a->code == RM_EXIT_NO) != (a->reason != NULL) ||
	    (a->code != RM_EXIT_OK && a->text[0] == '\0'))
		abort();
	if (!has)
		return;
	struct rm_str text = { 0 };
	jv again;
	rm_json_write(&text, jv_copy(a->value));
	if (rm_json_parse(text.text, text.len, &again, NULL) != 0)
		abort();
	jv_free(again);
	rm_str_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[32] = "";
	const uint8_t *end = memchr(data, '\n', size);
	size_t len = end != NULL ? (size_t)(end - data) : size;
	if (len >= sizeof(name) || end == NULL)
		return 0;
	memcpy(name, data, len);
	const struct rm_admin_command *c = rm_admin_find(name);
	if (c == NULL)
		return 0;
	const char *out = (const char *)end + 1;
	struct rm_admin_output o = { out, out, size - len - 1, size - len - 1,
		0 };
	struct rm_admin_answer a = { 0 };
	rm_admin_judge(c, &o, &a);
	check(&a);
	rm_admin_answer_free(&a);
	return 0;
}
