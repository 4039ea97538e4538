/*
 * A jq program for --where. One that is taken stays what it is, and what is
 * refused is seen behind it: its strings, comments and interpolations end
 * where they end for jq.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/str.h"
#include "sched/where.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = rm_format("%.*s", (int)size, (const char *)data);
	struct rm_error err = { 0 };
	struct rm_where *where = rm_where_new(text, &err);
	if (where == NULL) {
		if (err.code != RM_EXIT_USAGE || err.text[0] == '\0')
			abort();
	} else {
		char *more = rm_format("%s\n| now", text);
		if (strcmp(rm_where_text(where), text) != 0 ||
		    rm_where_new(more, &err) != NULL ||
		    strcmp(err.text, "now is not allowed") != 0)
			abort();
		free(more);
	}
	rm_where_free(where);
	free(text);
	return 0;
}
