#include "io/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/str.h"

struct rm_process {
	LIST_ENTRY(rm_process) entry;
	struct event *event; /* SIGCHLD */
	pid_t pid;
	bool group;
	void (*on_exit)(void *arg, pid_t pid, int status);
	void *arg;
};

/* All that run. */
static LIST_HEAD(, rm_process) processes = LIST_HEAD_INITIALIZER(processes);

/* What the child says when it can't become the program. */
struct failure {
	int number; /* errno */
	bool cwd; /* or else exec */
};

static void
process_free(struct rm_process *process)
{
	LIST_REMOVE(process, entry);
	event_free(process->event);
	free(process);
}

static void
child_ended(evutil_socket_t signal, short what, void *arg)
{
	(void)signal;
	(void)what;
	struct rm_process *process = arg;
	int status;
	if (waitpid(process->pid, &status, WNOHANG) != process->pid)
		return;
	void (*on_exit)(void *, pid_t, int) = process->on_exit;
	void *on_exit_arg = process->arg;
	pid_t pid = process->pid;
	process_free(process);
	if (on_exit != NULL)
		on_exit(on_exit_arg, pid, status);
}

/* Out of the way of 0, 1, 2; closed by exec. */
static int
lift(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int
child_descriptors(const struct rm_process_options *options)
{
	int from[3] = { options->in, options->out, options->err };
	if (from[0] < 0)
		from[0] = open("/dev/null", O_RDONLY);
	for (int i = 0; i < 3; i++)
		if (from[i] >= 0 && (from[i] = lift(from[i])) < 0)
			return -1;
	for (int i = 0; i < 3; i++)
		if (from[i] >= 0 && dup2(from[i], i) < 0)
			return -1;
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		for (int fd = 3, most = getdtablesize(); fd < most; fd++)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	for (const int *keep = options->keep; keep != NULL && *keep >= 0;
	     keep++)
		if (fcntl(*keep, F_SETFD, 0) != 0)
			return -1;
	return 0;
}

/* Handlers of ours, and the SIGPIPE that we ignore, are not the child's. */
static void
child_signals(void)
{
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn))
child(const struct rm_process_options *options, pid_t parent, int report)
{
	struct failure failure = { 0 };
	int death = options->death_signal > 0 ? options->death_signal : SIGKILL;
	prctl(PR_SET_PDEATHSIG, death);
	if (getppid() != parent)
		_exit(RM_EXIT_OUTSIDE);
	if (options->group)
		setpgid(0, 0);
	report = lift(report);
	if (child_descriptors(options) != 0)
		goto failed;
	if (options->cwd != NULL && chdir(options->cwd) != 0) {
		failure.cwd = true;
		goto failed;
	}
	child_signals();
	execvpe(options->argv[0], options->argv,
	    options->envp != NULL ? options->envp : environ);
failed:
	failure.number = errno;
	if (write(report, &failure, sizeof(failure)) < 0)
		_exit(RM_EXIT_BUG);
	_exit(RM_EXIT_OUTSIDE);
}

/* Forks with all signals blocked, so that none reaches a handler of ours in
 * the child, whose descriptors are still the parent's. */
static pid_t
fork_child(const struct rm_process_options *options, const int report[2])
{
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0)
		child(options, parent, report[1]);
	int error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

static int
start_failed(const struct rm_process_options *options,
    const struct failure *failure, struct rm_error *err)
{
	bool usage = failure->number == ENOENT || failure->number == EACCES ||
		     failure->number == ENOTDIR || failure->number == ENOEXEC;
	return rm_error_set(err, usage ? RM_EXIT_USAGE : RM_EXIT_OUTSIDE,
	    "%s: %s", failure->cwd ? options->cwd : options->argv[0],
	    strerror(failure->number));
}

/* Waits until the child is the program; 0, or -1 and it is gone. */
static int
await_exec(pid_t pid, int report, struct failure *failure)
{
	ssize_t n;
	while (
	    (n = read(report, failure, sizeof(*failure))) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(*failure))
		return 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return -1;
}

static pid_t
spawn(const struct rm_process_options *options, struct rm_error *err)
{
	int report[2];
	struct failure failure = { 0 };
	if (pipe2(report, O_CLOEXEC) != 0)
		return rm_error_set(
		    err, RM_EXIT_OUTSIDE, "pipe: %s", strerror(errno));
	pid_t pid = fork_child(options, report);
	failure.number = errno;
	close(report[1]);
	if (pid < 0 || await_exec(pid, report[0], &failure) != 0)
		pid = start_failed(options, &failure, err);
	close(report[0]);
	return pid;
}

struct rm_process *
rm_process_start(struct event_base *loop,
    const struct rm_process_options *options, struct rm_error *err)
{
	struct rm_process *process = rm_alloc(sizeof(*process));
	process->group = options->group;
	process->on_exit = options->on_exit;
	process->arg = options->arg;
	LIST_INSERT_HEAD(&processes, process, entry);
	/* Before the fork: the child may end at once. */
	process->event = event_new(
	    loop, SIGCHLD, EV_SIGNAL | EV_PERSIST, child_ended, process);
	if (process->event == NULL || event_add(process->event, NULL) != 0)
		rm_error_set(err, RM_EXIT_OUTSIDE, "can't watch for signals");
	else if ((process->pid = spawn(options, err)) > 0)
		return process;
	process_free(process);
	return NULL;
}

pid_t
rm_process_pid(const struct rm_process *process)
{
	return process->pid;
}

void
rm_process_signal(struct rm_process *process, int signal)
{
	kill(process->group ? -process->pid : process->pid, signal);
}

const char *
rm_process_status(int status)
{
	static char words[80];
	if (WIFSIGNALED(status))
		snprintf(words, sizeof(words), "signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(words, sizeof(words), "exit %d", WEXITSTATUS(status));
	return words;
}
