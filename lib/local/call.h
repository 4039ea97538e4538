/*
 * The scheduler API's calls: how a master checks each, answers it, and what it
 * does (scheduler-http-api.md).
 */
#ifndef RM_LOCAL_CALL_H
#define RM_LOCAL_CALL_H

#include "local/local.h"

/* An HTTP answer: 200 or 202 without text, or a refusal. */
struct rm_local_answer {
	int status;
	char *text; /* owned; NULL: empty */
};

/* Who asks, and what its headers said. */
struct rm_local_caller {
	const char *stream_id; /* Mesos-Stream-Id, or NULL */
	bool authenticated; /* principal is known */
	const char *principal;
};

/* Checks a call in the form that a master expects; in Mesos's order in *call
 * then. -1: *answer has the refusal. Consumes nothing but *call, which it
 * replaces. */
int rm_local_call_check(const struct rm_local_caller *caller, jv *call,
    struct rm_local_answer *answer);
/* Carries out a checked call that is no SUBSCRIBE. Borrows. */
void rm_local_call(struct rm_local *local, const struct rm_local_caller *caller,
    jv call, struct rm_local_answer *answer);
/* A checked SUBSCRIBE, on a stream that has begun with a 200. NULL: refused
 * with an ERROR event, and the stream ended. Borrows. */
struct rm_local_framework *rm_local_subscribe(struct rm_local *local, jv call,
    const struct rm_local_sink *sink, const char *stream_id);

#endif
