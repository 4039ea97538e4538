/*
 * Posts calls to the master of the newest subscription, in order, one at a
 * time. An ACCEPT goes once; the others are repeated, on the same subscription
 * only, until their deadline.
 */
#ifndef RM_MESOS_CALLER_H
#define RM_MESOS_CALLER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "mesos/call.h"
#include "mesos/credential.h"
#include "mesos/secrets.h"

struct rm_caller;

struct rm_caller_options {
	const struct rm_credential *credential; /* borrowed */
	const char *ca_file; /* borrowed; or NULL */
	struct rm_secrets *secrets; /* borrowed */
	double deadline; /* seconds for each call */
	/* Instead of posting: gets the body, with *** for secrets. Or NULL. */
	void (*dry)(void *arg, const char *body, size_t len);
	/* Fewer calls wait than before. */
	void (*on_progress)(void *arg);
	/* It can't go on; logged already. */
	void (*on_failure)(void *arg, int code);
	void *arg;
};

struct rm_caller *rm_caller_new(struct event_base *loop,
    const struct rm_caller_options *options, struct rm_error *err);
void rm_caller_free(struct rm_caller *caller);

/* A new subscription: what waits, older than it, is dropped. Copied. */
void rm_caller_follow(struct rm_caller *caller, const char *address,
    const char *stream_id, const char *framework_id);
/* Takes over what call holds. Dropped when there is no subscription. */
void rm_caller_add(struct rm_caller *caller, struct rm_call *call);

/* An UPDATE came: its acknowledgement is timed. Borrows. */
void rm_caller_update(struct rm_caller *caller, jv line);

/* Whether there is a subscription that the master still knows. */
bool rm_caller_live(const struct rm_caller *caller);
/* When it was lost: rm_stream_now(). */
double rm_caller_gone_at(const struct rm_caller *caller);
/* Calls that wait or are under way. */
size_t rm_caller_pending(const struct rm_caller *caller);
/* Calls that were wrong: refused by the master, or lacking a secret. */
unsigned long rm_caller_refused(const struct rm_caller *caller);

#endif
