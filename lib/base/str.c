#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void *
check(void *p)
{
	if (p == NULL)
		rm_memory_exhausted();
	return p;
}

void *
rm_alloc(size_t size)
{
	return check(calloc(1, size > 0 ? size : 1));
}

void *
rm_realloc(void *p, size_t size)
{
	return check(realloc(p, size > 0 ? size : 1));
}

char *
rm_strdup(const char *text)
{
	return check(strdup(text));
}

char *
rm_format(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return check(n < 0 ? NULL : text);
}

static void
reserve(struct rm_str *s, size_t more)
{
	size_t need = s->len + more + 1;
	if (s->text != NULL && need <= s->room)
		return;
	size_t room = s->room > 0 ? s->room : 64;
	while (room < need)
		room *= 2;
	s->text = rm_realloc(s->text, room);
	s->room = room;
}

void
rm_str_add(struct rm_str *s, const void *bytes, size_t len)
{
	reserve(s, len);
	if (len > 0)
		memcpy(s->text + s->len, bytes, len);
	s->len += len;
	s->text[s->len] = '\0';
}

void
rm_str_puts(struct rm_str *s, const char *text)
{
	rm_str_add(s, text, strlen(text));
}

void
rm_str_printf(struct rm_str *s, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		reserve(s, (size_t)n);
		vsnprintf(s->text + s->len, (size_t)n + 1, fmt, again);
		s->len += (size_t)n;
	}
	va_end(again);
}

void
rm_str_drop(struct rm_str *s, size_t n)
{
	if (n == 0)
		return;
	s->len -= n;
	memmove(s->text, s->text + n, s->len + 1);
}

void
rm_str_clear(struct rm_str *s)
{
	s->len = 0;
	if (s->text != NULL)
		s->text[0] = '\0';
}

char *
rm_str_take(struct rm_str *s)
{
	if (s->text == NULL)
		rm_str_add(s, "", 0);
	char *text = s->text;
	*s = (struct rm_str){ 0 };
	return text;
}

void
rm_str_free(struct rm_str *s)
{
	free(s->text);
	*s = (struct rm_str){ 0 };
}
