/*
 * Logs: one line on stderr, in one write, control bytes made harmless:
 *
 *     rm-offer: warn: no offer fits node=riak-kv-2 why=mem
 *
 * With the format "json" a line is {"at","program","level","message"}. Lines
 * begin with the time unless stderr is the journal's, which adds its own.
 * Programs log; library functions fill a struct rm_error instead, the ones
 * that run by themselves on a loop apart.
 */
#ifndef RM_BASE_LOG_H
#define RM_BASE_LOG_H

/* RM_LOG_NONE, as the least, is silence. */
enum rm_log_level {
	RM_LOG_NONE = -1,
	RM_LOG_ERROR,
	RM_LOG_WARN,
	RM_LOG_INFO,
	RM_LOG_DEBUG
};
enum rm_log_format { RM_LOG_TEXT, RM_LOG_JSON };

/* Borrows program for the life of the process. */
void rm_log_open(
    const char *program, enum rm_log_format format, enum rm_log_level least);

/* As they would be typed: "text", "info". For the command lines of children. */
const char *rm_log_format_name(void);
const char *rm_log_level_name(void);

void rm_log(enum rm_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define rm_log_error(...) rm_log(RM_LOG_ERROR, __VA_ARGS__)
#define rm_log_warn(...)  rm_log(RM_LOG_WARN, __VA_ARGS__)
#define rm_log_info(...)  rm_log(RM_LOG_INFO, __VA_ARGS__)
#define rm_log_debug(...) rm_log(RM_LOG_DEBUG, __VA_ARGS__)

#endif
