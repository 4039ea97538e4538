#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct {
	const char *program;
	enum rm_log_format format;
	enum rm_log_level least;
	bool stamped;
} conf = { "riak-mesos", RM_LOG_TEXT, RM_LOG_INFO, false };

static const char *const level_names[] = {
	[RM_LOG_ERROR] = "error",
	[RM_LOG_WARN] = "warn",
	[RM_LOG_INFO] = "info",
	[RM_LOG_DEBUG] = "debug",
};

/* systemd.exec(5): JOURNAL_STREAM holds "device:inode" of the journal's
 * socket; it may be inherited by a child whose stderr is another file. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	char *rest;
	bool device = strtoull(stream, &rest, 10) == st.st_dev;
	return device && *rest == ':' &&
	       strtoull(rest + 1, NULL, 10) == st.st_ino;
}

void
rm_log_open(
    const char *program, enum rm_log_format format, enum rm_log_level least)
{
	conf.program = program;
	conf.format = format;
	conf.least = least;
	conf.stamped = !stderr_is_journal() && !isatty(STDERR_FILENO);
}

const char *
rm_log_format_name(void)
{
	return conf.format == RM_LOG_JSON ? "json" : "text";
}

const char *
rm_log_level_name(void)
{
	return level_names[conf.least];
}

/* Text: a control byte becomes \xNN, so that no peer's words can forge a line
 * or move the cursor. JSON: the escapes of RFC 8259. */
static size_t
escape(char *to, size_t room, const char *from, bool json)
{
	size_t n = 0;
	for (; *from != '\0' && n + 7 < room; from++) {
		unsigned char c = (unsigned char)*from;
		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(
			    to + n, room - n, json ? "\\u%04x" : "\\x%02x", c);
		else if (json && (c == '"' || c == '\\'))
			n += (size_t)snprintf(to + n, room - n, "\\%c", c);
		else
			to[n++] = (char)c;
	}
	to[n] = '\0';
	return n;
}

static void
write_line(const char *line, size_t len)
{
	/* One write; if stderr is gone there is nobody to tell. */
	ssize_t ignored = write(STDERR_FILENO, line, len);
	(void)ignored;
}

void
rm_log(enum rm_log_level level, const char *fmt, ...)
{
	if (level > conf.least)
		return;
	char raw[2048], text[4096], line[4608];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	escape(text, sizeof(text), raw, conf.format == RM_LOG_JSON);

	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int n;
	if (conf.format == RM_LOG_JSON) {
		n = snprintf(line, sizeof(line),
		    "{\"at\":%lld.%03ld,\"program\":\"%s\",\"level\":\"%s\","
		    "\"message\":\"%s\"}\n",
		    (long long)now.tv_sec, now.tv_nsec / 1000000, conf.program,
		    level_names[level], text);
	} else {
		char stamp[40] = "";
		struct tm tm;
		if (conf.stamped && gmtime_r(&now.tv_sec, &tm) != NULL)
			strftime(
			    stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ ", &tm);
		n = snprintf(line, sizeof(line), "%s%s: %s: %s\n", stamp,
		    conf.program, level_names[level], text);
	}
	if (n > 0)
		write_line(line,
		    (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}
