#include "mesos/answer.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *text; /* in the body; NULL: any */
	int status;
	enum rm_answer answer;
} table[] = {
	{ NULL, 200, RM_ANSWER_DONE },
	{ NULL, 202, RM_ANSWER_DONE },
	{ NULL, 307, RM_ANSWER_GONE },
	{ "The stream ID", 400, RM_ANSWER_GONE },
	{ "Framework cannot be found", 400, RM_ANSWER_GONE },
	{ NULL, 401, RM_ANSWER_DENIED },
	{ "Framework is not", 403, RM_ANSWER_GONE },
	{ NULL, 503, RM_ANSWER_AGAIN },
};

enum rm_answer
rm_answer_of(int status, const char *text, bool maybe_seen)
{
	if (status == 0)
		return maybe_seen ? RM_ANSWER_LOST : RM_ANSWER_AGAIN;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].status == status &&
		    (table[i].text == NULL ||
			strstr(text, table[i].text) != NULL))
			return table[i].answer;
	return status >= 500 ? RM_ANSWER_LOST : RM_ANSWER_REFUSED;
}
