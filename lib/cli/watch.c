/* riak-mesos status --watch */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/filter.h"
#include "cli/print.h"
#include "cli/screen.h"
#include "cli/status.h"
#include "io/loop.h"

#define LOOK_EVERY 0.5
#define PATIENCE   10.0 /* until it is told that nobody answers */

struct watching {
	struct rm_cli *cli;
	struct rm_screen screen;
	struct rm_str last; /* what was written last: documents */
	jv lines; /* as they were: rm_cli_status_lines() */
	char *away; /* what was wrong, as it was told, or NULL */
};

static void
stamp(struct rm_str *out)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32];
	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	rm_str_puts(out, text);
}

/* A line for each of the first that the second has not, or has otherwise. */
static void
put_changes(struct rm_str *out, jv now, jv then, bool gone)
{
	jv keys = jv_keys(jv_copy(now));
	jv_array_foreach (keys, i, key) {
		const char *name = jv_string_value(key);
		const char *is = rm_json_text(now, name, "");
		const char *was = rm_json_text(then, name, NULL);
		if (was == NULL || (!gone && strcmp(is, was) != 0)) {
			stamp(out);
			rm_str_printf(
			    out, " %s: %s\n", name, gone ? "gone" : is);
		}
		jv_free(key);
	}
	jv_free(keys);
}

static int
tell_changes(struct watching *w, jv status, struct rm_error *err)
{
	struct rm_str out = { 0 };
	jv lines = rm_cli_status_lines(status);
	put_changes(&out, lines, w->lines, false);
	put_changes(&out, w->lines, lines, true);
	jv_free(w->lines);
	w->lines = lines;
	int rc = rm_screen_write(&out, err);
	rm_str_free(&out);
	return rc;
}

/* The document, or what a jq program makes of it, when that has changed. */
static int
tell_document(struct watching *w, jv status, struct rm_error *err)
{
	const char *program = w->cli->options->jq;
	struct rm_str out = { 0 };
	int rc = 0;
	rm_cli_print_json(&out, jv_copy(status));
	if (program != NULL)
		rc = rm_cli_filter(program, &out, err);
	if (rc == 0 && (out.len != w->last.len ||
			   (out.len > 0 &&
			       memcmp(out.text, w->last.text, out.len) != 0))) {
		rc = rm_screen_write(&out, err);
		rm_str_clear(&w->last);
		rm_str_add(&w->last, out.text, out.len);
	}
	rm_str_free(&out);
	return rc;
}

/* wrong: the API is away, and this is how things were. */
static int
draw(struct watching *w, jv status, const char *wrong, struct rm_error *err)
{
	struct rm_str out = { 0 };
	if (jv_get_kind(status) == JV_KIND_OBJECT)
		rm_cli_print_status(&out, status);
	if (wrong != NULL) {
		rm_screen_paint(&out, RM_PAINT_BAD, wrong);
		rm_str_puts(&out, "\n");
	}
	stamp(&out);
	rm_str_puts(&out, "\n");
	int rc = rm_screen_draw(&w->screen, &out, err);
	rm_str_free(&out);
	return rc;
}

/* Told once, until it is another. */
static void
tell_away(struct watching *w, const struct rm_error *wrong)
{
	if (w->away != NULL && strcmp(w->away, wrong->text) == 0)
		return;
	free(w->away);
	w->away = rm_strdup(wrong->text);
	rm_log_warn("%s", w->away);
}

static int
look(struct watching *w, const char *cluster, jv *status, struct rm_error *err)
{
	const struct rm_cli_options *o = w->cli->options;
	bool live = !o->json && rm_screen_live();
	struct rm_error wrong = { 0 };
	jv now;
	int rc = rm_cli_get_status(w->cli, cluster, &now, &wrong);
	if (w->cli->stopped)
		return rc == 0 ? (jv_free(now), 0) : 0;
	if (rc != 0 && wrong.code != RM_EXIT_OUTSIDE)
		return rm_error_set(err, wrong.code, "%s", wrong.text);
	if (rc != 0 && live)
		return draw(w, *status, wrong.text, err);
	if (rc != 0)
		return tell_away(w, &wrong), 0;
	free(w->away);
	w->away = NULL;
	jv_free(*status);
	*status = now;
	return o->json ? tell_document(w, now, err)
	       : live  ? draw(w, now, NULL, err)
		       : tell_changes(w, now, err);
}

int
rm_cli_watch_status(
    struct rm_cli *cli, const char *cluster, struct rm_error *err)
{
	struct watching w = { .cli = cli, .lines = jv_object() };
	jv status = jv_invalid();
	int rc = rm_cli_catch_stop(cli, err);
	cli->deadline = PATIENCE;
	while (rc == 0 && !cli->stopped && !rm_screen_gone()) {
		rc = look(&w, cluster, &status, err);
		if (rc == 0 && !cli->stopped)
			rm_cli_sleep(cli, LOOK_EVERY);
	}
	jv_free(status);
	jv_free(w.lines);
	free(w.away);
	rm_str_free(&w.last);
	return rc;
}
