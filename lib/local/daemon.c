#include "local/daemon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "local/agent.h"
#include "local/allocator.h"
#include "local/announce.h"
#include "local/credentials.h"
#include "local/dry.h"
#include "local/executor.h"
#include "local/executor_api.h"
#include "local/fault.h"
#include "local/framework.h"
#include "local/life.h"
#include "local/operator_api.h"
#include "local/run.h"
#include "local/scheduler_api.h"
#include "local/spec.h"
#include "local/store.h"
#include "local/volume.h"

#define TICK_SECONDS 0.05
/* Executors that were asked to end get so long, at most. */
#define STOP_SECONDS 5

static const struct rm_route master_routes[] = {
	{ "POST", "/api/v1/scheduler", rm_local_serve_scheduler },
	{ "POST", "/master/api/v1/scheduler", rm_local_serve_scheduler },
	{ "POST", "/api/v1", rm_local_serve_operator },
	{ "POST", "/master/api/v1", rm_local_serve_operator },
	{ "POST", "/teardown", rm_local_serve_teardown },
	{ "POST", "/master/teardown", rm_local_serve_teardown },
	{ "GET", "/state", rm_local_serve_master_page },
	{ "GET", "/master/state", rm_local_serve_master_page },
	{ "GET", "/redirect", rm_local_serve_redirect },
	{ "GET", "/master/redirect", rm_local_serve_redirect },
	{ "GET", "/health", rm_local_serve_health },
	{ "GET", "/master/health", rm_local_serve_health },
	{ "POST", "/local/fault/:verb", rm_local_serve_fault },
	{ NULL },
};

static const struct rm_route agent_routes[] = {
	{ "POST", "/api/v1/executor", rm_local_serve_executor },
	{ "POST", "/slave(1)/api/v1/executor", rm_local_serve_executor },
	{ "GET", "/state", rm_local_serve_agent_page },
	{ "GET", "/slave(1)/state", rm_local_serve_agent_page },
	{ "GET", "/health", rm_local_serve_health },
	{ "GET", "/slave(1)/health", rm_local_serve_health },
	{ NULL },
};

void
rm_local_daemon_enter(struct rm_local_daemon *daemon)
{
	daemon->local.now = rm_now();
	daemon->local.wall = rm_wall();
}

static void
give_up(struct rm_local_daemon *daemon, const struct rm_error *err)
{
	rm_log_error("%s", err->text);
	daemon->code = err->code;
	event_base_loopbreak(daemon->loop);
}

void
rm_local_daemon_settle(struct rm_local_daemon *daemon)
{
	struct rm_error err = { 0 };
	if (daemon->dry != NULL)
		return;
	if (rm_local_store_save(&daemon->local, daemon->state, &err) == 0)
		rm_local_run_go(&daemon->local);
	else
		give_up(daemon, &err);
}

static void
run_settled(void *arg)
{
	rm_local_daemon_settle(arg);
}

static bool
executors_left(const struct rm_local *local)
{
	for (size_t i = 0; i < local->agent_count; i++) {
		const struct rm_local_executor *executor;
		TAILQ_FOREACH (executor, &local->agents[i]->executors, entry)
			if (!rm_local_run_over(executor))
				return true;
	}
	return false;
}

static void
tick(void *arg)
{
	struct rm_local_daemon *daemon = arg;
	rm_timer_set(&daemon->tick, TICK_SECONDS);
	rm_local_now(&daemon->local, rm_now(), rm_wall());
	rm_local_daemon_settle(daemon);
	if (daemon->stopping && !executors_left(&daemon->local))
		event_base_loopbreak(daemon->loop);
}

static void
allocate(void *arg)
{
	struct rm_local_daemon *daemon = arg;
	rm_timer_set(&daemon->allocation, daemon->allocation_interval);
	rm_local_daemon_enter(daemon);
	rm_local_allocate_inverse(&daemon->local);
	rm_local_allocate(&daemon->local, NULL);
	rm_local_daemon_settle(daemon);
}

static void
each_executor(
    struct rm_local *local, void (*each)(struct rm_local_executor *executor))
{
	for (size_t i = 0; i < local->agent_count; i++) {
		struct rm_local_executor *executor, *next;
		executor = TAILQ_FIRST(&local->agents[i]->executors);
		for (; executor != NULL; executor = next) {
			next = TAILQ_NEXT(executor, entry);
			each(executor);
		}
	}
}

static void
destroy(struct rm_local_executor *executor)
{
	rm_local_run_destroy(executor);
}

static void
last_call(void *arg)
{
	struct rm_local_daemon *daemon = arg;
	each_executor(&daemon->local, destroy);
	rm_timer_set(&daemon->last, 1);
}

/* Executors would run on for 15 minutes, with nobody to talk to. */
static void
stop(void *arg)
{
	struct rm_local_daemon *daemon = arg;
	if (daemon->local.settings.keep_executors ||
	    !executors_left(&daemon->local)) {
		event_base_loopbreak(daemon->loop);
	} else if (daemon->stopping) {
		last_call(daemon);
	} else {
		rm_log_info("stopping executors");
		daemon->stopping = true;
		rm_local_daemon_enter(daemon);
		each_executor(&daemon->local, rm_local_executor_shutdown);
		rm_local_daemon_settle(daemon);
		rm_timer_set(&daemon->last, STOP_SECONDS);
	}
}

static struct rm_local_site *
site_of(struct rm_local_agent *agent)
{
	struct rm_local_daemon *daemon = agent->local->user;
	return &daemon->sites[agent->number - 1];
}

static void
agent_up(struct rm_local_agent *agent)
{
	struct rm_local_site *site = site_of(agent);
	struct rm_error err = { 0 };
	rm_local_run_agent_up(agent);
	site->server = rm_server_new(
	    site->daemon->loop, agent_routes, site, &err);
	if (site->server != NULL)
		agent->port = rm_server_listen(
		    site->server, agent->address, agent->port, &err);
	if (site->server == NULL || agent->port < 0)
		give_up(site->daemon, &err);
}

static void
agent_down(struct rm_local_agent *agent)
{
	struct rm_local_site *site = site_of(agent);
	rm_server_free(site->server);
	site->server = NULL;
}

static void
failed_over(struct rm_local *local)
{
	struct rm_local_daemon *daemon = local->user;
	rm_local_announce_again(daemon->announce);
}

static const struct rm_local_hooks hooks = {
	.launch = rm_local_run_launch,
	.destroy = rm_local_run_destroy,
	.release = rm_local_run_free,
	.find_pid = rm_local_run_find_pid,
	.create_volume = rm_local_volume_create,
	.destroy_volume = rm_local_volume_destroy,
	.agent_up = agent_up,
	.agent_down = agent_down,
	.failed_over = failed_over,
};

/* Nobody asks at the addresses of agents without processes. */
static void
dry_agent_up(struct rm_local_agent *agent)
{
	if (agent->port == 0)
		agent->port = 1;
}

static const struct rm_local_hooks dry_hooks = {
	.launch = rm_local_dry_launch,
	.destroy = rm_local_dry_destroy,
	.release = rm_local_dry_release,
	.agent_up = dry_agent_up,
};

static void
dry_enter(void *arg)
{
	rm_local_daemon_enter(arg);
}

static const char *
turn(const char *const *items, size_t count, size_t i, const char *fallback)
{
	return count == 0 ? fallback : items[i < count ? i : count - 1];
}

/* Of an agent that names no ports: a thousand of its own, less when there are
 * many agents. */
static jv
with_ports(jv resources, size_t i, size_t agents)
{
	bool named = false;
	jv_array_foreach (resources, k, one) {
		named = named ||
			strcmp(rm_json_text(one, "name", ""), "ports") == 0;
		jv_free(one);
	}
	if (named)
		return resources;
	size_t width = agents * 1000 > 30000 ? 30000 / agents : 1000;
	size_t begin = 31000 + i * width;
	struct rm_ranges ports = { 0 };
	rm_ranges_add(&ports, begin, begin + width - 1);
	jv one = JV_OBJECT(jv_string("name"), jv_string("ports"),
	    jv_string("type"), jv_string("RANGES"), jv_string("ranges"),
	    rm_ranges_json(&ports));
	rm_ranges_free(&ports);
	return jv_array_append(resources, one);
}

/* What was given, else 127.0.0.1 and its neighbours; any other address has all
 * agents. */
static void
place(struct rm_local_agent *agent, const struct rm_local_daemon_options *o)
{
	struct in_addr first = { 0 };
	unsigned i = agent->number - 1;
	bool given = i < o->address_count;
	agent->port = (int)o->agent_port;
	snprintf(agent->address, sizeof(agent->address), "%s",
	    given ? o->addresses[i] : o->address);
	if (given)
		return;
	if (inet_pton(AF_INET, o->address, &first) == 1 &&
	    ntohl(first.s_addr) >> 24 == IN_LOOPBACKNET) {
		first.s_addr = htonl(ntohl(first.s_addr) + i);
		inet_ntop(
		    AF_INET, &first, agent->address, sizeof(agent->address));
	} else if (agent->port > 0) {
		agent->port += (int)i;
	}
}

static int
make_agent(struct rm_local_daemon *daemon,
    const struct rm_local_daemon_options *o, size_t i, struct rm_error *err)
{
	jv resources = jv_invalid(), attributes = jv_invalid();
	jv domain = jv_invalid();
	unsigned number = (unsigned)i + 1;
	char *spec = rm_spec_numbered(turn(o->resources, o->resource_count, i,
					  "cpus:4;mem:8192;disk:20000"),
	    number);
	char *words = rm_spec_numbered(
	    turn(o->attributes, o->attribute_count, i, ""), number);
	const char *where = turn(o->domains, o->domain_count, i, NULL);
	struct rm_local_agent *agent = NULL;
	if (rm_spec_resources(spec, &resources, err) == 0 &&
	    rm_spec_attributes(words, &attributes, err) == 0 &&
	    (where == NULL || rm_spec_domain(where, &domain, err) == 0)) {
		agent = rm_local_agent_new(&daemon->local, spec,
		    with_ports(resources, i, (size_t)o->agents), attributes,
		    domain, err);
	} else {
		jv_free(resources);
		jv_free(attributes);
	}
	free(words);
	free(spec);
	if (agent == NULL)
		return -1;
	agent->work_dir = rm_format("%s/agent-%u", daemon->work_dir, number);
	place(agent, o);
	daemon->sites[i] = (struct rm_local_site){ daemon, agent, NULL };
	return o->dry ? 0 : rm_local_make_directories(agent->work_dir, err);
}

/* One rm-local a directory. */
static int
take_directory(struct rm_local_daemon *daemon,
    const struct rm_local_daemon_options *o, struct rm_error *err)
{
	if (rm_local_make_directories(o->work_dir, err) != 0)
		return -1;
	daemon->work_dir = realpath(o->work_dir, NULL);
	char *path = rm_format("%s/lock", daemon->work_dir);
	daemon->state = rm_format("%s/state.json", daemon->work_dir);
	daemon->lock = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int rc = 0;
	if (daemon->lock < 0)
		rc = rm_error_set(
		    err, RM_EXIT_OUTSIDE, "%s: %s", path, strerror(errno));
	else if (flock(daemon->lock, LOCK_EX | LOCK_NB) != 0)
		rc = rm_error_set(err, RM_EXIT_CONFLICT,
		    "%s: another rm-local works here", daemon->work_dir);
	free(path);
	return rc;
}

/* The agents of the state file, and those that are new. */
static int
start_agents(struct rm_local_daemon *daemon, struct rm_error *err)
{
	struct rm_local *local = &daemon->local;
	if (daemon->dry == NULL)
		each_executor(local, rm_local_run_adopt);
	for (size_t i = 0; i < local->agent_count; i++) {
		struct rm_local_agent *agent = local->agents[i];
		bool was_up = agent->up || agent->id == NULL;
		agent->up = false;
		if (was_up &&
		    rm_local_agent_start(agent, RM_START_AGAIN, err) != 0)
			return -1;
		/* Port 0: the first one's is everybody's. */
		for (size_t k = i + 1; k < local->agent_count; k++)
			if (local->agents[k]->port == 0)
				local->agents[k]->port = agent->port;
	}
	return daemon->code;
}

static int
start(struct rm_local_daemon *daemon, const struct rm_local_daemon_options *o,
    struct rm_error *err)
{
	struct rm_local *local = &daemon->local;
	if (take_directory(daemon, o, err) != 0 ||
	    (o->credentials != NULL && rm_local_credentials_read(o->credentials,
					   &daemon->credentials, err) != 0))
		return -1;
	daemon->loop = rm_loop_new(false, err);
	if (daemon->loop == NULL)
		return -1;
	rm_local_run_init(daemon->loop, run_settled, daemon);
	if (o->dry) {
		daemon->dry = rm_local_dry_new(
		    daemon->loop, dry_enter, run_settled, daemon);
		local->hooks = dry_hooks;
	}
	rm_local_daemon_enter(daemon);
	local->started = local->elected = local->wall;
	for (size_t i = 0; i < (size_t)o->agents; i++)
		if (make_agent(daemon, o, i, err) != 0)
			return -1;
	if (!o->dry && rm_local_store_load(local, daemon->state, err) != 0)
		return -1;
	daemon->server = rm_server_new(
	    daemon->loop, master_routes, daemon, err);
	if (daemon->server == NULL)
		return -1;
	local->port = rm_server_listen(
	    daemon->server, o->address, (int)o->port, err);
	return local->port < 0 ? -1 : start_agents(daemon, err);
}

static int
write_ports(const char *path, const struct rm_local *local, int agent_port)
{
	FILE *out = fopen(path, "we");
	if (out == NULL)
		return -1;
	bool good = fprintf(out, "master=%s:%d\nagent_port=%d\n",
			local->address, local->port, agent_port) > 0;
	return fclose(out) == 0 && good ? 0 : -1;
}

static int
say_ready(const struct rm_local_daemon *daemon, struct rm_error *err)
{
	const struct rm_local_daemon_options *o = daemon->options;
	const struct rm_local *local = &daemon->local;
	int port = local->agents[0]->port;
	if (o->port_file != NULL &&
	    write_ports(o->port_file, local, port) != 0)
		return rm_error_set(err, RM_EXIT_USAGE, "%s: %s", o->port_file,
		    strerror(errno));
	printf("rm-local: ready master=%s:%d agents=%zu agent-port=%d "
	       "work-dir=%s (a stand-in for Mesos, for trials and tests)\n",
	    local->address, local->port, local->agent_count, port,
	    daemon->work_dir);
	if (fflush(stdout) != 0)
		return rm_error_set(err, RM_EXIT_OUTSIDE, "standard output: %s",
		    strerror(errno));
	return 0;
}

void
rm_local_daemon_ready(struct rm_local_daemon *daemon)
{
	struct rm_error err = { 0 };
	if (daemon->ready)
		return;
	daemon->ready = true;
	if (say_ready(daemon, &err) != 0)
		give_up(daemon, &err);
}

static int
serve(struct rm_local_daemon *daemon, const struct rm_local_daemon_options *o,
    struct rm_error *err)
{
	if (o->zk != NULL) {
		daemon->announce = rm_local_announce_new(daemon, o->zk, err);
		if (daemon->announce == NULL)
			return -1;
	}
	if (rm_loop_on_stop(daemon->loop, stop, daemon, err) != 0)
		return -1;
	rm_timer_init(&daemon->tick, daemon->loop, tick, daemon);
	rm_timer_init(&daemon->allocation, daemon->loop, allocate, daemon);
	rm_timer_init(&daemon->last, daemon->loop, last_call, daemon);
	rm_timer_set(&daemon->tick, TICK_SECONDS);
	rm_timer_set(&daemon->allocation, daemon->allocation_interval);
	rm_local_daemon_settle(daemon);
	/* With ZooKeeper that is when there is a leader. */
	if (daemon->announce == NULL)
		rm_local_daemon_ready(daemon);
	if (daemon->code == 0)
		event_base_dispatch(daemon->loop);
	return 0;
}

static void
clean_up(struct rm_local_daemon *daemon)
{
	struct rm_local_framework *f;
	TAILQ_FOREACH (f, &daemon->local.frameworks, entry)
		rm_local_framework_cut(f);
	each_executor(&daemon->local, rm_local_executor_cut);
	for (size_t i = 0; i < daemon->local.agent_count; i++)
		agent_down(daemon->local.agents[i]);
	rm_local_announce_free(daemon->announce);
	rm_server_free(daemon->server);
	rm_timer_free(&daemon->tick);
	rm_timer_free(&daemon->allocation);
	rm_timer_free(&daemon->last);
	rm_local_free(&daemon->local);
	rm_local_dry_free(daemon->dry);
	if (daemon->loop != NULL)
		event_base_free(daemon->loop);
	if (daemon->lock >= 0)
		close(daemon->lock);
	jv_free(daemon->credentials);
	free(daemon->sites);
	free(daemon->state);
	free(daemon->work_dir);
}

int
rm_local_daemon_run(const struct rm_local_daemon_options *options)
{
	struct rm_local_daemon daemon = { .lock = -1,
		.options = options,
		.allocation_interval = options->allocation_interval };
	struct rm_error err = { 0 };
	daemon.credentials = jv_invalid();
	daemon.sites = rm_alloc(
	    (size_t)options->agents * sizeof(*daemon.sites));
	rm_local_init(&daemon.local, &options->settings);
	daemon.local.hooks = hooks;
	daemon.local.user = &daemon;
	snprintf(daemon.local.address, sizeof(daemon.local.address), "%s",
	    options->address);
	if (start(&daemon, options, &err) != 0 ||
	    serve(&daemon, options, &err) != 0) {
		if (err.code != 0) {
			rm_log_error("%s", err.text);
			daemon.code = err.code;
		}
	}
	clean_up(&daemon);
	return daemon.code;
}
