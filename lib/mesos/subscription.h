/*
 * One subscription: SUBSCRIBE on a connection of its own, the stream of
 * records that answers it, until either side ends it. A master that falls
 * silent for five heartbeats is as good as gone (scheduler-http-api.md).
 */
#ifndef RM_MESOS_SUBSCRIPTION_H
#define RM_MESOS_SUBSCRIPTION_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "io/http_client.h"
#include "mesos/credential.h"
#include "mesos/event.h"

struct rm_subscription;

/* How it ended; borrowed until the callback returns. */
struct rm_subscription_end {
	int status; /* of the answer; 200: it was a stream; 0: none came */
	const char *text; /* the master's words, or what went wrong */
	const char *location; /* of a 307, or NULL */
};

struct rm_subscription_options {
	const char *address; /* as mesos/address.h has it */
	const char *body; /* the SUBSCRIBE call */
	const struct rm_credential *credential;
	const char *ca_file; /* or NULL */
	bool protobuf; /* how events are to come; else as JSON */
	/* Borrowed until it returns. It may hold the subscription, not free
	 * it. */
	void (*on_event)(void *arg, const struct rm_event *event);
	/* Once, last, unless it was freed before. It may free it. */
	void (*on_end)(void *arg, const struct rm_subscription_end *end);
	void *arg;
};

/* All is copied but credential and ca_file. */
struct rm_subscription *rm_subscription_new(struct event_base *loop,
    struct rm_http *http, const struct rm_subscription_options *options,
    struct rm_error *err);
/* Not from inside of on_event. */
void rm_subscription_free(struct rm_subscription *subscription);

/* The Mesos-Stream-Id; from on_event on. */
const char *rm_subscription_stream_id(const struct rm_subscription *s);
const char *rm_subscription_address(const struct rm_subscription *s);
/* What SUBSCRIBED says: a heartbeat comes every so many seconds. */
void rm_subscription_expect(struct rm_subscription *s, double heartbeat);
/* Held: nothing is read, no event comes, and silence is not counted. */
void rm_subscription_hold(struct rm_subscription *s, bool held);

#endif
