/*
 * Makes writes durable in ZooKeeper, in order: what waits is gathered into
 * one multi-op, which also checks the fence, and the next is sent when it has
 * ended. So all of a batch happens or none of it, a lost fence fails it whole,
 * and no write overtakes another.
 *
 * A connection that is lost leaves open whether a batch happened. It is then
 * repeated: a put without a version comes to the same; of one with a version
 * that fails now, the content tells whether it was ours.
 */
#ifndef RM_STATE_WRITER_H
#define RM_STATE_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "io/zk.h"

struct rm_writer;

struct rm_writer_options {
	const char *root; /* of the framework; paths are below it */
	const char *fence; /* whole path of a znode that must be there */
	/* More is settled than before. */
	void (*settled)(void *arg);
	/* One was dropped, and counts as settled: a version that is not there
	 * any more, a value that is too large. */
	void (*dropped)(void *arg, const char *path, const char *why);
	/* The fence is gone (RM_EXIT_CONFLICT), or ZooKeeper refuses what must
	 * not be refused. Nothing more is written. */
	void (*failed)(void *arg, const struct rm_error *err);
	void *arg;
};

/* Borrows zk and copies options; call rm_writer_session() from on_session
 * with every state. None of the callbacks comes from inside of a put, nor may
 * free the writer. */
struct rm_writer *rm_writer_new(struct event_base *loop, struct rm_zk *zk,
    const struct rm_writer_options *options);
void rm_writer_session(struct rm_writer *writer, enum rm_zk_session state);
void rm_writer_free(struct rm_writer *writer);

/* Returns the write's number, from 1. value NULL deletes; version -1 is any.
 * Deleting what is not there is fine. */
unsigned long rm_writer_put(struct rm_writer *writer, const char *path,
    const char *value, size_t len, int version);
/* A write of nothing: settled once the fence was seen to be there. */
unsigned long rm_writer_check(struct rm_writer *writer);

/* All up to this number are durable, or were dropped. */
unsigned long rm_writer_settled(const struct rm_writer *writer);
/* The number of the last one put. */
unsigned long rm_writer_last(const struct rm_writer *writer);
/* Bytes that wait or are under way. */
size_t rm_writer_pending(const struct rm_writer *writer);
/* When the last batch that succeeded was sent, as rm_now() tells it: the fence
 * was there after that. */
double rm_writer_proven(const struct rm_writer *writer);

#endif
