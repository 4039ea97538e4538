#include "cli/wait.h"

#include <string.h>

#include "base/exit.h"
#include "cli/screen.h"
#include "io/loop.h"

#define LOOK_EVERY 0.5
#define BAR_WIDTH  20
/* An answer may take as long, however little time there is. */
#define LEAST_TIME 5.0

struct waiting {
	double began, timeout;
	bool live, quiet;
	struct rm_screen screen;
	struct rm_str shown; /* the last line */
};

static void
put_bar(struct rm_str *out, const struct rm_cli_seen *seen)
{
	double part = seen->done / seen->of;
	int full = (int)(BAR_WIDTH * (part > 1 ? 1 : part));
	rm_str_puts(out, "  [");
	for (int i = 0; i < BAR_WIDTH; i++)
		rm_str_puts(out, i < full ? "#" : "-");
	rm_str_puts(out, "]");
}

/* What is first, with the bar and the time; the rest below. */
static int
draw(struct waiting *w, const struct rm_cli_seen *seen, bool is,
    struct rm_error *err)
{
	struct rm_str out = { 0 }, head = { 0 };
	const char *rest = seen->words.text;
	size_t n = strcspn(rest, ";");
	rm_str_add(&head, rest, n);
	rm_screen_paint(&out, is ? RM_PAINT_GOOD : RM_PAINT_BUSY, head.text);
	if (seen->of > 0)
		put_bar(&out, seen);
	rm_str_printf(&out, "  %.0f s", rm_now() - w->began);
	if (!is)
		rm_str_printf(&out, " of %g", w->timeout);
	rm_str_puts(&out, "\n");
	for (rest += n; *rest != '\0'; rest += n) {
		rest += strspn(rest, "; ");
		n = strcspn(rest, ";");
		rm_str_puts(&out, "  ");
		rm_str_add(&out, rest, n);
		rm_str_puts(&out, "\n");
	}
	int rc = rm_screen_draw(&w->screen, &out, err);
	rm_str_free(&head);
	rm_str_free(&out);
	return rc;
}

static int
show(struct waiting *w, const struct rm_cli_seen *seen, bool is,
    struct rm_error *err)
{
	const char *now = seen->words.text;
	if (w->quiet || seen->words.len == 0)
		return 0;
	if (w->live)
		return draw(w, seen, is, err);
	if (w->shown.len > 0 && strncmp(w->shown.text, now, strlen(now)) == 0 &&
	    w->shown.text[strlen(now)] == '\n')
		return 0;
	rm_str_clear(&w->shown);
	rm_str_printf(&w->shown, "%s\n", now);
	return rm_screen_write(&w->shown, err);
}

/* A terminal is not to be steered by what a peer says. */
static void
make_harmless(struct rm_str *words)
{
	for (size_t i = 0; i < words->len; i++)
		if ((unsigned char)words->text[i] < ' ' ||
		    words->text[i] == 127)
			words->text[i] = '?';
}

static int
look(struct rm_cli *cli, const struct rm_cli_wait *wait,
    struct rm_cli_seen *seen, struct rm_error *err)
{
	rm_str_clear(&seen->words);
	rm_str_puts(&seen->words, "");
	seen->done = seen->of = 0;
	*err = (struct rm_error){ 0 };
	int is = wait->look(wait->arg, cli, seen, err);
	if (is < 0 && err->code == RM_EXIT_OUTSIDE) {
		rm_str_clear(&seen->words);
		rm_str_puts(&seen->words, err->text);
	}
	make_harmless(&seen->words);
	return is;
}

int
rm_cli_wait(struct rm_cli *cli, const struct rm_cli_wait *wait, double timeout,
    struct rm_error *err)
{
	struct waiting w = { .began = rm_now(),
		.timeout = timeout,
		.live = rm_screen_live(),
		.quiet = wait->quiet };
	struct rm_cli_seen seen = { 0 };
	struct rm_error looked;
	int is, shown;
	for (;;) {
		double left = w.began + timeout - rm_now();
		cli->deadline = left > LEAST_TIME ? left : LEAST_TIME;
		is = look(cli, wait, &seen, &looked);
		bool away = is < 0 && looked.code == RM_EXIT_OUTSIDE;
		shown = show(&w, &seen, is > 0, err);
		if (shown != 0 || is > 0 || (is < 0 && !away) ||
		    rm_now() >= w.began + timeout)
			break;
		rm_cli_sleep(cli, LOOK_EVERY);
	}
	cli->deadline = 0;
	if (shown == 0 && is < 0)
		rm_error_set(err, looked.code, "%s", looked.text);
	else if (shown == 0 && is == 0)
		rm_error_set(err, RM_EXIT_TIMEOUT, "timed out after %g s: %s",
		    timeout, seen.words.text);
	rm_str_free(&w.shown);
	rm_str_free(&seen.words);
	return shown == 0 && is > 0 ? 0 : -1;
}
