#include "proxy/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"

#define FLUSH_SECONDS 1
#define FLUSH_BYTES   ((size_t)64 << 10)

struct rm_access_log {
	const char *path;
	int fd;
	struct rm_str text; /* whole lines that wait */
	struct rm_timer timer;
	bool torn; /* what the file got last is no whole line */
	unsigned long long dropped; /* bytes, since the last that were not */
};

static int
open_file(const char *path, struct rm_error *err)
{
	int fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
	    0640);
	if (fd < 0)
		rm_error_set(err, RM_EXIT_USAGE, "--access-log %s: %s", path,
		    strerror(errno));
	return fd;
}

static void
tell_lost(struct rm_access_log *log)
{
	if (log->dropped > 0)
		rm_log_warn(
		    "%s: %llu bytes were lost", log->path, log->dropped);
	log->dropped = 0;
}

static void
flush(void *arg)
{
	struct rm_access_log *log = arg;
	rm_timer_stop(&log->timer);
	if (log->text.len == 0)
		return;
	ssize_t n = write(log->fd, log->text.text, log->text.len);
	size_t left = n > 0 ? log->text.len - (size_t)n : log->text.len;
	if (n > 0)
		log->torn = log->text.text[n - 1] != '\n';
	if (left == 0)
		tell_lost(log);
	else if (log->dropped == 0)
		rm_log_warn("%s: lines are lost: %s", log->path,
		    n < 0 ? strerror(errno) : "it takes no more");
	log->dropped += left;
	rm_str_clear(&log->text);
	/* A line that went out in part is ended, so that the next is whole. */
	if (log->torn)
		rm_str_puts(&log->text, "\n");
}

struct rm_access_log *
rm_access_log_new(
    struct event_base *loop, const char *path, struct rm_error *err)
{
	int fd = open_file(path, err);
	if (fd < 0)
		return NULL;
	struct rm_access_log *log = rm_alloc(sizeof(*log));
	log->path = path;
	log->fd = fd;
	rm_timer_init(&log->timer, loop, flush, log);
	return log;
}

static void
add_text(struct rm_str *to, const char *key, const char *text, size_t len)
{
	rm_str_printf(to, ",\"%s\":", key);
	rm_json_write(to, jv_string_sized(text, (int)len));
}

void
rm_access_log_write(struct rm_access_log *log, const struct rm_access *a)
{
	struct rm_str *to = &log->text;
	rm_str_printf(to, "{\"at\":%.3f,\"client\":\"%s\",\"protocol\":\"%s\"",
	    rm_wall(), a->client, a->protocol);
	if (a->line != NULL)
		add_text(to, "request", a->line, a->line_len);
	else
		rm_str_printf(to, ",\"code\":%d", a->code);
	if (a->status > 0)
		rm_str_printf(to, ",\"status\":%d", a->status);
	rm_str_printf(to, ",\"end\":\"%s\",\"bytes\":%llu,\"seconds\":%.6f",
	    a->end, (unsigned long long)a->bytes, a->seconds);
	if (a->node != NULL)
		add_text(to, "node", a->node, strlen(a->node));
	rm_str_printf(to, ",\"tries\":%u}\n", a->tries);
	if (to->len >= FLUSH_BYTES)
		flush(log);
	else if (!rm_timer_armed(&log->timer))
		rm_timer_set(&log->timer, FLUSH_SECONDS);
}

int
rm_access_log_reopen(struct rm_access_log *log, struct rm_error *err)
{
	int fd = open_file(log->path, err);
	if (fd < 0)
		return -1;
	flush(log);
	tell_lost(log);
	close(log->fd);
	log->fd = fd;
	log->torn = false;
	rm_str_clear(&log->text);
	return 0;
}

void
rm_access_log_free(struct rm_access_log *log)
{
	if (log == NULL)
		return;
	flush(log);
	rm_timer_free(&log->timer);
	close(log->fd);
	rm_str_free(&log->text);
	free(log);
}
