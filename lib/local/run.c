#include "local/run.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "io/loop.h"
#include "local/agent.h"
#include "local/keeper.h"
#include "local/sandbox.h"
#include "local/volume.h"

struct rm_local_run {
	struct rm_local_executor *executor;
	struct event *event; /* of the pidfd; or fires at once */
	int pidfd; /* of the keeper, -1: it is gone */
	int go; /* -1: told */
	bool ended; /* and not told yet */
};

static struct {
	struct event_base *loop;
	void (*settled)(void *arg);
	void *arg;
} world;

void
rm_local_run_init(
    struct event_base *loop, void (*settled)(void *arg), void *arg)
{
	world.loop = loop;
	world.settled = settled;
	world.arg = arg;
}

static char *
record_of(const struct rm_local_executor *executor)
{
	return rm_format(
	    "%s/meta/%s", executor->agent->work_dir, executor->container_id);
}

void
rm_local_run_free(struct rm_local_executor *executor)
{
	struct rm_local_run *run = executor->run;
	if (run == NULL)
		return;
	executor->run = NULL;
	if (run->event != NULL)
		event_free(run->event);
	if (run->pidfd >= 0)
		close(run->pidfd);
	if (run->go >= 0)
		close(run->go);
	free(run);
}

/* The keeper has ended, and its agent is there to notice. */
static void
tell_end(struct rm_local_executor *executor)
{
	char *record = record_of(executor), *failure = NULL;
	int status = -1;
	rm_keeper_status(record, &status, &failure);
	if (executor->keeper > 0)
		rm_session_kill(executor->keeper);
	rm_keeper_forget(record);
	rm_local_executor_ended(executor, status, failure);
	free(failure);
	free(record);
}

static void
keeper_ended(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct rm_local_run *run = arg;
	struct rm_local_executor *executor = run->executor;
	struct rm_local *local = executor->agent->local;
	int status;
	/* Ours, or not a child of this process. */
	if (executor->keeper > 0)
		waitpid(executor->keeper, &status, WNOHANG);
	run->ended = true;
	if (!executor->agent->up)
		return;
	local->now = rm_now();
	local->wall = rm_wall();
	tell_end(executor);
	world.settled(world.arg);
}

static struct rm_local_run *
watch(struct rm_local_executor *executor, int go)
{
	struct rm_local_run *run = rm_alloc(sizeof(*run));
	run->executor = executor;
	run->go = go;
	run->pidfd = executor->keeper > 0
			 ? (int)syscall(SYS_pidfd_open, executor->keeper, 0)
			 : -1;
	/* The pid may be another process by now. */
	if (run->pidfd >= 0 &&
	    rm_process_started(executor->keeper) != executor->keeper_start) {
		close(run->pidfd);
		run->pidfd = -1;
	}
	run->event = event_new(world.loop, run->pidfd,
	    run->pidfd >= 0 ? EV_READ : 0, keeper_ended, run);
	if (run->pidfd >= 0)
		event_add(run->event, NULL);
	else
		event_active(run->event, EV_TIMEOUT, 0);
	executor->run = run;
	return run;
}

int
rm_local_run_launch(struct rm_local_executor *executor, struct rm_error *err)
{
	char *meta = rm_format("%s/meta", executor->agent->work_dir);
	int rc = rm_local_make_directories(meta, err);
	free(meta);
	if (rc != 0 || rm_local_sandbox_make(executor, err) != 0)
		return -1;
	char *record = record_of(executor);
	char **environment = rm_local_environment(executor);
	struct rm_keeper_job job = { .sandbox = executor->sandbox,
		.record = record,
		.command = rm_json_get(executor->info, "command"),
		.environment = environment };
	int go = -1;
	pid_t pid = rm_keeper_start(&job, &go, err);
	jv_free(job.command);
	rm_local_environment_free(environment);
	free(record);
	if (pid < 0)
		return -1;
	executor->keeper = pid;
	executor->keeper_start = rm_process_started(pid);
	watch(executor, go);
	return 0;
}

void
rm_local_run_adopt(struct rm_local_executor *executor)
{
	rm_local_run_find_pid(executor);
	watch(executor, -1);
}

void
rm_local_run_find_pid(struct rm_local_executor *executor)
{
	if (executor->pid > 0)
		return;
	char *record = record_of(executor);
	executor->pid = rm_keeper_executor(record);
	free(record);
}

void
rm_local_run_destroy(struct rm_local_executor *executor)
{
	rm_local_run_find_pid(executor);
	if (executor->keeper <= 0 || executor->run == NULL ||
	    executor->run->ended)
		return;
	rm_session_kill(executor->keeper);
	/* Before there is an executor its keeper is all there is to end. */
	if (executor->pid == 0)
		kill(executor->keeper, SIGKILL);
}

void
rm_local_run_go(struct rm_local *local)
{
	for (size_t i = 0; i < local->agent_count; i++) {
		struct rm_local_executor *executor;
		TAILQ_FOREACH (executor, &local->agents[i]->executors, entry) {
			struct rm_local_run *run = executor->run;
			if (run == NULL || run->go < 0)
				continue;
			if (write(run->go, "", 1) != 1) {
				/* It is gone; its watch will say so. */
			}
			close(run->go);
			run->go = -1;
		}
	}
}

bool
rm_local_run_over(const struct rm_local_executor *executor)
{
	return executor->run == NULL || executor->run->ended;
}

void
rm_local_run_agent_up(struct rm_local_agent *agent)
{
	struct rm_local_executor *executor, *next;
	for (executor = TAILQ_FIRST(&agent->executors); executor != NULL;
	     executor = next) {
		next = TAILQ_NEXT(executor, entry);
		if (executor->run != NULL && executor->run->ended)
			tell_end(executor);
	}
}
