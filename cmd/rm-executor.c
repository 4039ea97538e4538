/*
 * rm-executor(8): runs one Riak node as a task of Mesos. The agent starts it;
 * what the agent wants goes to the node, what the node tells goes back.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/option.h"
#include "base/str.h"
#include "executor/agent.h"
#include "executor/environment.h"
#include "executor/node.h"
#include "executor/task.h"
#include "io/loop.h"

#define ACKNOWLEDGE_LIMIT 60.0 /* for the last update */
/* For the same, told to go: an agent that shuts down a whole framework drops
 * what its executors still say. */
#define LAST_WAIT 3.0

struct options {
	const char *cepmd, *ebin, *zk_auth_file;
};

#define AT(field) offsetof(struct options, field)

static const struct rm_option option_table[] = {
	{ RM_OPTION_TEXT, "cepmd", 0, "PATH", NULL, NULL, NULL,
	    "rm-cepmd to start [beside this program]", AT(cepmd), false },
	{ RM_OPTION_TEXT, "ebin", 0, "DIR", NULL, NULL, NULL,
	    "folder of rm_epmd.beam [../ebin from this program]", AT(ebin),
	    false },
	{ RM_OPTION_TEXT, "zk-auth-file", 0, "FILE", "RIAK_MESOS_ZK_AUTH_FILE",
	    NULL, NULL, "user:password for ZooKeeper", AT(zk_auth_file),
	    false },
	RM_OPTIONS_END,
};
#undef AT

struct executor {
	struct event_base *loop;
	struct rm_http *http;
	struct rm_environment env;
	struct rm_agent *agent;
	char *cepmd, *ebin;
	const char *zk_auth_file;

	struct rm_task task; /* id NULL: none yet */
	struct rm_node *node;
	bool ended; /* the terminal update was given */
	bool lost; /* no agent to tell anything to */
	bool shutdown; /* the agent wants no more of us */
	struct rm_timer last; /* for the terminal update */
};

static void
leave(void *arg)
{
	struct executor *x = arg;
	event_base_loopbreak(x->loop);
}

/* The last update was not acknowledged in time. */
static void
give_up(void *arg)
{
	struct executor *x = arg;
	rm_log_error("the agent does not acknowledge the last update");
	x->lost = true;
	leave(x);
}

static void
update(void *arg, const struct rm_status *status)
{
	struct executor *x = arg;
	struct rm_status whole = *status;
	if (whole.task_id == NULL)
		whole.task_id = x->task.id;
	rm_agent_update(x->agent, &whole);
}

static void
node_ended(void *arg)
{
	struct executor *x = arg;
	x->ended = true;
	if (x->lost)
		leave(x);
	else
		rm_timer_set(
		    &x->last, x->shutdown ? LAST_WAIT : ACKNOWLEDGE_LIMIT);
}

static void
agent_settled(void *arg)
{
	struct executor *x = arg;
	if (x->ended)
		leave(x);
}

static void
begin_node(struct executor *x)
{
	const struct rm_node_options options = { .loop = x->loop,
		.http = x->http,
		.task = &x->task,
		.sandbox = x->env.sandbox,
		.cepmd = x->cepmd,
		.ebin = x->ebin,
		.zk_auth_file = x->zk_auth_file,
		.update = update,
		.ended = node_ended,
		.arg = x };
	x->node = rm_node_new(&options);
}

static void
agent_launch(void *arg, jv info)
{
	struct executor *x = arg;
	struct rm_error err = { 0 };
	const char *id = rm_json_path_text(info, "task_id.value");
	if (x->task.id != NULL) {
		if (id != NULL && strcmp(id, x->task.id) != 0)
			update(
			    x, &(struct rm_status){ .task_id = id,
				   .state = "TASK_FAILED",
				   .message = "this executor has its task" });
		return;
	}
	int rc = rm_task_parse(&x->task, info, &err);
	if (x->task.id == NULL) {
		rm_log_error("%s", err.text);
		return;
	}
	if (rc == 0) {
		update(x, &(struct rm_status){ .state = "TASK_STARTING" });
		begin_node(x);
		return;
	}
	update(x,
	    &(struct rm_status){ .state = "TASK_FAILED", .message = err.text });
	node_ended(x);
}

static void
agent_kill(void *arg, const char *task_id, double grace)
{
	struct executor *x = arg;
	if (x->node == NULL || x->ended || strcmp(task_id, x->task.id) != 0) {
		rm_log_warn("no such task to kill task=%s", task_id);
		return;
	}
	if (grace < 0)
		grace = x->task.kill_grace;
	if (!rm_node_is_ending(x->node) && rm_agent_knows_killing(x->agent))
		update(x, &(struct rm_status){ .state = "TASK_KILLING" });
	rm_node_stop(x->node, "killed as asked", grace);
}

/* The agent kills what is left after the grace: the last update has to be
 * out before. */
static double
shutdown_grace(const struct executor *x)
{
	double margin = x->env.shutdown_grace / 5;
	return x->env.shutdown_grace - (margin < 2 ? margin : 2);
}

static void
shut_down(struct executor *x, const char *why)
{
	rm_log_info("shutting down why=\"%s\"", why);
	if (x->task.id == NULL)
		leave(x);
	else if (x->ended)
		rm_timer_set(&x->last, LAST_WAIT);
	else
		rm_node_stop(x->node, why, shutdown_grace(x));
}

static void
agent_shutdown(void *arg)
{
	struct executor *x = arg;
	x->shutdown = true;
	shut_down(x, "shutdown");
}

static void
told_to_stop(void *arg)
{
	shut_down(arg, "the executor was told to stop by a signal");
}

static void
agent_lost(void *arg, const char *why)
{
	struct executor *x = arg;
	rm_log_error("the agent is gone: %s", why);
	x->lost = true;
	if (x->node == NULL || x->ended)
		leave(x);
	else
		rm_node_stop(x->node, why, x->task.kill_grace);
}

/* Our other programs lie beside this one. */
static int
find_siblings(struct executor *x, const struct options *o, struct rm_error *err)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return rm_error_set(
		    err, RM_EXIT_OUTSIDE, "can't read /proc/self/exe");
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	x->cepmd = o->cepmd != NULL ? rm_strdup(o->cepmd)
				    : rm_format("%s/rm-cepmd", self);
	*strrchr(self, '/') = '\0';
	x->ebin = o->ebin != NULL ? rm_strdup(o->ebin)
				  : rm_format("%s/ebin", self);
	x->zk_auth_file = o->zk_auth_file;
	if (access(x->cepmd, X_OK) != 0)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "%s can't be run", x->cepmd);
	char *beam = rm_format("%s/rm_epmd.beam", x->ebin);
	int rc = access(beam, R_OK);
	if (rc != 0)
		rm_error_set(err, RM_EXIT_USAGE, "%s can't be read", beam);
	free(beam);
	return rc;
}

static int
open_executor(struct executor *x, const struct options *o, struct rm_error *err)
{
	const struct rm_agent_events events = { agent_launch, agent_kill,
		agent_shutdown, agent_settled, agent_lost, x };
	if (rm_environment_read(&x->env, err) != 0 ||
	    find_siblings(x, o, err) != 0)
		return -1;
	x->loop = rm_loop_new(false, err);
	if (x->loop == NULL ||
	    rm_loop_on_stop(x->loop, told_to_stop, x, err) != 0)
		return -1;
	x->http = rm_http_new(x->loop, err);
	if (x->http == NULL)
		return -1;
	rm_timer_init(&x->last, x->loop, give_up, x);
	x->agent = rm_agent_new(x->loop, x->http, &x->env, &events);
	return 0;
}

static void
close_executor(struct executor *x)
{
	rm_node_free(x->node);
	rm_agent_free(x->agent);
	rm_timer_free(&x->last);
	rm_http_free(x->http);
	rm_task_free(&x->task);
	rm_environment_free(&x->env);
	free(x->cepmd);
	free(x->ebin);
}

/* What Riak asks for; Erlang sizes its tables by the limit, so no more. */
#define DESCRIPTORS 262144

/* Riak has a descriptor for each file and client, and agents often give the
 * shell's 1024. Cores are left as the agent has them. */
static void
raise_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur >= DESCRIPTORS)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max
						      : DESCRIPTORS;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		rm_log_warn("can't raise the limit of descriptors: %s",
		    strerror(errno));
}

static int
run(void *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	struct executor x = { 0 };
	struct rm_error err = { 0 };
	int code = RM_EXIT_OK;
	/* riak.conf and what Riak makes of it hold the cookie. */
	umask(077);
	raise_limit();
	if (open_executor(&x, options, &err) != 0) {
		rm_log_error("%s", err.text);
		code = err.code;
	} else {
		malloc_trim(0);
		event_base_dispatch(x.loop);
		code = x.lost ? RM_EXIT_OUTSIDE : RM_EXIT_OK;
	}
	close_executor(&x);
	return code;
}

int
main(int argc, char **argv)
{
	static const struct rm_command commands[] = {
		{ NULL, NULL, NULL, option_table, 0, 0, run },
		{ 0 },
	};
	static const int exits[] = { RM_EXIT_OK, RM_EXIT_USAGE, RM_EXIT_BUG,
		RM_EXIT_OUTSIDE, -1 };
	static const struct rm_program program = {
		.name = "rm-executor",
		.summary = "run a Riak node as a task of Mesos",
		.commands = commands,
		.options_size = sizeof(struct options),
		.exits = exits,
	};
	return rm_program_main(&program, argc, argv);
}
