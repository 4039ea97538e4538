#include "stream/lines.h"

#include <string.h>

void
rm_lines_feed(struct rm_lines *lines, const void *bytes, size_t len)
{
	if (lines->from > 0) {
		rm_str_drop(&lines->buf, lines->from);
		lines->scanned -= lines->from;
		lines->from = 0;
	}
	rm_str_add(&lines->buf, bytes, len);
}

/* Forgets the beginning of a line that has grown too long. */
static void
shed(struct rm_lines *lines)
{
	if (lines->buf.len - lines->from <= RM_LINE_MAX)
		return;
	lines->oversized = true;
	rm_str_clear(&lines->buf);
	lines->from = lines->scanned = 0;
}

static enum rm_lines_result
take(struct rm_lines *lines, const char **line, size_t *len, size_t end)
{
	*line = lines->buf.text + lines->from;
	*len = end - lines->from;
	lines->number++;
	bool oversized = lines->oversized || *len > RM_LINE_MAX;
	lines->oversized = false;
	return oversized ? RM_LINES_TOO_LONG : RM_LINES_LINE;
}

enum rm_lines_result
rm_lines_next(struct rm_lines *lines, const char **line, size_t *len)
{
	struct rm_str *buf = &lines->buf;
	const char *newline = buf->len > lines->scanned
				  ? memchr(buf->text + lines->scanned, '\n',
					buf->len - lines->scanned)
				  : NULL;
	if (newline == NULL) {
		lines->scanned = buf->len;
		shed(lines);
		return RM_LINES_NONE;
	}
	size_t end = (size_t)(newline - buf->text);
	enum rm_lines_result result = take(lines, line, len, end);
	lines->from = lines->scanned = end + 1;
	return result;
}

enum rm_lines_result
rm_lines_rest(struct rm_lines *lines, const char **line, size_t *len)
{
	if (lines->buf.len == lines->from && !lines->oversized)
		return RM_LINES_NONE;
	if (lines->buf.text == NULL)
		rm_str_puts(&lines->buf, "");
	size_t end = lines->buf.len;
	enum rm_lines_result result = take(lines, line, len, end);
	lines->from = lines->scanned = end;
	return result;
}

void
rm_lines_free(struct rm_lines *lines)
{
	rm_str_free(&lines->buf);
	*lines = (struct rm_lines){ 0 };
}
