/*
 * What the workers of a Director show one another: memory that they share.
 * Each writes its own row alone, and whoever answers on the admin port adds
 * them up. A Director without workers has a board of one row.
 */
#ifndef RM_PROXY_BOARD_H
#define RM_PROXY_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rm_protocol { RM_HTTP, RM_PB, RM_PROTOCOLS };

struct rm_proxy_counters {
	unsigned long long accepted, requests, retries, failures;
	unsigned long long refused; /* bad requests */
	unsigned long long owned; /* given to an owner of their key */
	long open; /* clients now */
};

/* Of one port of a node. */
struct rm_tally {
	unsigned long long served, failures;
	unsigned busy;
};

#define RM_BOARD_NODES 256
#define RM_BOARD_NAME  256

struct rm_board_row {
	struct rm_proxy_counters counters[RM_PROTOCOLS];
	struct {
		uint64_t key; /* 0: free */
		struct rm_tally tallies[RM_PROTOCOLS];
	} nodes[RM_BOARD_NODES];
};

struct rm_board {
	unsigned count;
	/* What was configured while they ran; generation 0: nothing yet. */
	unsigned generation; /* odd while it is written */
	char framework[RM_BOARD_NAME], cluster[RM_BOARD_NAME];
	struct rm_board_row rows[];
};

/* Shared with processes that are forked later. NULL: no memory. */
struct rm_board *rm_board_new(unsigned count);
void rm_board_free(struct rm_board *board);

/* Of a node, by who and where it is; never 0. */
uint64_t rm_board_key(
    const char *name, const char *host, int http_port, int pb_port);
/* RM_PROTOCOLS of them, zero at first; NULL: no row is free. */
struct rm_tally *rm_board_take(struct rm_board_row *row, uint64_t key);
void rm_board_give(struct rm_board_row *row, uint64_t key);
/* A worker is gone: nothing of its is open or under way. */
void rm_board_clear(struct rm_board_row *row);

struct rm_proxy_counters rm_board_counters(
    const struct rm_board *board, enum rm_protocol protocol);
struct rm_tally rm_board_tally(
    const struct rm_board *board, uint64_t key, enum rm_protocol protocol);

/* False: a name is too long. */
bool rm_board_configure(
    struct rm_board *board, const char *framework, const char *cluster);
/* True when there is something newer than *seen; both RM_BOARD_NAME bytes. */
bool rm_board_configured(const struct rm_board *board, unsigned *seen,
    char *framework, char *cluster);

#endif
