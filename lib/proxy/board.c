#include "proxy/board.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static size_t
size_of(unsigned count)
{
	return sizeof(struct rm_board) + count * sizeof(struct rm_board_row);
}

struct rm_board *
rm_board_new(unsigned count)
{
	struct rm_board *board = mmap(NULL, size_of(count),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		return NULL;
	board->count = count;
	return board;
}

void
rm_board_free(struct rm_board *board)
{
	if (board != NULL)
		munmap(board, size_of(board->count));
}

/* FNV-1a. */
static uint64_t
hash(uint64_t h, const char *text)
{
	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	return (h ^ 0xff) * 0x100000001b3;
}

uint64_t
rm_board_key(const char *name, const char *host, int http_port, int pb_port)
{
	char ports[32];
	snprintf(ports, sizeof(ports), "%d %d", http_port, pb_port);
	uint64_t h = hash(hash(hash(0xcbf29ce484222325, name), host), ports);
	return h != 0 ? h : 1;
}

struct rm_tally *
rm_board_take(struct rm_board_row *row, uint64_t key)
{
	for (size_t i = 0; i < RM_BOARD_NODES; i++)
		if (row->nodes[i].key == 0) {
			memset(row->nodes[i].tallies, 0,
			    sizeof(row->nodes[i].tallies));
			row->nodes[i].key = key;
			return row->nodes[i].tallies;
		}
	return NULL;
}

void
rm_board_give(struct rm_board_row *row, uint64_t key)
{
	for (size_t i = 0; i < RM_BOARD_NODES; i++)
		if (row->nodes[i].key == key) {
			row->nodes[i].key = 0;
			return;
		}
}

void
rm_board_clear(struct rm_board_row *row)
{
	for (int p = 0; p < RM_PROTOCOLS; p++)
		row->counters[p].open = 0;
	memset(row->nodes, 0, sizeof(row->nodes));
}

struct rm_proxy_counters
rm_board_counters(const struct rm_board *board, enum rm_protocol protocol)
{
	struct rm_proxy_counters all = { 0 };
	for (unsigned i = 0; i < board->count; i++) {
		const struct rm_proxy_counters *c = &board->rows[i]
							 .counters[protocol];
		all.accepted += c->accepted;
		all.requests += c->requests;
		all.retries += c->retries;
		all.failures += c->failures;
		all.refused += c->refused;
		all.owned += c->owned;
		all.open += c->open;
	}
	return all;
}

struct rm_tally
rm_board_tally(
    const struct rm_board *board, uint64_t key, enum rm_protocol protocol)
{
	struct rm_tally all = { 0 };
	for (unsigned i = 0; i < board->count; i++)
		for (size_t n = 0; n < RM_BOARD_NODES; n++) {
			if (board->rows[i].nodes[n].key != key)
				continue;
			const struct rm_tally *t = &board->rows[i]
							.nodes[n]
							.tallies[protocol];
			all.served += t->served;
			all.failures += t->failures;
			all.busy += t->busy;
		}
	return all;
}

bool
rm_board_configure(
    struct rm_board *board, const char *framework, const char *cluster)
{
	if (strlen(framework) >= RM_BOARD_NAME ||
	    strlen(cluster) >= RM_BOARD_NAME)
		return false;
	board->generation++;
	atomic_thread_fence(memory_order_seq_cst);
	strcpy(board->framework, framework);
	strcpy(board->cluster, cluster);
	atomic_thread_fence(memory_order_seq_cst);
	board->generation++;
	return true;
}

bool
rm_board_configured(const struct rm_board *board, unsigned *seen,
    char *framework, char *cluster)
{
	unsigned before = board->generation;
	if (before == *seen || before % 2 != 0)
		return false;
	atomic_thread_fence(memory_order_seq_cst);
	memcpy(framework, board->framework, RM_BOARD_NAME);
	memcpy(cluster, board->cluster, RM_BOARD_NAME);
	atomic_thread_fence(memory_order_seq_cst);
	/* Written meanwhile: at the next look. */
	if (board->generation != before)
		return false;
	*seen = before;
	return true;
}
