/*
 * A package of Riak before anybody has unpacked it. An agent's fetcher unpacks
 * it beside the volume, so what it holds must not lie in the volume's place.
 * Reads the whole file: about a second for 100 MiB.
 */
#ifndef RM_RIAK_ARCHIVE_H
#define RM_RIAK_ARCHIVE_H

#include "base/error.h"

/* RM_EXIT_USAGE: "…/riak.tar.gz: data/ring would lie in the volume, data", or
 * no riak/bin/riak in it, or no archive. RM_EXIT_OUTSIDE: it can't be read. */
int rm_riak_archive_check(
    const char *file, const char *volume, struct rm_error *err);

/* The same for a URL, if it is that of a file that this machine has: what
 * only agents can fetch is none of our business. */
int rm_riak_archive_check_url(
    const char *url, const char *volume, struct rm_error *err);

#endif
