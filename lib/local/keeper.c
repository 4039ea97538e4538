#include "local/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "local/fetcher.h"

/* Whole or not at all. */
static void
write_record(const char *record, const char *ending, const char *text)
{
	char *path = rm_format("%s.%s", record, ending);
	char *part = rm_format("%s.%s.part", record, ending);
	FILE *out = fopen(part, "we");
	if (out != NULL) {
		fputs(text, out);
		if (fclose(out) == 0)
			rename(part, path);
	}
	free(part);
	free(path);
}

/* The caller's; NULL when it is not there. */
static char *
read_record(const char *record, const char *ending)
{
	char *path = rm_format("%s.%s", record, ending);
	char text[1024];
	FILE *in = fopen(path, "re");
	free(path);
	if (in == NULL)
		return NULL;
	size_t n = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[n] = '\0';
	return rm_strdup(text);
}

static void
open_as(int fd, const char *sandbox, const char *name, int flags)
{
	char *path = sandbox != NULL ? rm_format("%s/%s", sandbox, name)
				     : rm_strdup(name);
	int opened = open(path, flags);
	if (opened >= 0 && opened != fd) {
		dup2(opened, fd);
		close(opened);
	}
	free(path);
}

static void
default_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
}

/* Alone in its session, with the sandbox's files and nothing else. */
static void
settle(const struct rm_keeper_job *job, int *go)
{
	setsid();
	prctl(PR_SET_NAME, "rm-local-keeper");
	default_signals();
	open_as(0, NULL, "/dev/null", O_RDONLY);
	open_as(1, job->sandbox, "stdout", O_WRONLY | O_APPEND);
	open_as(2, job->sandbox, "stderr", O_WRONLY | O_APPEND);
	if (*go != 3) {
		dup2(*go, 3);
		*go = 3;
	}
	close_range(4, ~0U, 0);
	fcntl(*go, F_SETFD, FD_CLOEXEC);
	umask(022);
}

static void
give_up(const struct rm_keeper_job *job, const char *why)
{
	fprintf(stderr, "%s\n", why);
	char *text = rm_format("failure %s", why);
	write_record(job->record, "status", text);
	_exit(RM_EXIT_OUTSIDE);
}

static void
fetch_all(const struct rm_keeper_job *job)
{
	jv uris = rm_json_get(job->command, "uris");
	if (jv_get_kind(uris) == JV_KIND_ARRAY) {
		jv_array_foreach (uris, i, uri) {
			struct rm_error err = { 0 };
			fprintf(stderr, "fetching %s\n",
			    rm_json_text(uri, "value", ""));
			if (rm_local_fetch(uri, &err) != 0) {
				rm_error_prefix(&err, "Failed to fetch");
				give_up(job, err.text);
			}
			jv_free(uri);
		}
	}
	jv_free(uris);
}

static char **
argv_of(jv command)
{
	const char *value = rm_json_text(command, "value", "");
	jv arguments = rm_json_get(command, "arguments");
	bool list = jv_get_kind(arguments) == JV_KIND_ARRAY;
	int n = list ? jv_array_length(jv_copy(arguments)) : 0;
	char **argv = rm_alloc((size_t)(n + 4) * sizeof(*argv));
	if (rm_json_bool(command, "shell", true)) {
		argv[0] = rm_strdup("sh");
		argv[1] = rm_strdup("-c");
		argv[2] = rm_strdup(value);
		return argv;
	}
	for (int i = 0; i < n; i++) {
		jv one = jv_array_get(jv_copy(arguments), i);
		argv[i] = rm_strdup(jv_get_kind(one) == JV_KIND_STRING
					? jv_string_value(one)
					: "");
		jv_free(one);
	}
	if (n == 0)
		argv[0] = rm_strdup(value);
	return argv;
}

static void
become_executor(const struct rm_keeper_job *job)
{
	setpgid(0, 0);
	bool shell = rm_json_bool(job->command, "shell", true);
	const char *file = shell ? "/bin/sh"
				 : rm_json_text(job->command, "value", "");
	char **argv = argv_of(job->command);
	execvpe(file, argv, job->environment);
	fprintf(stderr, "%s: %s\n", file, strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void
keep(const struct rm_keeper_job *job, int go)
{
	char byte;
	settle(job, &go);
	if (read(go, &byte, 1) != 1)
		_exit(0);
	if (chdir(job->sandbox) != 0)
		give_up(job, "can't enter the sandbox");
	fetch_all(job);
	pid_t pid = fork();
	if (pid == 0)
		become_executor(job);
	if (pid < 0)
		give_up(job, "can't fork");
	char *text = rm_format("%d", (int)pid);
	write_record(job->record, "pid", text);
	int status = 0;
	while (waitpid(pid, &status, 0) != pid)
		;
	free(text);
	text = rm_format("status %d", status);
	write_record(job->record, "status", text);
	_exit(0);
}

pid_t
rm_keeper_start(const struct rm_keeper_job *job, int *go, struct rm_error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return rm_error_set(
		    err, RM_EXIT_OUTSIDE, "pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[1]);
		keep(job, ends[0]);
	}
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return rm_error_set(
		    err, RM_EXIT_OUTSIDE, "fork: %s", strerror(errno));
	}
	*go = ends[1];
	return pid;
}

pid_t
rm_keeper_executor(const char *record)
{
	char *text = read_record(record, "pid");
	pid_t pid = text != NULL ? (pid_t)strtol(text, NULL, 10) : 0;
	free(text);
	return pid;
}

bool
rm_keeper_status(const char *record, int *status, char **failure)
{
	char *text = read_record(record, "status");
	*failure = NULL;
	if (text == NULL)
		return false;
	if (strncmp(text, "failure ", 8) == 0) {
		*failure = rm_strdup(text + 8);
		*status = -1;
	} else {
		*status = (int)strtol(text + strcspn(text, " "), NULL, 10);
	}
	free(text);
	return true;
}

void
rm_keeper_forget(const char *record)
{
	static const char *const endings[] = { "pid", "status" };
	for (size_t i = 0; i < 2; i++) {
		char *path = rm_format("%s.%s", record, endings[i]);
		unlink(path);
		free(path);
	}
}

/* Where proc(5) has what in /proc/PID/stat, counted from behind the name, which
 * may hold anything. */
#define STAT_STATE   0
#define STAT_SESSION 3
#define STAT_STARTED 19

static bool
read_stat(
    const char *pid, char *state, pid_t *session, unsigned long long *started)
{
	char *path = rm_format("/proc/%s/stat", pid);
	char text[1024];
	FILE *in = fopen(path, "re");
	free(path);
	if (in == NULL)
		return false;
	size_t n = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[n] = '\0';
	char *rest = strrchr(text, ')');
	if (rest == NULL)
		return false;
	strsep(&rest, " ");
	int i = 0;
	for (char *field; (field = strsep(&rest, " ")) != NULL; i++) {
		if (i == STAT_STATE)
			*state = *field;
		else if (i == STAT_SESSION)
			*session = (pid_t)strtol(field, NULL, 10);
		else if (i == STAT_STARTED)
			*started = strtoull(field, NULL, 10);
	}
	return i > STAT_STARTED;
}

unsigned long long
rm_process_started(pid_t pid)
{
	char name[32], state = 'Z';
	pid_t session;
	unsigned long long started = 0;
	snprintf(name, sizeof(name), "%d", (int)pid);
	if (!read_stat(name, &state, &session, &started) || state == 'Z')
		return 0;
	return started;
}

int
rm_session_kill(pid_t session)
{
	DIR *proc = opendir("/proc");
	int count = 0;
	for (struct dirent *e; proc != NULL && (e = readdir(proc)) != NULL;) {
		char state;
		pid_t its_session;
		unsigned long long started;
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid <= 0 || pid == session ||
		    !read_stat(e->d_name, &state, &its_session, &started) ||
		    its_session != session || state == 'Z')
			continue;
		kill(pid, SIGKILL);
		count++;
	}
	if (proc != NULL)
		closedir(proc);
	return count;
}
