/*
 * What we add to the arguments of each Erlang VM that we start, the node's
 * and its commands' alike, through ERL_ZFLAGS: erlexec appends it to the
 * command line, which beats riak.conf and advanced.config. It needs
 * CODE_LOADING_MODE=interactive (for -epmd_module) and ERL_EPMD_PORT.
 *
 * erlexec splits it into words at blanks; quotes and backslashes protect.
 */
#ifndef RM_RIAK_FLAGS_H
#define RM_RIAK_FLAGS_H

#include "base/str.h"

struct rm_flags {
	const char *ebin; /* folder of rm_epmd.beam */
	const char *address; /* the node's */
	int cluster_manager; /* its port */
	const char *data_dir; /* "../data" */
};

/*
 * Where the cluster manager listens, for a node at address (borrowed): it
 * refuses to start at one that no interface is given, and of the loopback
 * network that leaves 127.0.0.1.
 */
const char *rm_flags_manager(const char *address);

/* Appends the value of ERL_ZFLAGS. */
void rm_flags_write(struct rm_str *to, const struct rm_flags *flags);

#endif
