#include "proxy/director.h"

#include <stdlib.h>

#include "base/log.h"
#include "proxy/admin.h"
#include "proxy/http_session.h"
#include "proxy/listener.h"
#include "proxy/node.h"
#include "proxy/pb_session.h"

/* How often it is looked whether all clients have gone. */
#define STOP_TICK 0.05

struct rm_director {
	struct rm_proxy proxy;
	struct rm_directory *directory;
	struct rm_admin *admin;
	struct rm_timer stopping;
	double stop_by;
};

static const struct {
	rm_listener_open *open;
	void (*end)(struct rm_proxy *proxy, bool now);
} protocols[] = {
	[RM_HTTP] = { rm_http_session_open, rm_http_sessions_end },
	[RM_PB] = { rm_pb_session_open, rm_pb_sessions_end },
};

static void
end_sessions(struct rm_director *director, bool now)
{
	director->proxy.stopping = true;
	for (int i = 0; i < RM_PROTOCOLS; i++) {
		rm_listener_free(director->proxy.listeners[i]);
		director->proxy.listeners[i] = NULL;
		protocols[i].end(&director->proxy, now);
	}
}

static void
look_for_end(void *arg)
{
	struct rm_director *director = arg;
	const struct rm_proxy_counters *c = director->proxy.counters;
	if ((c[RM_HTTP].open > 0 || c[RM_PB].open > 0) &&
	    rm_now() < director->stop_by)
		rm_timer_set(&director->stopping, STOP_TICK);
	else
		event_base_loopbreak(director->proxy.loop);
}

void
rm_director_stop(struct rm_director *director)
{
	if (director->proxy.stopping) {
		event_base_loopbreak(director->proxy.loop);
		return;
	}
	rm_log_info("stopping http=%ld protobuf=%ld",
	    director->proxy.counters[RM_HTTP].open,
	    director->proxy.counters[RM_PB].open);
	director->stop_by = rm_now() + director->proxy.limits.drain_time;
	end_sessions(director, false);
	look_for_end(director);
}

static int
open_all(struct rm_director *director,
    const struct rm_director_options *options, struct rm_error *err)
{
	struct rm_proxy *proxy = &director->proxy;
	proxy->nodes = rm_nodes_new(proxy);
	for (int i = 0; i < RM_PROTOCOLS; i++) {
		proxy->listeners[i] = rm_listener_new(proxy,
		    (enum rm_protocol)i, options->addresses, options->ports[i],
		    options->sockets, protocols[i].open, err);
		if (proxy->listeners[i] == NULL)
			return -1;
	}
	director->directory = rm_directory_new(
	    proxy->nodes, &options->directory, err);
	if (director->directory == NULL)
		return -1;
	const struct rm_admin_options admin = { .proxy = proxy,
		.directory = director->directory,
		.addresses = options->admin_addresses,
		.port = options->admin_port,
		.open = options->open };
	director->admin = rm_admin_new(&admin, err);
	return director->admin != NULL ? 0 : -1;
}

struct rm_director *
rm_director_new(struct event_base *loop,
    const struct rm_director_options *options, struct rm_error *err)
{
	struct rm_director *director = rm_alloc(sizeof(*director));
	rm_proxy_init(&director->proxy, loop, &options->limits);
	rm_timer_init(&director->stopping, loop, look_for_end, director);
	if (open_all(director, options, err) != 0) {
		rm_director_free(director);
		return NULL;
	}
	return director;
}

int
rm_director_port(const struct rm_director *director, enum rm_protocol protocol)
{
	return rm_listener_port(director->proxy.listeners[protocol]);
}

int
rm_director_admin_port(const struct rm_director *director)
{
	return rm_admin_port(director->admin);
}

void
rm_director_free(struct rm_director *director)
{
	if (director == NULL)
		return;
	end_sessions(director, true);
	rm_admin_free(director->admin);
	rm_directory_free(director->directory);
	rm_nodes_free(director->proxy.nodes);
	rm_timer_free(&director->stopping);
	rm_proxy_free(&director->proxy);
	free(director);
}
