#include "mesos/answer.h"

#include <stddef.h>
#include <string.h>

static const struct {
	int status;
	const char *text; /* in the body; NULL: any */
	enum rm_answer answer;
} table[] = {
	{ 200, NULL, RM_ANSWER_DONE },
	{ 202, NULL, RM_ANSWER_DONE },
	{ 307, NULL, RM_ANSWER_GONE },
	{ 400, "The stream ID", RM_ANSWER_GONE },
	{ 400, "Framework cannot be found", RM_ANSWER_GONE },
	{ 401, NULL, RM_ANSWER_DENIED },
	{ 403, "Framework is not", RM_ANSWER_GONE },
	{ 503, NULL, RM_ANSWER_AGAIN },
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
