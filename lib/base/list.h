/*
 * Lists that are walked while their items go: BSD's macros, which glibc's
 * sys/queue.h lacks. The body may free var, and nothing else of the list.
 * The other way to empty a list, taking the first until there is none, is one
 * that no analyzer can follow.
 */
#ifndef RM_BASE_LIST_H
#define RM_BASE_LIST_H

#include <sys/queue.h>

#define LIST_FOREACH_SAFE(var, head, field, next)                              \
	for ((var) = LIST_FIRST((head));                                       \
	     (var) != NULL && ((next) = LIST_NEXT((var), field), 1);           \
	     (var) = (next))

#define TAILQ_FOREACH_SAFE(var, head, field, next)                             \
	for ((var) = TAILQ_FIRST((head));                                      \
	     (var) != NULL && ((next) = TAILQ_NEXT((var), field), 1);          \
	     (var) = (next))

#endif
