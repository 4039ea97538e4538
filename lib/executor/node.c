#include "executor/node.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/log.h"
#include "executor/config.h"
#include "executor/health.h"
#include "executor/mapper.h"
#include "executor/orders.h"
#include "executor/package.h"
#include "executor/ports.h"
#include "executor/questions.h"
#include "executor/queue.h"
#include "executor/records.h"
#include "executor/riak.h"
#include "executor/ring.h"
#include "executor/standing.h"
#include "executor/templates.h"
#include "executor/volume.h"
#include "io/loop.h"
#include "io/process.h"
#include "state/config_digest.h"

#define DRAIN          1.0 /* seconds, for clients to go elsewhere */
#define LOCK_EVERY     0.2
#define PORTS_EVERY    0.2
#define PORTS_PATIENCE 5.0 /* one that has just ended may hold them */
#define GENERATE_LIMIT 60.0
#define SERVICE_AGAIN  0.1

enum step {
	VOLUME,
	PORTS,
	TEMPLATES,
	CONFIGURE,
	MAPPER,
	PING,
	SERVICE,
	RUNNING,
	DRAINING,
	STOPPING,
	MAPPER_END,
	ENDED,
};

struct rm_node {
	struct rm_node_options options;
	const struct rm_task_data *data; /* the task's */
	enum step step;
	double began;
	struct rm_timer again; /* the step once more */
	struct rm_timer limit; /* of the start */
	struct rm_error trouble; /* why a step still waits */

	const char *verdict; /* the terminal state, NULL: none yet */
	char *message;
	double grace; /* for Riak to stop */

	struct rm_package package;
	struct rm_volume volume;
	struct rm_zk *zk;
	struct rm_templates *templates;
	jv cluster; /* its record; invalid once it was used */
	struct rm_records *records;
	struct rm_command *command;
	struct rm_mapper *mapper;
	struct rm_riak *riak;
	struct rm_health *health;
	struct rm_ring *ring;
	struct rm_questions *questions;
	/* While it runs: */
	struct rm_queue *queue;
	struct rm_standing *standing;
	struct rm_orders *orders;
};

static void go(struct rm_node *node, enum step step);

/* The first verdict stays. */
static void __attribute__((format(printf, 3, 4)))
end_with(struct rm_node *node, const char *state, const char *fmt, ...)
{
	if (node->verdict != NULL)
		return;
	va_list ap;
	va_start(ap, fmt);
	node->verdict = state;
	if (vasprintf(&node->message, fmt, ap) < 0)
		node->message = NULL;
	va_end(ap);
}

static void
fail(struct rm_node *node, const struct rm_error *err)
{
	end_with(node, "TASK_FAILED", "%s", err->text);
	go(node, STOPPING);
}

static double
time_left(const struct rm_node *node)
{
	return node->began + node->data->start_limit - rm_now();
}

static void
session(void *arg, enum rm_zk_session state)
{
	struct rm_node *node = arg;
	static const char *const words[] = { [RM_ZK_CONNECTED] = "connected",
		[RM_ZK_SUSPENDED] = "suspended",
		[RM_ZK_RENEWED] = "renewed" };
	rm_log_info("ZooKeeper session=%s", words[state]);
	if (node->records != NULL)
		rm_records_session(node->records, state);
	if (node->orders != NULL)
		rm_orders_session(node->orders, state);
}

/* Once: what the step needs to begin. */
static int
open_all(struct rm_node *node, struct rm_error *err)
{
	const struct rm_task_data *data = node->data;
	const struct rm_zk_options options = { .hosts = data->zookeepers,
		.auth_file = node->options.zk_auth_file,
		.auth = *data->zk_auth != '\0' ? data->zk_auth : NULL,
		.on_session = session,
		.arg = node };
	node->zk = rm_zk_open(node->options.loop, &options, err);
	if (node->zk == NULL ||
	    rm_package_open(&node->package, node->options.sandbox,
		data->container_path, err) != 0)
		return -1;
	return rm_volume_open(&node->volume, node->options.sandbox,
	    data->container_path, node->package.root, data->data_dir, err);
}

static void
enter_volume(struct rm_node *node)
{
	struct rm_error err = { 0 };
	if (node->zk == NULL && open_all(node, &err) != 0) {
		fail(node, &err);
		return;
	}
	int locked = rm_volume_lock(&node->volume, &err);
	if (locked > 0) {
		go(node, PORTS);
	} else if (locked < 0) {
		fail(node, &err);
	} else {
		if (node->trouble.text[0] == '\0')
			rm_log_warn("waiting for an earlier Riak to let go of "
				    "the volume");
		rm_error_set(&node->trouble, 0, "an earlier Riak still has it");
		rm_timer_set(&node->again, LOCK_EVERY);
	}
}

static void
enter_ports(struct rm_node *node)
{
	struct rm_error err = { 0 };
	if (rm_ports_check(node->data, &err) == 0)
		go(node, TEMPLATES);
	else if (rm_now() - node->began > PORTS_PATIENCE)
		fail(node, &err);
	else
		rm_timer_set(&node->again, PORTS_EVERY);
}

static void
got_cluster(void *arg, jv cluster)
{
	struct rm_node *node = arg;
	if (node->step != TEMPLATES) {
		jv_free(cluster);
		return;
	}
	node->cluster = cluster;
	go(node, CONFIGURE);
}

/* From here on whoever asks is told why nobody answers. */
static void
enter_templates(struct rm_node *node)
{
	struct rm_error err = { 0 };
	node->questions = rm_questions_new(node->options.loop,
	    node->options.task, node->package.root, node->options.sandbox,
	    &err);
	if (node->questions == NULL) {
		fail(node, &err);
		return;
	}
	node->templates = rm_templates_fetch(
	    node->options.loop, node->zk, node->data, got_cluster, node);
}

static void
log_overrides(const char *diff)
{
	while (*diff != '\0') {
		size_t len = strcspn(diff, "\n");
		rm_log_info(
		    "riak.conf: ours instead, line %.*s", (int)len, diff);
		diff += len + (diff[len] == '\n');
	}
}

static void
generated(void *arg, bool ok, const char *output)
{
	struct rm_node *node = arg;
	struct rm_error err = { 0 };
	const struct rm_config config = { node->data, &node->package, NULL,
		NULL };
	node->command = NULL;
	if (!ok) {
		char *reason = rm_config_reason(output);
		end_with(node, "TASK_FAILED",
		    "Riak refuses its configuration: %s", reason);
		free(reason);
		go(node, STOPPING);
	} else if (rm_config_check(&config, output, &err) != 0) {
		fail(node, &err);
	} else {
		go(node, MAPPER);
	}
}

/* Riak's own generator, in the way that tells its reasons. */
static int
generate(struct rm_node *node, struct rm_error *err)
{
	const char *words = rm_package_runs(&node->package, "bin/cuttlefish")
				? "bin/cuttlefish -e ./etc -d ./generated.conf "
				  "-s ./share/schema -c ./etc/riak.conf"
				: "bin/riak chkconfig";
	node->command = rm_riak_run(
	    node->riak, words, GENERATE_LIMIT, generated, node, err);
	return node->command != NULL ? 0 : -1;
}

static void riak_ended(void *arg, int status);

static void
enter_configure(struct rm_node *node)
{
	struct rm_error err = { 0 };
	struct rm_str diff = { 0 };
	char *digest = rm_config_digest(node->cluster);
	node->records = rm_records_new(node->zk, node->options.task, digest);
	free(digest);
	const struct rm_config config = { node->data, &node->package,
		rm_json_text(node->cluster, "riak_config", NULL),
		rm_json_text(node->cluster, "advanced_config", NULL) };
	const struct rm_riak_options riak = { node->data, &node->package,
		node->options.ebin, node->options.sandbox, node->volume.lock,
		riak_ended, node };
	node->riak = rm_riak_new(node->options.loop, &riak);
	int rc = rm_config_write(&config, &diff, &err);
	const char *overridden = diff.text != NULL ? diff.text : "";
	if (rc == 0)
		rm_questions_overrides(node->questions, overridden);
	/* Nobody wrote what the package comes with. */
	if (rc == 0 && config.riak_config != NULL)
		log_overrides(overridden);
	rm_str_free(&diff);
	jv_free(node->cluster);
	node->cluster = jv_invalid();
	if (rc != 0 || generate(node, &err) != 0)
		fail(node, &err);
}

static void
leave_command(struct rm_node *node)
{
	rm_command_cancel(node->command);
	node->command = NULL;
}

static void
mapper_ready(void *arg)
{
	struct rm_node *node = arg;
	if (node->step == MAPPER)
		go(node, PING);
}

static void
mapper_ended(void *arg)
{
	go(arg, ENDED);
}

static void
enter_mapper(struct rm_node *node)
{
	const struct rm_mapper_options options = { node->options.cepmd,
		node->options.zk_auth_file, node->data, mapper_ready,
		mapper_ended, node };
	node->mapper = rm_mapper_new(node->options.loop, &options);
}

/* TASK_RUNNING, now and when its health changes. */
static void
tell_running(
    struct rm_node *node, bool up, const char *reason, const char *message)
{
	char data[40];
	snprintf(data, sizeof(data), "{\"RexPort\":%d}", node->data->executor);
	const struct rm_status status = { .state = "TASK_RUNNING",
		.data = data,
		.reason = reason,
		.message = message,
		.health = up ? RM_HEALTHY : RM_UNHEALTHY };
	node->options.update(node->options.arg, &status);
}

static void
health_changed(void *arg, bool up, const char *why)
{
	struct rm_node *node = arg;
	if (node->step == PING && up)
		go(node, SERVICE);
	if (node->step != RUNNING)
		return;
	char *words = up ? rm_strdup("Riak answers again")
			 : rm_format("Riak does not answer: %s", why);
	rm_log(up ? RM_LOG_INFO : RM_LOG_WARN, "%s", words);
	tell_running(
	    node, up, "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED", words);
	free(words);
	rm_records_ready(node->records, up, why);
	rm_orders_ready(node->orders, up);
	rm_questions_ready(node->questions, up ? node->queue : NULL, why);
}

static void
enter_ping(struct rm_node *node)
{
	struct rm_error err = { 0 };
	if (rm_riak_start(node->riak, &err) != 0) {
		fail(node, &err);
		return;
	}
	node->health = rm_health_new(node->options.loop, node->options.http,
	    node->data, health_changed, node);
}

/* Of "[riak_kv,riak_pipe]". */
static bool
names_service(const char *list, const char *service)
{
	size_t n = strlen(service);
	for (const char *p = list; (p = strstr(p, service)) != NULL; p += n)
		if (p > list && strchr("[,", p[-1]) != NULL &&
		    (p[n] == ',' || p[n] == ']'))
			return true;
	return false;
}

static void
service_answered(void *arg, bool ok, const char *output)
{
	struct rm_node *node = arg;
	node->command = NULL;
	if (ok && names_service(output, "riak_kv"))
		go(node, RUNNING);
	else
		rm_timer_set(&node->again, SERVICE_AGAIN);
}

static void
enter_service(struct rm_node *node)
{
	struct rm_error err = { 0 };
	/* wait-for-service looks every three seconds only. */
	node->command = rm_riak_run(node->riak, "bin/riak admin services",
	    time_left(node), service_answered, node, &err);
	if (node->command == NULL)
		fail(node, &err);
}

static void
ring_changed(void *arg, jv members, int partitions)
{
	struct rm_node *node = arg;
	rm_standing_ring(node->standing, members, partitions);
}

static void
order_done(void *arg)
{
	struct rm_node *node = arg;
	rm_standing_doubt(node->standing);
}

static void
refresh_ring(void *arg)
{
	struct rm_node *node = arg;
	rm_ring_look(node->ring);
}

/* What works with Riak's admin commands. */
static void
open_commands(struct rm_node *node)
{
	node->queue = rm_queue_new(node->options.loop, node->package.root,
	    rm_riak_environment(node->riak));
	node->standing = rm_standing_new(node->options.loop, node->queue,
	    node->records, node->data, refresh_ring, node);
	node->ring = rm_ring_new(node->options.loop, node->options.http,
	    node->data, ring_changed, node);
	node->orders = rm_orders_new(
	    node->zk, node->queue, node->records, node->data, order_done, node);
	rm_orders_ready(node->orders, true);
	rm_questions_ready(node->questions, node->queue, NULL);
}

static void
close_commands(struct rm_node *node)
{
	if (node->questions != NULL)
		rm_questions_stop(node->questions, "stopping");
	rm_orders_free(node->orders);
	rm_ring_free(node->ring);
	rm_standing_free(node->standing);
	rm_queue_free(node->queue);
	node->orders = NULL;
	node->ring = NULL;
	node->standing = NULL;
	node->queue = NULL;
}

static void
enter_running(struct rm_node *node)
{
	rm_timer_stop(&node->limit);
	rm_log_info("Riak is ready seconds=%.1f", rm_now() - node->began);
	tell_running(node, true, NULL, NULL);
	rm_records_ready(node->records, true, NULL);
	open_commands(node);
	malloc_trim(0);
}

/* Nobody is to send it anything more. */
static void
withdraw(struct rm_node *node)
{
	rm_timer_stop(&node->limit);
	close_commands(node);
	rm_health_free(node->health);
	node->health = NULL;
	if (node->records != NULL)
		rm_records_ready(node->records, false, "stopping");
}

/* Directors hear that it goes before it goes, and what is under way ends:
 * Riak drops its clients' requests when it is told to stop. */
static void
enter_draining(struct rm_node *node)
{
	if (node->health == NULL) { /* the time is over */
		go(node, STOPPING);
		return;
	}
	double wait = node->grace / 4 < DRAIN ? node->grace / 4 : DRAIN;
	withdraw(node);
	node->grace -= wait;
	rm_timer_set(&node->again, wait);
}

static void
enter_stopping(struct rm_node *node)
{
	withdraw(node);
	if (rm_riak_is_running(node->riak))
		rm_riak_stop(node->riak, node->grace);
	else
		go(node, MAPPER_END);
}

/* Riak is gone, and with it what the records say. */
static void
enter_mapper_end(struct rm_node *node)
{
	rm_questions_free(node->questions);
	node->questions = NULL;
	rm_records_free(node->records);
	node->records = NULL;
	rm_zk_close(node->zk);
	node->zk = NULL;
	/* They would ask again. */
	rm_templates_free(node->templates);
	node->templates = NULL;
	if (node->mapper != NULL)
		rm_mapper_stop(node->mapper);
	else
		go(node, ENDED);
}

static void
enter_ended(struct rm_node *node)
{
	const struct rm_status status = { .state = node->verdict,
		.message = node->message };
	rm_volume_close(&node->volume);
	node->options.update(node->options.arg, &status);
	node->options.ended(node->options.arg);
}

static const struct {
	const char *waits_for; /* in the words of a start that took too long */
	void (*enter)(struct rm_node *node);
	void (*leave)(struct rm_node *node); /* or NULL */
} steps[] = {
	[VOLUME] = { "the volume's lock", enter_volume, NULL },
	[PORTS] = { "its ports", enter_ports, NULL },
	[TEMPLATES] = { "its configuration in ZooKeeper", enter_templates,
	    NULL },
	[CONFIGURE] = { "the check of its configuration", enter_configure,
	    leave_command },
	[MAPPER] = { "rm-cepmd", enter_mapper, NULL },
	[PING] = { "Riak's HTTP port", enter_ping, NULL },
	[SERVICE] = { "riak_kv", enter_service, leave_command },
	[RUNNING] = { "", enter_running, NULL },
	[DRAINING] = { "", enter_draining, NULL },
	[STOPPING] = { "", enter_stopping, NULL },
	[MAPPER_END] = { "", enter_mapper_end, NULL },
	[ENDED] = { "", enter_ended, NULL },
};

static void
go(struct rm_node *node, enum step step)
{
	rm_timer_stop(&node->again);
	if (steps[node->step].leave != NULL)
		steps[node->step].leave(node);
	node->step = step;
	node->trouble = (struct rm_error){ 0 };
	steps[step].enter(node);
}

static void
enter_again(void *arg)
{
	struct rm_node *node = arg;
	steps[node->step].enter(node);
}

/* What a step waits for, as far as it is known; borrowed. */
static const char *
trouble(const struct rm_node *node)
{
	if (node->step == TEMPLATES)
		return rm_templates_trouble(node->templates);
	if (node->step == MAPPER)
		return rm_mapper_trouble(node->mapper);
	return node->trouble.text;
}

static void
took_too_long(void *arg)
{
	struct rm_node *node = arg;
	const char *why = trouble(node);
	char *words = rm_riak_is_running(node->riak)
			  ? rm_riak_last_words(node->riak)
			  : rm_strdup("");
	end_with(node, "TASK_FAILED",
	    "not ready within %g s: waited for %s%s%s%s%s",
	    node->data->start_limit, steps[node->step].waits_for,
	    *why != '\0' ? ": " : "", why,
	    *words != '\0' ? "; last words: " : "", words);
	free(words);
	go(node, STOPPING);
}

/* A node that leaves ends by itself when it owns nothing any more. */
static bool
has_left(const struct rm_node *node)
{
	return rm_orders_left(node->orders) ||
	       rm_standing_leaving(node->standing);
}

static void
riak_ended(void *arg, int status)
{
	struct rm_node *node = arg;
	char *words = rm_riak_last_words(node->riak);
	bool fine = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (fine && has_left(node))
		end_with(node, "TASK_FINISHED", "left the cluster");
	else if (fine)
		end_with(node, "TASK_FINISHED",
		    "Riak ended by itself with exit 0 and nobody had asked it "
		    "to: its next start would be a fresh ring; last words: %s",
		    words);
	else
		end_with(node, "TASK_FAILED", "Riak ended: %s; last words: %s",
		    rm_process_status(status), words);
	free(words);
	go(node, node->step == STOPPING ? MAPPER_END : STOPPING);
}

struct rm_node *
rm_node_new(const struct rm_node_options *options)
{
	struct rm_node *node = rm_alloc(sizeof(*node));
	node->options = *options;
	node->data = &options->task->data;
	node->grace = options->task->kill_grace;
	node->began = rm_now();
	node->cluster = jv_invalid();
	node->volume.lock = -1;
	rm_timer_init(&node->again, options->loop, enter_again, node);
	rm_timer_init(&node->limit, options->loop, took_too_long, node);
	rm_timer_set(&node->limit, node->data->start_limit);
	rm_timer_set(&node->again, 0);
	return node;
}

bool
rm_node_is_ending(const struct rm_node *node)
{
	return node->verdict != NULL;
}

void
rm_node_stop(struct rm_node *node, const char *message, double grace)
{
	if (node->verdict == NULL) {
		node->grace = grace;
		end_with(node, "TASK_KILLED", "%s", message);
		go(node, node->step == RUNNING ? DRAINING : STOPPING);
	} else if (rm_riak_is_running(node->riak)) {
		rm_riak_stop(node->riak, grace);
	}
}

void
rm_node_free(struct rm_node *node)
{
	if (node == NULL)
		return;
	rm_timer_free(&node->again);
	rm_timer_free(&node->limit);
	close_commands(node);
	rm_questions_free(node->questions);
	rm_records_free(node->records);
	rm_zk_close(node->zk);
	rm_templates_free(node->templates);
	rm_health_free(node->health);
	rm_riak_free(node->riak);
	rm_mapper_free(node->mapper);
	rm_volume_close(&node->volume);
	rm_package_free(&node->package);
	jv_free(node->cluster);
	free(node->message);
	free(node);
}
