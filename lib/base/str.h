/*
 * A growing byte string. All zero is a valid empty one. text is always
 * NUL-terminated once something was added; NULL before that. Running out of
 * memory ends the process with RM_EXIT_OUTSIDE: as libjq does, and there is
 * nothing useful left to do.
 */
#ifndef RM_BASE_STR_H
#define RM_BASE_STR_H

#include <stddef.h>

struct rm_str {
	char *text; /* owned */
	size_t len; /* without the NUL */
	size_t room;
};

void rm_str_add(struct rm_str *s, const void *bytes, size_t len);
void rm_str_puts(struct rm_str *s, const char *text);
void rm_str_printf(struct rm_str *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes n bytes off the front. */
void rm_str_drop(struct rm_str *s, size_t n);
/* Empties it and keeps its memory. */
void rm_str_clear(struct rm_str *s);
/* Gives the text to the caller ("" when empty), leaves s empty. */
char *rm_str_take(struct rm_str *s);
/* Accepts an empty one; may be called twice. */
void rm_str_free(struct rm_str *s);

/* malloc and friends that end the process instead of returning NULL. */
void *rm_alloc(size_t size) /* zeroed */
    __attribute__((malloc, returns_nonnull));
void *rm_realloc(void *p, size_t size) __attribute__((returns_nonnull));
char *rm_strdup(const char *text) __attribute__((malloc, returns_nonnull));
/* A new string, the caller's. */
char *rm_format(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), malloc, returns_nonnull));

#endif
