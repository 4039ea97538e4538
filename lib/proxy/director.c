#include "proxy/director.h"

#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "proxy/access_log.h"
#include "proxy/admin.h"
#include "proxy/greeting.h"
#include "proxy/http_session.h"
#include "proxy/listener.h"
#include "proxy/node.h"
#include "proxy/pb_session.h"

/* How often it is looked whether all clients have gone, whether the nodes are
 * known, and whether another worker was told something. */
#define STOP_TICK  0.05
#define BEGIN_TICK 0.02
#define BOARD_TICK 0.5
/* Clients that wait are not kept longer for nodes that are not known. */
#define BEGIN_SECONDS 5

struct rm_director {
	struct rm_director_options options;
	struct rm_proxy proxy;
	struct rm_directory *directory;
	struct rm_admin *admin;
	struct rm_timer stopping, beginning, looking;
	double stop_by, begin_by;
	struct event *leave, *reload;
	unsigned seen; /* of the board */
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
	if (now || !director->proxy.patient)
		rm_greetings_end();
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

static void
stop(struct rm_director *director, bool patient)
{
	struct rm_proxy *proxy = &director->proxy;
	if (proxy->stopping && !proxy->patient) {
		event_base_loopbreak(proxy->loop);
		return;
	}
	rm_log_info("stopping http=%ld protobuf=%ld",
	    proxy->counters[RM_HTTP].open, proxy->counters[RM_PB].open);
	rm_timer_stop(&director->beginning);
	proxy->patient = patient;
	director->stop_by = rm_now() + proxy->limits.drain_time;
	end_sessions(director, false);
	look_for_end(director);
}

void
rm_director_stop(struct rm_director *director)
{
	stop(director, false);
}

/* Its sockets are another process's now, which answers on them. */
static void
leave(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	struct rm_director *director = arg;
	rm_admin_free(director->admin);
	director->admin = NULL;
	if (!director->proxy.stopping)
		stop(director, true);
}

static void
begin(struct rm_director *director)
{
	for (int i = 0; i < RM_PROTOCOLS; i++)
		rm_listener_begin(director->proxy.listeners[i]);
	if (director->options.begun != NULL)
		director->options.begun(director->options.arg);
}

/* Whether a client would be served as well as it will be. */
static bool
all_judged(const struct rm_director *director)
{
	const struct rm_node *node;
	if (!rm_directory_complete(director->directory))
		return false;
	TAILQ_FOREACH (node, &director->proxy.nodes->list, entry)
		for (int i = 0; i < RM_PROTOCOLS; i++)
			if (node->endpoints[i].health == RM_UNKNOWN)
				return false;
	return true;
}

static void
look_for_begin(void *arg)
{
	struct rm_director *director = arg;
	if (all_judged(director) || rm_now() > director->begin_by)
		begin(director);
	else
		rm_timer_set(&director->beginning, BEGIN_TICK);
}

/* What was configured through another worker, or this one. */
static void
look_at_board(void *arg)
{
	struct rm_director *director = arg;
	char framework[RM_BOARD_NAME], cluster[RM_BOARD_NAME];
	if (rm_board_configured(director->proxy.board, &director->seen,
		framework, cluster))
		rm_directory_configure(
		    director->directory, framework, cluster);
	if (director->proxy.board->count > 1)
		rm_timer_set(&director->looking, BOARD_TICK);
}

static void
reload(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	struct rm_director *director = arg;
	struct rm_tls *all[] = { director->proxy.client_tls,
		director->proxy.node_tls };
	struct rm_error failed = { 0 };
	if (director->proxy.access != NULL &&
	    rm_access_log_reopen(director->proxy.access, &failed) != 0)
		rm_log_error("going on with the old one: %s", failed.text);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct rm_error err = { 0 };
		if (all[i] != NULL && rm_tls_reload(all[i], &err) != 0)
			rm_log_error("going on with the old one: %s", err.text);
		else if (all[i] != NULL)
			rm_log_info("certificates are read again");
	}
}

static int
open_tls(struct rm_director *director, struct rm_error *err)
{
	const struct rm_director_options *o = &director->options;
	struct rm_proxy *proxy = &director->proxy;
	if (o->client_tls.cert != NULL)
		proxy->client_tls = rm_tls_new(&o->client_tls, err);
	if (o->node_tls && err->code == 0)
		proxy->node_tls = rm_tls_new(&o->node_tls_files, err);
	return err->code == 0 ? 0 : -1;
}

static int
open_admin(struct rm_director *director, struct rm_error *err)
{
	const struct rm_admin_options options = { .proxy = &director->proxy,
		.directory = director->directory,
		.sockets = director->options.sockets,
		.open = director->options.open,
		.configured = look_at_board,
		.arg = director };
	director->admin = rm_admin_new(&options, err);
	return director->admin != NULL ? 0 : -1;
}

static int
open_all(struct rm_director *director, struct rm_error *err)
{
	struct rm_proxy *proxy = &director->proxy;
	const struct rm_director_options *o = &director->options;
	proxy->nodes = rm_nodes_new(proxy);
	if (o->access_log != NULL)
		proxy->access = rm_access_log_new(
		    proxy->loop, o->access_log, err);
	if (err->code != 0 || open_tls(director, err) != 0)
		return -1;
	for (int i = 0; i < RM_PROTOCOLS; i++)
		proxy->listeners[i] = rm_listener_new(proxy,
		    (enum rm_protocol)i, o->sockets, protocols[i].open);
	director->directory = rm_directory_new(
	    proxy->nodes, &o->directory, err);
	if (director->directory == NULL || open_admin(director, err) != 0)
		return -1;
	look_at_board(director);
	director->leave = evsignal_new(proxy->loop, SIGUSR1, leave, director);
	director->reload = evsignal_new(proxy->loop, SIGHUP, reload, director);
	event_add(director->leave, NULL);
	event_add(director->reload, NULL);
	director->begin_by = rm_now() + BEGIN_SECONDS;
	if (o->hold)
		rm_timer_set(&director->beginning, BEGIN_TICK);
	else
		begin(director);
	return 0;
}

struct rm_director *
rm_director_new(struct event_base *loop,
    const struct rm_director_options *options, struct rm_error *err)
{
	struct rm_director *director = rm_alloc(sizeof(*director));
	director->options = *options;
	rm_proxy_init(&director->proxy, loop, &options->limits, options->board,
	    options->row);
	rm_timer_init(&director->stopping, loop, look_for_end, director);
	rm_timer_init(&director->beginning, loop, look_for_begin, director);
	rm_timer_init(&director->looking, loop, look_at_board, director);
	if (open_all(director, err) != 0) {
		rm_director_free(director);
		return NULL;
	}
	return director;
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
	rm_timer_free(&director->beginning);
	rm_timer_free(&director->looking);
	if (director->leave != NULL)
		event_free(director->leave);
	if (director->reload != NULL)
		event_free(director->reload);
	rm_access_log_free(director->proxy.access);
	rm_tls_free(director->proxy.client_tls);
	rm_tls_free(director->proxy.node_tls);
	rm_proxy_free(&director->proxy);
	free(director);
}
