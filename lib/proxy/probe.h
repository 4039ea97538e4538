/*
 * Asks one endpoint again and again whether it is well: GET /ping over HTTP,
 * RpbPing over protocol buffers. A connection for each question. The longer it
 * does not answer, the rarer the questions, up to ten times the interval.
 */
#ifndef RM_PROXY_PROBE_H
#define RM_PROXY_PROBE_H

#include "proxy/proxy.h"
#include "proxy/sock.h"

struct rm_endpoint;

struct rm_probe {
	struct rm_endpoint *endpoint;
	struct rm_sock sock;
	struct rm_spill sent;
	struct rm_timer timer; /* the next question, or an answer's deadline */
	char answer[256]; /* the beginning is enough */
	size_t got;
	unsigned bad; /* questions in a row */
	bool asking;
};

/* The first question is asked from the loop, at once. */
void rm_probe_start(struct rm_probe *probe, struct rm_endpoint *endpoint);
/* Asks again soon: something makes it look wrong. */
void rm_probe_hurry(struct rm_probe *probe);
void rm_probe_stop(struct rm_probe *probe);

#endif
