/*
 * No memory: there is nothing that a program could do about it half way
 * through a line, and whatever runs is crash-only. So it says so and exits
 * with RM_EXIT_OUTSIDE, wherever it happens: in our own allocations
 * (base/str.h), in libjq, which would abort, in OpenSSL, which would crash, and
 * in libevent, whose callers would have to look at every event they make.
 */
#ifndef RM_BASE_MEMORY_H
#define RM_BASE_MEMORY_H

/* Of this thread; before the libraries' first allocation. */
void rm_memory_guard(void);

/* The end itself. */
void rm_memory_exhausted(void) __attribute__((noreturn));

#endif
