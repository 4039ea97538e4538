/*
 * Paths that are not passed on. Pure.
 */
#ifndef RM_PROXY_REFUSED_H
#define RM_PROXY_REFUSED_H

#include <stdbool.h>
#include <stddef.h>

/* paths: "/admin,/a/b", each with all below it; NULL or "": none. A request's
 * target is read as Riak's web server does: escapes are decoded, slashes in a
 * row are one, what is behind ? does not count; http://host/path likewise. It
 * is refused too when it leads there once "." and ".." are taken away. */
bool rm_path_refused(const char *paths, const char *target, size_t len);

#endif
