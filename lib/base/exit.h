/*
 * Exit codes: what a supervisor may do about a program's end is told by its
 * code alone. riak-mesos(7) has this table; each page repeats its part of it.
 */
#ifndef RM_BASE_EXIT_H
#define RM_BASE_EXIT_H

enum rm_exit {
	RM_EXIT_OK = 0, /* done */
	RM_EXIT_NO = 1, /* a negative answer: nothing matched, not healthy */
	RM_EXIT_REJECTED = 2, /* some input was rejected and reported */
	RM_EXIT_TIMEOUT = 3, /* timed out waiting */
	RM_EXIT_USAGE = 100, /* usage or configuration: a restart can't help */
	RM_EXIT_BUG = 101, /* a bug in the program */
	RM_EXIT_CONFLICT = 102, /* another leader, another schema */
	RM_EXIT_OUTSIDE = 111, /* ZooKeeper, Mesos or the system failed */
};

/* The table's words for a code; "unknown" for one that is not in it. */
const char *rm_exit_meaning(int code);

#endif
