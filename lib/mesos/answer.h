/*
 * What a master's answer to a call means (src/master/http.cpp; captures of
 * refused calls): was it done, may it be tried again, is the subscription
 * still ours. Pure.
 */
#ifndef RM_MESOS_ANSWER_H
#define RM_MESOS_ANSWER_H

#include <stdbool.h>

enum rm_answer {
	RM_ANSWER_DONE,
	RM_ANSWER_AGAIN, /* certainly not done; may be tried again */
	RM_ANSWER_LOST, /* done or not: nobody knows */
	RM_ANSWER_GONE, /* not subscribed (any more), or no leader */
	RM_ANSWER_REFUSED, /* it was wrong */
	RM_ANSWER_DENIED, /* credentials */
};

/* text is the body. status 0: no answer came; then maybe_seen says whether the
 * master may have got the call. */
enum rm_answer rm_answer_of(int status, const char *text, bool maybe_seen);

#endif
