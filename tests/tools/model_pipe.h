/*
 * Of the model (model.c): the four pure stages as processes, and the records
 * as ZooKeeper would have them: what is written is told back late.
 */
#ifndef MODEL_PIPE_H
#define MODEL_PIPE_H

#include <fcntl.h>
#include <jv.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"

static void die(const char *what, const char *of);

/* ---- records ---- */

struct news {
	char *path;
	bool gone;
};

static jv records; /* path to value */
static jv versions; /* path to number; kept when it is gone */
static struct news news[4096];
static int news_count;

static jv
record(const char *path)
{
	return rm_json_get(records, path);
}

static bool
has(const char *path)
{
	return rm_json_has(records, path);
}

/* Consumes value; null deletes. */
static void
store(const char *path, jv value)
{
	double version = rm_json_number(versions, path, -1) + 1;
	bool gone = jv_get_kind(value) == JV_KIND_NULL;
	if (gone && !has(path))
		return;
	if (gone)
		records = jv_object_delete(records, jv_string(path));
	else
		records = rm_json_set(records, path, jv_copy(value));
	jv_free(value);
	versions = rm_json_set(versions, path, jv_number(version));
	if (news_count == 4096)
		die("too much news", path);
	news[news_count++] = (struct news){ rm_strdup(path), gone };
}

static void
record_line(struct rm_str *to, const char *path)
{
	jv value = record(path);
	if (!jv_is_valid(value)) {
		jv_free(value);
		value = jv_null();
	}
	rm_json_write(to, JV_OBJECT(jv_string("record"), jv_string(path),
			      jv_string("value"), value, jv_string("version"),
			      jv_number(rm_json_number(versions, path, 0))));
	rm_str_puts(to, "\n");
}

/* The first so many; of one znode the newest value only, as with watches. */
static void
tell_news(struct rm_str *to, int count)
{
	for (int i = 0; i < count; i++) {
		record_line(to, news[i].path);
		free(news[i].path);
	}
	memmove(
	    news, news + count, sizeof(*news) * (size_t)(news_count - count));
	news_count -= count;
}

static void
snapshot(struct rm_str *to)
{
	jv keys = jv_keys(jv_copy(records));
	jv_array_foreach (keys, i, key) {
		record_line(to, jv_string_value(key));
		jv_free(key);
	}
	jv_free(keys);
	for (int i = 0; i < news_count; i++)
		free(news[i].path);
	news_count = 0;
	rm_str_puts(to, "{\"record\":\"\",\"snapshot\":true}\n");
}

/* ---- processes ---- */

static const char *const stages[] = { "rm-status", "rm-cluster", "rm-offer",
	"rm-launch" };
#define STAGES 4

static pid_t pids[STAGES];
static int to_stages = -1, from_stages = -1;

static pid_t
start_stage(const char *name, int in, int out)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", getenv("RM_BIN"), name);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	int log = open(
	    getenv("MODEL_LOG") != NULL ? getenv("MODEL_LOG") : "/dev/null",
	    O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(in, 0);
	dup2(out, 1);
	dup2(log, 2);
	execl(path, name, (char *)NULL);
	_exit(127);
}

static void
start_stages(void)
{
	int ends[2], in;
	if (pipe2(ends, O_CLOEXEC) != 0)
		die("pipe", "");
	to_stages = ends[1];
	in = ends[0];
	for (int i = 0; i < STAGES; i++) {
		if (pipe2(ends, O_CLOEXEC) != 0)
			die("pipe", "");
		pids[i] = start_stage(stages[i], in, ends[1]);
		close(in);
		close(ends[1]);
		in = ends[0];
	}
	from_stages = in;
	fcntl(to_stages, F_SETFL, O_NONBLOCK);
}

static void
stop_stages(void)
{
	close(to_stages);
	close(from_stages);
	for (int i = 0; i < STAGES; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

/* Sends lines and takes all that the stages say of them: up to a heartbeat
 * that goes through all. */
static void
exchange(const struct rm_str *lines, struct rm_str *answer)
{
	static unsigned long turn;
	char mark[64], chunk[65536];
	size_t sent = 0;
	struct rm_str all = { 0 };
	snprintf(mark, sizeof(mark), "{\"event\":\"HEARTBEAT\",\"at\":%lu}\n",
	    ++turn);
	rm_str_add(&all, lines->text != NULL ? lines->text : "", lines->len);
	rm_str_puts(&all, mark);
	rm_str_puts(answer, "");
	while (strstr(answer->text, mark) == NULL) {
		struct pollfd fds[] = { { from_stages, POLLIN, 0 },
			{ sent < all.len ? to_stages : -1, POLLOUT, 0 } };
		if (poll(fds, 2, 20000) <= 0)
			die("the stages are silent", "");
		if (fds[1].revents != 0) {
			ssize_t n = write(
			    to_stages, all.text + sent, all.len - sent);
			sent += n > 0 ? (size_t)n : 0;
		}
		if (fds[0].revents == 0)
			continue;
		ssize_t n = read(from_stages, chunk, sizeof(chunk));
		if (n <= 0)
			die("a stage has ended", "");
		rm_str_add(answer, chunk, (size_t)n);
	}
	rm_str_free(&all);
}

#endif
