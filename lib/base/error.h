/*
 * Errors of library functions.
 *
 * A function that can fail returns 0 or -1 (or a pointer or NULL) and takes a
 * struct rm_error, which success leaves alone. The library never prints and
 * never exits; whoever called decides. Passing NULL means that the caller does
 * not care.
 */
#ifndef RM_BASE_ERROR_H
#define RM_BASE_ERROR_H

struct rm_error {
	int code; /* enum rm_exit: what a program that gives up exits with */
	char text[512]; /* one line, no newline; names the place */
};

/* Fills err and returns -1, so that `return rm_error_set(...)` reads well. A
 * macro, so that compilers and analyzers know what it returns. */
#define rm_error_set(err, code, ...)                                           \
	rm_error_is(rm_error_fill((err), (code), __VA_ARGS__))
int rm_error_fill(struct rm_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static inline int
rm_error_is(int filled)
{
	(void)filled;
	return -1;
}

/* Puts "<prefix>: " before the text that is there; returns -1. */
int rm_error_prefix(struct rm_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
