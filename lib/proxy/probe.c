#include "proxy/probe.h"

#include <errno.h>
#include <string.h>

#include "proxy/node.h"
#include "proxy/pb_frame.h"

struct kind {
	const char *question;
	size_t len;
	/* 1 well, 0 more is needed, -1 not well. */
	int (*judge)(const char *answer, size_t len);
};

static int
judge_http(const char *answer, size_t len)
{
	if (len < 13)
		return 0;
	return memcmp(answer, "HTTP/1.", 7) == 0 &&
		       memcmp(answer + 8, " 200", 4) == 0
		   ? 1
		   : -1;
}

/* RpbPingResp: length 1, code 2. */
static int
judge_pb(const char *answer, size_t len)
{
	static const char pong[] = { 0, 0, 0, 1, 2 };
	if (memcmp(answer, pong, len < sizeof(pong) ? len : sizeof(pong)) != 0)
		return -1;
	return len >= sizeof(pong);
}

static const char http_question
    [] = "GET /ping HTTP/1.1\r\nHost: riak\r\nUser-Agent: rm-director\r\n"
	 "Connection: close\r\n\r\n";
static const char pb_question[] = { 0, 0, 0, 1, 1 };

static const struct kind kinds[] = {
	[RM_HTTP] = { http_question, sizeof(http_question) - 1, judge_http },
	[RM_PB] = { pb_question, sizeof(pb_question), judge_pb },
};

static void
end(struct rm_probe *probe, bool good, const char *why)
{
	const struct rm_proxy_limits *limits = &probe->endpoint->node->nodes
						    ->proxy->limits;
	double wait = limits->check_interval;
	rm_sock_close(&probe->sock);
	rm_spill_free(&probe->sent);
	probe->asking = false;
	probe->bad = good ? 0 : probe->bad + 1;
	if (probe->bad > limits->fall)
		wait = rm_backoff(
		    probe->bad - (unsigned)limits->fall, wait, 10 * wait);
	rm_timer_set(&probe->timer, wait);
	rm_endpoint_judge(probe->endpoint, good, why);
}

static void
ready(void *arg)
{
	struct rm_probe *probe = arg;
	const struct kind *kind = &kinds[probe->endpoint->protocol];
	int there = rm_sock_connected(&probe->sock);
	if (there == 0)
		return;
	if (there < 0 || rm_sock_flush(&probe->sock, &probe->sent) != 0) {
		end(probe, false, rm_sock_why());
		return;
	}
	while (probe->sock.readable) {
		ssize_t n = rm_sock_read(&probe->sock,
		    probe->answer + probe->got,
		    sizeof(probe->answer) - probe->got);
		probe->got += n > 0 ? (size_t)n : 0;
		int verdict = kind->judge(probe->answer, probe->got);
		/* A Riak that wants a password behind TLS says so. */
		if (verdict < 0 && probe->sock.tls != NULL &&
		    kind->judge == judge_pb && probe->got > 4 &&
		    probe->answer[4] == RM_PB_ERROR)
			verdict = 1;
		if (verdict != 0) {
			end(probe, verdict > 0, "another answer");
			return;
		}
		if (probe->sock.ended || probe->got == sizeof(probe->answer)) {
			end(probe, false, "no answer");
			return;
		}
	}
}

static void
ask(struct rm_probe *probe)
{
	struct rm_endpoint *endpoint = probe->endpoint;
	struct rm_proxy *proxy = endpoint->node->nodes->proxy;
	const struct kind *kind = &kinds[endpoint->protocol];
	if (endpoint->node->query != NULL) { /* still being resolved */
		rm_timer_set(&probe->timer, proxy->limits.check_interval);
		return;
	}
	if (rm_endpoint_connect(endpoint, &probe->sock, ready, probe) != 0) {
		end(probe, false, errno == EDESTADDRREQ
				      ? "its host's address is not known"
				      : strerror(errno));
		return;
	}
	probe->asking = true;
	probe->got = 0;
	rm_spill_add(&probe->sent, kind->question, kind->len);
	rm_timer_set(&probe->timer, proxy->limits.check_time);
}

static void
time_is_up(void *arg)
{
	struct rm_probe *probe = arg;
	if (probe->asking)
		end(probe, false, "no answer in time");
	else
		ask(probe);
}

void
rm_probe_start(struct rm_probe *probe, struct rm_endpoint *endpoint)
{
	probe->endpoint = endpoint;
	rm_timer_init(&probe->timer, endpoint->node->nodes->proxy->loop,
	    time_is_up, probe);
	rm_timer_set(&probe->timer, 0);
}

void
rm_probe_hurry(struct rm_probe *probe)
{
	if (!probe->asking && probe->timer.event != NULL)
		rm_timer_set(&probe->timer, 0.05);
}

void
rm_probe_stop(struct rm_probe *probe)
{
	rm_sock_close(&probe->sock);
	rm_spill_free(&probe->sent);
	rm_timer_free(&probe->timer);
	probe->asking = false;
}
