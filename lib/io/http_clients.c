#include "io/http_clients.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/shortage.h"

#define LEAST 8 /* clients, however few descriptors there are */
#define MOST  65536
#define QUIET 60.0 /* seconds from one message to the next */

enum state {
	NEW, /* evhttp has told of him, and of no connection yet */
	WAITING, /* for his request */
	BUSY,
	STATES
};

struct rm_http_client {
	TAILQ_ENTRY(rm_http_client) entry;
	struct rm_http_clients *clients;
	struct bufferevent *bev;
	struct evhttp_connection *connection;
	enum state state;
	double since;
	void (*on_close)(void *arg);
	void *arg;
};

TAILQ_HEAD(list, rm_http_client);

struct rm_http_clients {
	LIST_ENTRY(rm_http_clients) entry;
	struct event_base *loop;
	struct evhttp *http;
	struct rm_tls *tls;
	struct list lists[STATES]; /* the oldest first */
	size_t count, most;
	double patience, told;
	struct event *arrived; /* some are new */
	struct rm_timer sweep;
	struct rm_shortage shortage;
};

/* libevent tells of a listener's errors whose evhttp it is, and no more. */
static LIST_HEAD(, rm_http_clients) all = LIST_HEAD_INITIALIZER(all);

static void
set_sweep(struct rm_http_clients *clients)
{
	struct rm_http_client *first = TAILQ_FIRST(&clients->lists[WAITING]);
	if (first == NULL)
		rm_timer_stop(&clients->sweep);
	else if (!rm_timer_armed(&clients->sweep))
		rm_timer_set(&clients->sweep,
		    first->since + clients->patience - rm_now());
}

static void
move(struct rm_http_client *client, enum state state)
{
	struct rm_http_clients *clients = client->clients;
	TAILQ_REMOVE(&clients->lists[client->state], client, entry);
	client->state = state;
	client->since = rm_now();
	TAILQ_INSERT_TAIL(&clients->lists[state], client, entry);
	set_sweep(clients);
}

static void
forget(struct rm_http_client *client)
{
	TAILQ_REMOVE(&client->clients->lists[client->state], client, entry);
	client->clients->count--;
	free(client);
}

static void
closed(struct evhttp_connection *connection, void *arg)
{
	(void)connection;
	struct rm_http_client *client = arg;
	void (*on_close)(void *) = client->on_close;
	void *on_close_arg = client->arg;
	forget(client);
	if (on_close != NULL)
		on_close(on_close_arg);
}

/* evhttp shows a connection only when its first request is whole; but it is
 * what evhttp has its bufferevent call back with, from when that was made until
 * the connection ends. */
static void
adopt(struct rm_http_clients *clients)
{
	struct rm_http_client *client, *next;
	TAILQ_FOREACH_SAFE (client, &clients->lists[NEW], entry, next) {
		void *connection = NULL;
		bufferevent_getcb(client->bev, NULL, NULL, NULL, &connection);
		if (connection == NULL) {
			forget(client);
			continue;
		}
		client->connection = connection;
		evhttp_connection_set_closecb(connection, closed, client);
		move(client, WAITING);
	}
}

static struct rm_http_client *
oldest(struct rm_http_clients *clients)
{
	adopt(clients);
	return TAILQ_FIRST(&clients->lists[WAITING]);
}

static void
tell(struct rm_http_clients *clients)
{
	double now = rm_now();
	if (clients->told > 0 && now < clients->told + QUIET)
		return;
	clients->told = now;
	rm_log_warn("HTTP: who sends no request makes room clients=%zu",
	    clients->count);
}

/* Until there are no more than so many. Whoever came last goes when all others
 * are being answered. */
static void
make_room(struct rm_http_clients *clients, size_t most)
{
	struct rm_http_client *client;
	if (clients->count > most)
		tell(clients);
	while (clients->count > most && (client = oldest(clients)) != NULL)
		evhttp_connection_free(client->connection);
}

static void
arrived(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	struct rm_http_clients *clients = arg;
	make_room(clients, clients->most);
	adopt(clients);
}

static struct bufferevent *
secure(struct event_base *loop, struct rm_tls *tls)
{
	SSL *ssl = rm_tls_accept(tls);
	if (ssl == NULL)
		return NULL;
	struct bufferevent *bev = bufferevent_openssl_socket_new(
	    loop, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	/* What ends a message is HTTP's to tell. */
	if (bev != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	else
		rm_tls_close(ssl);
	return bev;
}

static struct bufferevent *
arrive(struct event_base *loop, void *arg)
{
	struct rm_http_clients *clients = arg;
	struct bufferevent *bev = clients->tls != NULL
				      ? secure(loop, clients->tls)
				      : bufferevent_socket_new(loop, -1, 0);
	if (bev == NULL)
		return NULL;
	struct rm_http_client *client = rm_alloc(sizeof(*client));
	client->clients = clients;
	client->bev = bev;
	client->state = NEW;
	TAILQ_INSERT_TAIL(&clients->lists[NEW], client, entry);
	clients->count++;
	/* It runs before anything can come from him. */
	event_active(clients->arrived, EV_TIMEOUT, 0);
	return bev;
}

static void
sweep(void *arg)
{
	struct rm_http_clients *clients = arg;
	struct rm_http_client *client;
	while ((client = oldest(clients)) != NULL &&
	       client->since + clients->patience <= rm_now())
		evhttp_connection_free(client->connection);
	set_sweep(clients);
}

static void
turn_listener(struct evhttp_bound_socket *socket, void *arg)
{
	struct evconnlistener *listener = evhttp_bound_socket_get_listener(
	    socket);
	if (*(bool *)arg)
		evconnlistener_enable(listener);
	else
		evconnlistener_disable(listener);
}

static void
turn(struct rm_http_clients *clients, bool on)
{
	evhttp_foreach_bound_socket(clients->http, turn_listener, &on);
}

static void
take_again(void *arg)
{
	turn(arg, true);
}

/* Out of descriptors, most likely. */
static void
not_accepted(struct evconnlistener *listener, void *http)
{
	struct rm_http_clients *clients;
	int why = errno;
	LIST_FOREACH (clients, &all, entry)
		if (clients->http == http)
			break;
	if (clients == NULL ||
	    !rm_shortage_is(evconnlistener_get_fd(listener), why))
		return;
	make_room(clients, clients->count / 4 * 3);
	turn(clients, false);
	rm_shortage_begin(&clients->shortage, why);
}

static size_t
most_clients(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > MOST)
		return MOST;
	size_t most = (size_t)files.rlim_cur / 4 * 3;
	return most > LEAST ? most : LEAST;
}

struct rm_http_clients *
rm_http_clients_new(struct event_base *loop, struct evhttp *http)
{
	struct rm_http_clients *clients = rm_alloc(sizeof(*clients));
	clients->loop = loop;
	clients->http = http;
	clients->most = most_clients();
	for (int i = 0; i < STATES; i++)
		TAILQ_INIT(&clients->lists[i]);
	clients->arrived = event_new(loop, -1, 0, arrived, clients);
	rm_timer_init(&clients->sweep, loop, sweep, clients);
	rm_shortage_init(&clients->shortage, loop, take_again, clients);
	LIST_INSERT_HEAD(&all, clients, entry);
	evhttp_set_bevcb(http, arrive, clients);
	return clients;
}

void
rm_http_clients_free(struct rm_http_clients *clients)
{
	struct rm_http_client *client, *next;
	adopt(clients);
	for (int i = 0; i < STATES; i++)
		TAILQ_FOREACH_SAFE (client, &clients->lists[i], entry, next) {
			evhttp_connection_set_closecb(
			    client->connection, NULL, NULL);
			forget(client);
		}
	LIST_REMOVE(clients, entry);
	rm_timer_free(&clients->sweep);
	rm_shortage_free(&clients->shortage);
	event_free(clients->arrived);
	free(clients);
}

void
rm_http_clients_patience(struct rm_http_clients *clients, double seconds)
{
	clients->patience = seconds;
}

void
rm_http_clients_tls(struct rm_http_clients *clients, struct rm_tls *tls)
{
	clients->tls = tls;
}

int
rm_http_clients_accept(struct rm_http_clients *clients, int fd)
{
	struct evhttp_bound_socket *socket = evhttp_accept_socket_with_handle(
	    clients->http, fd);
	if (socket == NULL)
		return -1;
	evconnlistener_set_error_cb(
	    evhttp_bound_socket_get_listener(socket), not_accepted);
	return 0;
}

static void
answered(struct evhttp_request *request, void *arg)
{
	(void)request;
	move(arg, WAITING);
}

struct rm_http_client *
rm_http_clients_busy(
    struct rm_http_clients *clients, struct evhttp_request *request)
{
	struct rm_http_client *client;
	struct evhttp_connection *connection = evhttp_request_get_connection(
	    request);
	adopt(clients);
	TAILQ_FOREACH (client, &clients->lists[WAITING], entry)
		if (client->connection == connection)
			break;
	if (client == NULL)
		return NULL;
	move(client, BUSY);
	evhttp_request_set_on_complete_cb(request, answered, client);
	return client;
}

void
rm_http_client_on_close(
    struct rm_http_client *client, void (*on_close)(void *arg), void *arg)
{
	client->on_close = on_close;
	client->arg = arg;
}
