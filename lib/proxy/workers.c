#include "proxy/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/process.h"
#include "proxy/handover.h"

/* Before one that ended is started again. */
#define AGAIN_FIRST 0.1
#define AGAIN_MOST  5.0
/* One that ran so long did not fail at its start. */
#define STEADY_SECONDS 10

struct worker {
	pid_t pid; /* 0: none */
	unsigned failures; /* in a row */
	double started, again; /* when to start it, of one that has ended */
};

struct workers {
	const struct rm_workers_options *options;
	struct worker *all;
	unsigned running, told;
	int signals, tell[2], listening, peer; /* -1: none */
	bool ready, stopping, given;
	int code;
};

/* Those of one worker: of every address the one that is its turn. More than
 * workers, of a predecessor that had more: none is left without one. */
static void
share(const struct rm_inherited *all, unsigned index, unsigned count,
    struct rm_inherited *to)
{
	*to = (struct rm_inherited){ 0 };
	for (size_t i = 0; i < all->count; i++) {
		size_t nth = 0; /* of its name */
		for (size_t k = 0; k < i; k++)
			nth += strcmp(all->names[k], all->names[i]) == 0;
		if (nth % count != index) {
			close(all->fds[i]);
			continue;
		}
		to->fds[to->count] = all->fds[i];
		to->names[to->count++] = all->names[i];
	}
}

static _Noreturn void
be_worker(struct workers *w, unsigned index, pid_t parent)
{
	const struct rm_workers_options *o = w->options;
	struct rm_inherited mine;
	sigset_t none;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		exit(RM_EXIT_OUTSIDE);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(w->signals);
	close(w->tell[0]);
	const int others[] = { w->listening, w->peer, o->old };
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i] >= 0)
			close(others[i]);
	share(o->sockets, index, o->count, &mine);
	exit(o->work(o->arg, index, &mine, w->tell[1]));
}

static void
start(struct workers *w, unsigned index)
{
	struct worker *worker = &w->all[index];
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		be_worker(w, index, parent);
	worker->again = 0;
	worker->started = rm_now();
	if (pid < 0) {
		rm_log_warn("can't start a worker: %s", strerror(errno));
		worker->again = rm_now() + AGAIN_MOST;
		return;
	}
	worker->pid = pid;
	w->running++;
}

static void
tell_all(struct workers *w, int signal)
{
	for (unsigned i = 0; i < w->options->count; i++)
		if (w->all[i].pid > 0)
			kill(w->all[i].pid, signal);
}

static void
stop(struct workers *w, int signal)
{
	w->stopping = true;
	tell_all(w, signal);
}

static void
ended(struct workers *w, unsigned index, int status)
{
	struct worker *worker = &w->all[index];
	worker->pid = 0;
	w->running--;
	rm_board_clear(&w->options->board->rows[index]);
	if (w->stopping) {
		if (status != 0)
			rm_log_warn("worker %u: %s", index,
			    rm_process_status(status));
		return;
	}
	rm_log_error("worker %u: %s", index, rm_process_status(status));
	if (WIFEXITED(status) && WEXITSTATUS(status) == RM_EXIT_USAGE) {
		w->code = RM_EXIT_USAGE;
		stop(w, SIGTERM);
		return;
	}
	if (rm_now() - worker->started > STEADY_SECONDS)
		worker->failures = 0;
	worker->again = rm_now() + rm_backoff(worker->failures++, AGAIN_FIRST,
				       AGAIN_MOST);
}

static void
reap(struct workers *w)
{
	pid_t pid;
	int status;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < w->options->count; i++)
			if (w->all[i].pid == pid)
				ended(w, i, status);
}

static void
on_signals(struct workers *w)
{
	struct signalfd_siginfo info;
	while (read(w->signals, &info, sizeof(info)) == sizeof(info))
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap(w);
			break;
		case SIGHUP:
		case SIGUSR1:
			tell_all(w, (int)info.ssi_signo);
			break;
		default:
			stop(w, SIGTERM);
		}
}

/* All accept: whoever was there before may go. */
static void
on_ready(struct workers *w)
{
	const struct rm_workers_options *o = w->options;
	struct rm_error err = { 0 };
	w->ready = true;
	if (o->old >= 0)
		rm_handover_done(o->old);
	if (o->handover != NULL) {
		w->listening = rm_handover_listen(o->handover, &err);
		if (w->listening < 0)
			rm_log_error("%s", err.text);
	}
	o->ready(o->arg);
}

static void
on_tell(struct workers *w)
{
	char bytes[64];
	ssize_t n = read(w->tell[0], bytes, sizeof(bytes));
	w->told += n > 0 ? (unsigned)n : 0;
	if (!w->ready && w->told >= w->options->count && !w->stopping)
		on_ready(w);
}

static void
on_listening(struct workers *w)
{
	if (w->peer >= 0)
		close(w->peer);
	w->peer = rm_handover_give(w->listening, w->options->sockets);
	if (w->peer >= 0)
		rm_log_info("the listening sockets were asked for");
}

static void
on_peer(struct workers *w)
{
	if (rm_handover_answered(w->peer)) {
		rm_log_info("another process has taken over");
		w->given = true;
		stop(w, SIGUSR1);
	}
	close(w->peer);
	w->peer = -1;
}

/* Milliseconds until one is to be started; starts those that are due. */
static int
start_due(struct workers *w)
{
	double first = -1, now = rm_now();
	for (unsigned i = 0; i < w->options->count && !w->stopping; i++) {
		struct worker *worker = &w->all[i];
		if (worker->pid > 0)
			continue;
		if (worker->again <= now)
			start(w, i);
		else if (first < 0 || worker->again - now < first)
			first = worker->again - now;
	}
	return first < 0 ? -1 : (int)(first * 1000) + 1;
}

static void
wait_some(struct workers *w, int most)
{
	const struct {
		int fd;
		void (*handle)(struct workers *w);
	} sources[] = {
		{ w->signals, on_signals },
		{ w->tell[0], on_tell },
		{ w->given ? -1 : w->listening, on_listening },
		{ w->peer, on_peer },
	};
	struct pollfd polls[sizeof(sources) / sizeof(*sources)];
	size_t count = sizeof(sources) / sizeof(*sources);
	for (size_t i = 0; i < count; i++)
		polls[i] = (struct pollfd){ .fd = sources[i].fd,
			.events = POLLIN };
	if (poll(polls, count, most) <= 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (polls[i].revents != 0)
			sources[i].handle(w);
}

static int
open_signals(void)
{
	static const int caught[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP,
		SIGUSR1 };
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
rm_workers_run(const struct rm_workers_options *options, struct rm_error *err)
{
	struct workers w = { .options = options,
		.all = rm_alloc(options->count * sizeof(struct worker)),
		.tell = { -1, -1 },
		.listening = -1,
		.peer = -1 };
	w.signals = open_signals();
	if (w.signals < 0 || pipe2(w.tell, O_CLOEXEC | O_NONBLOCK) != 0) {
		free(w.all);
		return rm_error_set(err, RM_EXIT_OUTSIDE,
		    "can't watch workers: %s", strerror(errno));
	}
	do
		wait_some(&w, start_due(&w));
	while (w.running > 0 || !w.stopping);
	if (w.listening >= 0 && !w.given)
		unlink(options->handover);
	const int open[] = { w.signals, w.tell[0], w.tell[1], w.listening,
		w.peer };
	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
		if (open[i] >= 0)
			close(open[i]);
	free(w.all);
	return w.code;
}
