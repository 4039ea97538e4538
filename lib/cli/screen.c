#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/exit.h"

bool
rm_screen_live(void)
{
	const char *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && term != NULL && *term != '\0' &&
	       strcmp(term, "dumb") != 0;
}

bool
rm_screen_coloured(void)
{
	const char *no = getenv("NO_COLOR");
	return (no == NULL || *no == '\0') && rm_screen_live();
}

void
rm_screen_paint(struct rm_str *out, const char *paint, const char *text)
{
	if (paint == NULL || *text == '\0' || !rm_screen_coloured())
		rm_str_puts(out, text);
	else
		rm_str_printf(out, "\033[%sm%s\033[0m", paint, text);
}

/* Appends what fits into one row; returns how many bytes of text that takes,
 * with the newline where the line ends. Escape sequences take no room. */
static size_t
put_row(struct rm_str *out, const char *text, int columns)
{
	const char *p = text;
	int shown = 0;
	while (*p != '\0' && *p != '\n') {
		size_t n = 1;
		/* A character's later bytes go where its first one went. */
		bool begins = ((unsigned char)*p & 0xc0) != 0x80;
		if (*p == '\033') {
			n += strcspn(p + 1, "m\n");
			n += p[n] == 'm';
		} else if (begins && shown++ == columns) {
			break;
		}
		rm_str_add(out, p, n);
		p += n;
	}
	return (size_t)(p - text) + (*p == '\n');
}

static void
size_of_terminal(int *rows, int *columns)
{
	struct winsize size = { 0 };
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		size = (struct winsize){ 0 };
	*rows = size.ws_row > 1 ? size.ws_row : 24;
	*columns = size.ws_col > 1 ? size.ws_col : 80;
}

int
rm_screen_draw(
    struct rm_screen *screen, const struct rm_str *text, struct rm_error *err)
{
	struct rm_str out = { 0 };
	const char *p = text->text != NULL ? text->text : "";
	int rows, columns, lines = 0;
	size_of_terminal(&rows, &columns);
	if (screen->lines > 0 && columns != screen->columns)
		/* Lines may have been folded anew: where they begin is lost. */
		rm_str_puts(&out, "\033[H\033[2J");
	else if (screen->lines > 0)
		rm_str_printf(&out, "\033[%dA", screen->lines);
	while (*p != '\0' && lines < rows - 1) {
		p += put_row(&out, p, columns);
		rm_str_puts(&out, "\033[K\n");
		lines++;
	}
	rm_str_puts(&out, "\033[0m\033[J");
	screen->lines = lines;
	screen->columns = columns;
	int rc = rm_screen_write(&out, err);
	rm_str_free(&out);
	return rc;
}

int
rm_screen_write(const struct rm_str *text, struct rm_error *err)
{
	size_t done = 0;
	while (done < text->len) {
		ssize_t n = write(
		    STDOUT_FILENO, text->text + done, text->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE)
			return rm_error_set(err, RM_EXIT_OUTSIDE, "%s", "");
		if (n < 0)
			return rm_error_set(err, RM_EXIT_OUTSIDE,
			    "standard output: %s", strerror(errno));
		done += (size_t)n;
	}
	return 0;
}

bool
rm_screen_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };
	return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLNVAL));
}
