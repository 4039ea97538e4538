#include "stream/stage.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "stream/figures.h"
#include "stream/lines.h"

/* Written out when this much has gathered, or when the input runs dry. */
#define FLUSH_AT  ((size_t)64 << 10)
#define READ_SIZE ((size_t)64 << 10)

struct rm_stage {
	const struct rm_stage_rule *rules;
	void *state;
	struct rm_lines in;
	struct rm_str out;
	unsigned long dropped;
	bool report;
	bool quit;
	int code;
};

void
rm_stage_emit(struct rm_stage *stage, jv line)
{
	if (stage->report)
		jv_free(line);
	else
		rm_stage_tell(stage, line);
}

void
rm_stage_emit_text(struct rm_stage *stage, const char *line, size_t len)
{
	if (stage->report)
		return;
	rm_str_add(&stage->out, line, len);
	rm_str_add(&stage->out, "\n", 1);
}

bool
rm_stage_reports(const struct rm_stage *stage)
{
	return stage->report;
}

void
rm_stage_tell(struct rm_stage *stage, jv line)
{
	rm_json_write(&stage->out, line);
	rm_str_add(&stage->out, "\n", 1);
}

void
rm_stage_write(struct rm_stage *stage, const char *key, jv value, int version)
{
	jv line = JV_OBJECT(
	    jv_string("write"), jv_string(key), jv_string("value"), value);
	if (version >= 0)
		line = rm_json_set(line, "version", jv_number(version));
	rm_stage_emit(stage, line);
}

void
rm_stage_call(
    struct rm_stage *stage, const char *type, const char *body_key, jv body)
{
	jv call = JV_OBJECT(jv_string("type"), jv_string(type));
	if (body_key != NULL)
		call = rm_json_set(call, body_key, body);
	else
		jv_free(body);
	rm_stage_emit(stage, JV_OBJECT(jv_string("call"), jv_string(type),
				 jv_string("mesos"), call));
}

void
rm_stage_quit(struct rm_stage *stage, int code)
{
	stage->quit = true;
	stage->code = code;
}

int
rm_stage_lacks(struct rm_error *err, const char *field)
{
	return rm_error_set(err, RM_EXIT_REJECTED, "lacks %s", field);
}

static void
drop(struct rm_stage *stage, const char *why)
{
	rm_log_warn("line %lu dropped: %s", stage->in.number, why);
	rm_figures_dropped();
	stage->dropped++;
}

void
rm_stage_reject(struct rm_stage *stage, const char *why)
{
	rm_log_warn("line %lu: left out: %s", stage->in.number, why);
	rm_figures_dropped();
	stage->dropped++;
}

static const struct rm_stage_rule *
find_rule(const struct rm_stage *stage, const struct rm_head *head)
{
	const struct rm_stage_rule *rule = stage->rules;
	for (; rule->kind != RM_KIND_NONE; rule++)
		if (rule->kind == head->kind && rm_head_is(head, rule->value))
			return rule;
	return NULL;
}

static void
handle(struct rm_stage *stage, const char *line, size_t len)
{
	struct rm_head head = rm_kind_of(line, len);
	if (head.kind == RM_KIND_NONE) {
		drop(stage, "starts with no known kind");
		return;
	}
	const struct rm_stage_rule *rule = find_rule(stage, &head);
	if (rule == NULL) {
		rm_stage_emit_text(stage, line, len);
		return;
	}
	struct rm_error err = { 0 };
	size_t before = stage->out.len;
	jv value;
	if (!rule->ends)
		rm_stage_emit_text(stage, line, len);
	if (rule->read != NULL && rule->read(stage, stage->state, line, len))
		return;
	if (rm_json_parse(line, len, &value, &err) != 0) {
		drop(stage, err.text);
		stage->out.len = before;
		return;
	}
	if (rule->handle(stage, stage->state, value, &err) != 0) {
		rm_error_prefix(&err, "%s", rm_kind_name(head.kind));
		drop(stage, err.text);
		stage->out.len = before;
	}
}

static int
flush(struct rm_stage *stage)
{
	size_t done = 0;
	while (done < stage->out.len) {
		ssize_t n = write(STDOUT_FILENO, stage->out.text + done,
		    stage->out.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno != EPIPE)
				rm_log_error(
				    "standard output: %s", strerror(errno));
			return -1;
		}
		done += (size_t)n;
	}
	rm_str_clear(&stage->out);
	return 0;
}

/* Whether a read would have to wait. */
static bool
dry(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	return poll(&in, 1, 0) == 0;
}

/* Bytes read; 0 at the end, -1 on failure, which is reported. */
static ssize_t
fill(struct rm_stage *stage)
{
	char chunk[READ_SIZE];
	ssize_t n;
	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) < 0)
		if (errno != EINTR) {
			rm_log_error("standard input: %s", strerror(errno));
			return -1;
		}
	rm_lines_feed(&stage->in, chunk, (size_t)n);
	return n;
}

static int
take_lines(struct rm_stage *stage,
    enum rm_lines_result (*next)(struct rm_lines *, const char **, size_t *))
{
	const char *line;
	size_t len;
	enum rm_lines_result got;
	while (!stage->quit &&
	       (got = next(&stage->in, &line, &len)) != RM_LINES_NONE) {
		if (got == RM_LINES_TOO_LONG)
			drop(stage, "too long");
		else
			handle(stage, line, len);
		if (stage->out.len >= FLUSH_AT && flush(stage) != 0)
			return -1;
	}
	return 0;
}

static int
run(struct rm_stage *stage)
{
	ssize_t n = 1;
	while (n > 0 && !stage->quit) {
		if (stage->out.len > 0 && dry() && flush(stage) != 0)
			return RM_EXIT_OUTSIDE;
		n = fill(stage);
		if (n < 0 || take_lines(stage,
				 n > 0 ? rm_lines_next : rm_lines_rest) != 0)
			return RM_EXIT_OUTSIDE;
	}
	if (flush(stage) != 0)
		return RM_EXIT_OUTSIDE;
	if (stage->quit)
		return stage->code;
	return stage->dropped > 0 ? RM_EXIT_REJECTED : RM_EXIT_OK;
}

int
rm_stage_run(const struct rm_stage_rule *rules, void *state, bool report)
{
	struct rm_stage stage = { .rules = rules,
		.state = state,
		.report = report };
	int code = run(&stage);
	rm_lines_free(&stage.in);
	rm_str_free(&stage.out);
	return code;
}
