#include "local/fault.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "io/loopback.h"
#include "local/agent.h"
#include "local/allocator.h"
#include "local/executor.h"
#include "local/framework.h"
#include "local/life.h"
#include "local/offer.h"

/* One request; agent is NULL for the verbs that want none. */
struct fault {
	struct rm_local *local;
	struct rm_local_agent *agent;
	const struct rm_request *request;
};

static const char *
text_of(const struct fault *fault, const char *name)
{
	return rm_request_query(fault->request, name);
}

static double
number_of(const struct fault *fault, const char *name, double fallback)
{
	const char *text = text_of(fault, name);
	char *end;
	double n = text != NULL ? strtod(text, &end) : fallback;
	return text != NULL && (end == text || *end != '\0') ? fallback : n;
}

static bool
flag_of(const struct fault *fault, const char *name)
{
	const char *text = text_of(fault, name);
	return text != NULL && strcmp(text, "true") == 0;
}

static int
do_stop(struct fault *fault, struct rm_error *err)
{
	(void)err;
	rm_local_agent_stop(fault->agent, number_of(fault, "timeout", -1));
	return 0;
}

static int
do_start(struct fault *fault, struct rm_error *err)
{
	return rm_local_agent_start(fault->agent,
	    flag_of(fault, "bare")     ? RM_START_BARE
	    : flag_of(fault, "new-id") ? RM_START_NEW_ID
				       : RM_START_AGAIN,
	    err);
}

static int
do_cut(struct fault *fault, struct rm_error *err)
{
	(void)err;
	rm_local_agent_cut(fault->agent, number_of(fault, "timeout", -1));
	return 0;
}

static int
do_heal(struct fault *fault, struct rm_error *err)
{
	(void)err;
	rm_local_agent_heal(fault->agent);
	return 0;
}

static int
do_unregister(struct fault *fault, struct rm_error *err)
{
	if (!rm_local_agent_talks(fault->agent))
		return rm_error_set(err, RM_EXIT_CONFLICT,
		    "agent %u is not registered", fault->agent->number);
	rm_local_agent_unregister(fault->agent);
	return 0;
}

static int
do_gone(struct fault *fault, struct rm_error *err)
{
	(void)err;
	rm_local_agent_mark_gone(fault->agent);
	return 0;
}

static int
do_drain(struct fault *fault, struct rm_error *err)
{
	(void)err;
	double grace = number_of(fault, "grace", -1);
	rm_local_agent_drain(fault->agent, grace < 0 ? -1 : grace * 1e9,
	    flag_of(fault, "mark-gone"));
	return 0;
}

static int
do_reactivate(struct fault *fault, struct rm_error *err)
{
	(void)err;
	rm_local_agent_reactivate(fault->agent);
	return 0;
}

static jv
nanoseconds(double seconds)
{
	return JV_OBJECT(jv_string("nanoseconds"), jv_number(seconds * 1e9));
}

static int
do_maintain(struct fault *fault, struct rm_error *err)
{
	(void)err;
	double start = fault->local->wall + number_of(fault, "in", 3600);
	rm_local_agent_maintain(
	    fault->agent, JV_OBJECT(jv_string("start"), nanoseconds(start),
			      jv_string("duration"),
			      nanoseconds(number_of(fault, "for", 3600))));
	return 0;
}

static int
do_unmaintain(struct fault *fault, struct rm_error *err)
{
	(void)err;
	rm_local_agent_maintain(fault->agent, jv_invalid());
	return 0;
}

static int
do_rescind(struct fault *fault, struct rm_error *err)
{
	(void)err;
	struct rm_local_offers *offers = &fault->agent->offers;
	while (!TAILQ_EMPTY(offers))
		rm_local_offer_rescind(TAILQ_FIRST(offers));
	return 0;
}

static int
do_kill(struct fault *fault, struct rm_error *err)
{
	(void)err;
	struct rm_local_executor *executor, *next;
	for (executor = TAILQ_FIRST(&fault->agent->executors); executor != NULL;
	     executor = next) {
		next = TAILQ_NEXT(executor, entry);
		rm_local_executor_destroy(executor, NULL, NULL);
	}
	return 0;
}

static int
do_drop(struct fault *fault, struct rm_error *err)
{
	(void)err;
	const char *id = text_of(fault, "framework");
	struct rm_local_framework *f;
	TAILQ_FOREACH (f, &fault->local->frameworks, entry)
		if (f->connected && (id == NULL || strcmp(f->id, id) == 0))
			rm_local_framework_cut(f);
	return 0;
}

static int
do_failover(struct fault *fault, struct rm_error *err)
{
	(void)err;
	struct rm_local *local = fault->local;
	rm_local_fail_over(local,
	    number_of(fault, "election", local->settings.election),
	    number_of(fault, "agents", 0));
	return 0;
}

static int
do_follow(struct fault *fault, struct rm_error *err)
{
	const char *leader = text_of(fault, "leader");
	if (leader == NULL)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "leader=HOST:PORT is missing");
	rm_local_follow(fault->local, leader);
	return 0;
}

static int
do_lead(struct fault *fault, struct rm_error *err)
{
	(void)err;
	rm_local_follow(fault->local, NULL);
	return 0;
}

static int
do_mute(struct fault *fault, struct rm_error *err)
{
	(void)err;
	fault->local->mute = true;
	return 0;
}

static int
do_unmute(struct fault *fault, struct rm_error *err)
{
	(void)err;
	fault->local->mute = false;
	return 0;
}

static int
do_unavailable(struct fault *fault, struct rm_error *err)
{
	(void)err;
	fault->local->unavailable_until = fault->local->now +
					  number_of(fault, "for", 5);
	return 0;
}

static const struct verb {
	const char *name, *arguments, *help;
	bool agent; /* wants one */
	int (*run)(struct fault *fault, struct rm_error *err);
} verbs[] = {
	{ "stop", "AGENT [timeout=S]", "kill the agent, not its executors",
	    true, do_stop },
	{ "start", "AGENT [new-id=true | bare=true]", "start it again", true,
	    do_start },
	{ "cut", "AGENT [timeout=S]", "part it from the master", true, do_cut },
	{ "heal", "AGENT", "join them again", true, do_heal },
	{ "unregister", "AGENT", "let it leave, with its executors", true,
	    do_unregister },
	{ "gone", "AGENT", "mark it gone", true, do_gone },
	{ "drain", "AGENT [grace=S] [mark-gone=true]", "drain it", true,
	    do_drain },
	{ "reactivate", "AGENT", "end the draining", true, do_reactivate },
	{ "maintain", "AGENT [in=S] [for=S]", "schedule maintenance", true,
	    do_maintain },
	{ "unmaintain", "AGENT", "take it off the schedule", true,
	    do_unmaintain },
	{ "rescind", "AGENT", "rescind its offers", true, do_rescind },
	{ "kill", "AGENT", "kill its executors", true, do_kill },
	{ "drop", "[framework=ID]", "cut the schedulers' connections", false,
	    do_drop },
	{ "failover", "[election=S] [agents=S]",
	    "a new master, agents come back later", false, do_failover },
	{ "follow", "leader=HOST:PORT", "another master leads: answer 307",
	    false, do_follow },
	{ "lead", "", "lead again", false, do_lead },
	{ "mute", "", "send no heartbeats", false, do_mute },
	{ "unmute", "", "send heartbeats again", false, do_unmute },
	{ "unavailable", "[for=S]", "answer 503 for a while", false,
	    do_unavailable },
};

static const struct verb *
verb_of(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

void
rm_local_fault_help(FILE *to)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		fprintf(to, "  %-12s %-32s %s\n", verbs[i].name,
		    verbs[i].arguments, verbs[i].help);
}

static int
run(struct fault *fault, const char *name, struct rm_error *err)
{
	const struct verb *verb = verb_of(name);
	if (verb == NULL)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "no such fault: %s", name);
	if (verb->agent) {
		double n = number_of(fault, "agent", 0);
		if (!(n >= 1 && n <= (double)fault->local->agent_count))
			return rm_error_set(err, RM_EXIT_USAGE,
			    "%s wants an agent, 1 to %zu", name,
			    fault->local->agent_count);
		fault->agent = fault->local->agents[(size_t)n - 1];
	}
	fault->local->dirty = true;
	return verb->run(fault, err);
}

void
rm_local_serve_fault(struct rm_request *request, void *arg)
{
	struct rm_local_daemon *daemon = arg;
	const char *peer = rm_request_peer(request);
	if (!rm_loopback(peer) && strcmp(peer, daemon->local.address) != 0) {
		rm_reply_text(request, 403, "only from this machine");
		return;
	}
	struct fault fault = { .local = &daemon->local, .request = request };
	struct rm_error err = { 0 };
	const char *name = rm_request_param(request, "verb");
	rm_local_daemon_enter(daemon);
	rm_log_info("fault %s", name);
	int rc = run(&fault, name, &err);
	rm_local_daemon_settle(daemon);
	if (rc == 0)
		rm_reply_text(request, 200, "done");
	else
		rm_reply_text(
		    request, err.code == RM_EXIT_USAGE ? 400 : 409, err.text);
}
