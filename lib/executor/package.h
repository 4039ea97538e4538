/*
 * Riak's package in the sandbox, where the fetcher unpacked it: somewhere
 * there is riak/bin/riak, and its riak/ has to be the volume's neighbour.
 */
#ifndef RM_EXECUTOR_PACKAGE_H
#define RM_EXECUTOR_PACKAGE_H

#include <stdbool.h>

#include "base/error.h"

struct rm_package {
	char *root; /* "<sandbox>/riak" */
	char *erts_bin; /* "<root>/erts-…/bin", NULL: Erlang is the host's */
};

/*
 * Finds the package (the one that lies least deep), and moves it. except is a
 * name in the sandbox that is not looked into: the volume's. Its own epmd does
 * nothing from then on. Error: "no riak/bin/riak in the sandbox, which holds:
 * a b", RM_EXIT_USAGE.
 */
int rm_package_open(struct rm_package *package, const char *sandbox,
    const char *except, struct rm_error *err);
void rm_package_free(struct rm_package *package);

/* Whether its schemas name a key of riak.conf; true where it has none. Reads
 * files. */
bool rm_package_knows(const struct rm_package *package, const char *key);
/* Whether root/<path> can be executed. */
bool rm_package_runs(const struct rm_package *package, const char *path);

#endif
