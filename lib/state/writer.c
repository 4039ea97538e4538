#include "state/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/exit.h"
#include "base/hash.h"
#include "base/str.h"
#include "io/loop.h"

/* Of one batch. One write alone may be larger, up to RM_ZK_VALUE_MAX. */
#define BATCH_OPS    256
#define BATCH_BYTES  ((size_t)512 << 10)
#define REPAIRS_MOST 1000 /* of what was absent, in one batch */

/* A znode, and whether it is there as far as we know. */
struct known {
	struct rm_hash_link link; /* key: the path below the root */
	struct rm_writer *writer;
	char *path; /* whole */
	bool asked, there;
};

struct write {
	STAILQ_ENTRY(write) entry;
	unsigned long number;
	struct known *known; /* NULL: a check of the fence */
	char *value; /* NULL: delete */
	size_t len;
	int version;
	bool asked; /* a deletion: whether there is something */
	bool dropped;
};

struct rm_writer {
	struct rm_zk *zk;
	struct rm_writer_options options;
	char *root, *fence;
	struct rm_timer soon;
	struct rm_hash known;
	STAILQ_HEAD(, write) waiting;
	size_t pending;
	unsigned long last, settled;
	double proven;

	/* The batch under way. */
	struct write *batch[BATCH_OPS];
	size_t count;
	int asking; /* questions about znodes under way */
	bool busy; /* its multi-op, or the judging of it, is under way */
	bool lost; /* it may have happened already */
	int repairs;
	double at; /* when it was sent */

	/* The multi-op: the fence first, then what is to be done. */
	struct rm_zk_op ops[BATCH_OPS + 1];
	size_t of[BATCH_OPS + 1]; /* of each op, its place in the batch */
	size_t doubt; /* the write that is being judged */

	bool stopped; /* failed() was called */
};

static void advance(struct rm_writer *writer);

static void
write_free(struct write *write)
{
	free(write->value);
	free(write);
}

static struct known *
known_of(struct rm_writer *writer, const char *path)
{
	struct rm_hash_link *link = rm_hash_find(&writer->known, path);
	if (link != NULL)
		return RM_HASH_ENTRY(link, struct known, link);
	struct known *known = rm_alloc(sizeof(*known));
	known->writer = writer;
	known->path = rm_format("%s/%s", writer->root, path);
	known->link.key = known->path + strlen(writer->root) + 1;
	rm_hash_add(&writer->known, &known->link);
	return known;
}

static void
fail(struct rm_writer *writer, int code, const char *path, const char *why)
{
	struct rm_error err = { 0 };
	writer->stopped = true;
	rm_error_set(&err, code, "%s: %s", path, why);
	writer->options.failed(writer->options.arg, &err);
}

static void
drop(struct rm_writer *writer, struct write *write, const char *why)
{
	write->dropped = true;
	writer->options.dropped(
	    writer->options.arg, write->known->link.key, why);
}

/* ---- a batch comes to be ---- */

static void
gather(struct rm_writer *writer)
{
	size_t bytes = 0;
	struct write *write;
	while (writer->count < BATCH_OPS &&
	       (write = STAILQ_FIRST(&writer->waiting)) != NULL) {
		if (writer->count > 0 && bytes + write->len > BATCH_BYTES)
			return;
		STAILQ_REMOVE_HEAD(&writer->waiting, entry);
		writer->batch[writer->count++] = write;
		if (write->len > RM_ZK_VALUE_MAX)
			drop(writer, write, rm_zk_words(RM_ZK_TOO_LARGE));
		else
			bytes += write->len;
	}
}

static void
was_asked(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	(void)value;
	(void)len;
	(void)stat;
	struct known *known = arg;
	/* No answer: asked again. No permission: the multi-op will tell. */
	known->asked = result != RM_ZK_LOST;
	known->there = known->asked && result != RM_ZK_NO_NODE;
	known->writer->asking--;
	advance(known->writer);
}

/* A put without a version may be a create or a set, a deletion without one may
 * be nothing: a multi-op takes no maybe. Somebody else may have made what we
 * deleted, so a deletion asks each time. */
static bool
must_ask(const struct write *write)
{
	if (write->known == NULL || write->dropped || write->version >= 0)
		return false;
	return !write->known->asked || (write->value == NULL && !write->asked);
}

static void
ask(struct rm_writer *writer)
{
	for (size_t i = 0; i < writer->count; i++) {
		struct known *known = writer->batch[i]->known;
		if (!must_ask(writer->batch[i]))
			continue;
		writer->batch[i]->asked = true;
		known->asked = true;
		writer->asking++;
		rm_zk_exists(writer->zk, known->path, NULL, was_asked, known);
	}
}

/* Whether the znode will be there when the i-th write's turn comes. */
static bool
there_before(const struct rm_writer *writer, size_t i)
{
	const struct known *known = writer->batch[i]->known;
	for (size_t j = i; j-- > 0;)
		if (writer->batch[j]->known == known &&
		    !writer->batch[j]->dropped)
			return writer->batch[j]->value != NULL;
	return known->there;
}

static bool
is_nothing(const struct rm_writer *writer, size_t i)
{
	const struct write *write = writer->batch[i];
	return write->value == NULL && write->version < 0 &&
	       !there_before(writer, i);
}

static enum rm_zk_op_kind
kind_of(const struct rm_writer *writer, size_t i)
{
	const struct write *write = writer->batch[i];
	if (write->value == NULL)
		return RM_ZK_OP_DELETE;
	if (write->version < 0 && !there_before(writer, i))
		return RM_ZK_OP_CREATE;
	return RM_ZK_OP_SET;
}

/* ---- how it ends ---- */

/* All of it is durable, or was dropped. */
static void
settle(struct rm_writer *writer)
{
	for (size_t i = 0; i < writer->count; i++) {
		struct write *write = writer->batch[i];
		if (write->known != NULL && !write->dropped)
			write->known->there = write->value != NULL;
		writer->settled = write->number;
		writer->pending -= write->len + sizeof(*write);
		write_free(write);
	}
	writer->count = 0;
	writer->lost = false;
	writer->repairs = 0;
	writer->options.settled(writer->options.arg);
	advance(writer);
}

/* Whether the value is what this batch leaves at the i-th write's znode. */
static bool
is_ours(const struct rm_writer *writer, size_t i, const char *value, size_t len)
{
	const struct write *write = writer->batch[i], *after = write;
	for (size_t j = i + 1; j < writer->count; j++)
		if (writer->batch[j]->known == write->known &&
		    !writer->batch[j]->dropped)
			after = writer->batch[j];
	return after->value != NULL && after->len == len &&
	       memcmp(after->value, value, len) == 0;
}

static void
was_judged(void *arg, enum rm_zk_result result, const char *value, size_t len,
    const struct rm_zk_stat *stat)
{
	struct rm_writer *writer = arg;
	struct write *write = writer->batch[writer->doubt];
	writer->busy = false;
	if (result == RM_ZK_OK && stat->version > write->version &&
	    is_ours(writer, writer->doubt, value, len)) {
		settle(writer); /* it had happened, so all of it had */
		return;
	}
	/* The version asked for is from a server that lags: once more. */
	bool lags = result == RM_ZK_OK && stat->version <= write->version;
	if (result != RM_ZK_LOST && !lags)
		drop(writer, write, rm_zk_words(RM_ZK_BAD_VERSION));
	advance(writer);
}

/* Makes the directory of a znode; what is sent next comes after it. */
static void
make_parent(struct rm_writer *writer, const struct known *known)
{
	char *parent = rm_strdup(known->path);
	*strrchr(parent, '/') = '\0';
	rm_zk_create(writer->zk, parent, "", 0, RM_ZK_PARENTS, NULL, NULL);
	free(parent);
}

static void
was_absent(struct rm_writer *writer, size_t op)
{
	struct write *write = writer->batch[writer->of[op]];
	enum rm_zk_op_kind kind = writer->ops[op].kind;
	if (kind == RM_ZK_OP_CREATE) {
		make_parent(writer, write->known);
		return;
	}
	write->known->asked = true;
	write->known->there = false;
	if (kind == RM_ZK_OP_DELETE)
		write->dropped = true; /* as it was to be */
	else if (write->version >= 0)
		drop(writer, write, rm_zk_words(RM_ZK_NO_NODE));
}

/* Mends what kept the batch from happening, for the next try. */
static void
repair(struct rm_writer *writer, size_t op, enum rm_zk_result result)
{
	size_t i = writer->of[op];
	struct write *write = writer->batch[i];
	if (result == RM_ZK_NO_NODE && writer->repairs++ < REPAIRS_MOST) {
		was_absent(writer, op);
	} else if (result == RM_ZK_NODE_EXISTS) {
		write->known->there = true;
	} else if (result == RM_ZK_BAD_VERSION && writer->lost) {
		writer->busy = true;
		writer->doubt = i;
		rm_zk_get(
		    writer->zk, write->known->path, NULL, was_judged, writer);
	} else if (result == RM_ZK_BAD_VERSION || result == RM_ZK_NOT_EMPTY) {
		drop(writer, write, rm_zk_words(result));
	} else {
		fail(writer, RM_EXIT_OUTSIDE, write->known->path,
		    rm_zk_words(result));
	}
}

static void
batch_done(void *arg, enum rm_zk_result result, int failed)
{
	struct rm_writer *writer = arg;
	writer->busy = false;
	if (result == RM_ZK_OK) {
		writer->proven = writer->at;
		settle(writer);
		return;
	}
	if (result == RM_ZK_LOST)
		writer->lost = true;
	else if (failed == 0 && result == RM_ZK_NO_NODE)
		fail(writer, RM_EXIT_CONFLICT, writer->fence,
		    "the election node is gone");
	else if (failed <= 0)
		fail(writer, RM_EXIT_OUTSIDE, writer->fence,
		    rm_zk_words(result));
	else
		repair(writer, (size_t)failed, result);
	advance(writer);
}

static void
send_batch(struct rm_writer *writer)
{
	size_t n = 0;
	writer->ops[n++] = (struct rm_zk_op){
		.kind = RM_ZK_OP_CHECK, .path = writer->fence, .version = -1
	};
	for (size_t i = 0; i < writer->count; i++) {
		const struct write *write = writer->batch[i];
		if (write->known == NULL || write->dropped ||
		    is_nothing(writer, i))
			continue;
		writer->ops[n] = (struct rm_zk_op){ .kind = kind_of(writer, i),
			.path = write->known->path,
			.value = write->value,
			.len = write->len,
			.version = write->version };
		writer->of[n++] = i;
	}
	writer->busy = true;
	writer->at = rm_now();
	rm_zk_multi(writer->zk, writer->ops, n, batch_done, writer);
}

/* Does what can be done now: begin a batch, ask, send. */
static void
advance(struct rm_writer *writer)
{
	if (writer->stopped || writer->busy || writer->asking > 0 ||
	    !rm_zk_connected(writer->zk))
		return;
	if (writer->count == 0)
		gather(writer);
	if (writer->count == 0)
		return;
	ask(writer);
	if (writer->asking == 0)
		send_batch(writer);
}

static void
turn(void *arg)
{
	advance(arg);
}

/* ---- the outside ---- */

struct rm_writer *
rm_writer_new(struct event_base *loop, struct rm_zk *zk,
    const struct rm_writer_options *options)
{
	struct rm_writer *writer = rm_alloc(sizeof(*writer));
	writer->zk = zk;
	writer->options = *options;
	writer->root = rm_strdup(options->root);
	writer->fence = rm_strdup(options->fence);
	STAILQ_INIT(&writer->waiting);
	rm_timer_init(&writer->soon, loop, turn, writer);
	return writer;
}

void
rm_writer_session(struct rm_writer *writer, enum rm_zk_session state)
{
	if (state != RM_ZK_SUSPENDED)
		advance(writer);
}

static unsigned long
put(struct rm_writer *writer, struct write *write)
{
	write->number = ++writer->last;
	writer->pending += write->len + sizeof(*write);
	STAILQ_INSERT_TAIL(&writer->waiting, write, entry);
	/* Not at once, so that what comes together goes together. */
	rm_timer_set(&writer->soon, 0);
	return write->number;
}

unsigned long
rm_writer_put(struct rm_writer *writer, const char *path, const char *value,
    size_t len, int version)
{
	struct write *write = rm_alloc(sizeof(*write));
	write->known = known_of(writer, path);
	write->version = version;
	if (value != NULL) {
		write->value = rm_alloc(len + 1);
		memcpy(write->value, value, len);
		write->len = len;
	}
	return put(writer, write);
}

unsigned long
rm_writer_check(struct rm_writer *writer)
{
	return put(writer, rm_alloc(sizeof(struct write)));
}

unsigned long
rm_writer_settled(const struct rm_writer *writer)
{
	return writer->settled;
}

unsigned long
rm_writer_last(const struct rm_writer *writer)
{
	return writer->last;
}

size_t
rm_writer_pending(const struct rm_writer *writer)
{
	return writer->pending;
}

double
rm_writer_proven(const struct rm_writer *writer)
{
	return writer->proven;
}

void
rm_writer_free(struct rm_writer *writer)
{
	struct write *write;
	struct rm_hash_link *link;
	if (writer == NULL)
		return;
	rm_zk_forget(writer->zk, writer);
	for (size_t i = 0; i < writer->count; i++) {
		if (writer->asking > 0 && writer->batch[i]->known != NULL)
			rm_zk_forget(writer->zk, writer->batch[i]->known);
		write_free(writer->batch[i]);
	}
	while ((write = STAILQ_FIRST(&writer->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&writer->waiting, entry);
		write_free(write);
	}
	while ((link = rm_hash_next(&writer->known, NULL)) != NULL) {
		struct known *known = RM_HASH_ENTRY(link, struct known, link);
		rm_hash_remove(&writer->known, link);
		free(known->path);
		free(known);
	}
	rm_hash_free(&writer->known);
	rm_timer_free(&writer->soon);
	free(writer->root);
	free(writer->fence);
	free(writer);
}
