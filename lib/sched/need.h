/*
 * What one node needs of an agent, and what it gets: from plain resources to
 * reserved ones. Pure. All amounts are in thousandths, as Mesos's are.
 */
#ifndef RM_SCHED_NEED_H
#define RM_SCHED_NEED_H

#include <jv.h>
#include <stdint.h>

#include "mesos/resource.h"
#include "state/model.h"

#define RM_PORTS 10 /* of one node */
/* Their names, in order: "http", "pb", … */
extern const char *const rm_port_names[RM_PORTS];

struct rm_need {
	int64_t cpus, mem, disk; /* of the node and its executor together */
	int64_t executor_cpus, executor_mem;
	uint64_t ports;
	const char *role; /* see rm_need_source(); borrowed from the settings */
};

/* From settings; what they lack has the defaults of rm-records(5). */
struct rm_need rm_need_of(const struct rm_model *model);

/* Statically reserved for the role: used as it is, no label is possible. */
bool rm_need_static(const struct rm_identity *id, const char *role);

/*
 * Where that much of a name is taken from: the first static reservation for
 * the role (NULL: none) that has enough, else what is unreserved; not
 * revocable, no volume, no disk of its own. When none has enough, the largest;
 * NULL when there is none. Ports: how many.
 */
const struct rm_resource *rm_need_source(const struct rm_resources *set,
    const char *name, int64_t amount, const char *role);
int64_t rm_need_amount(const struct rm_resource *r);

/*
 * The disk that a volume of that many thousandths goes on, static before
 * unreserved: the agent's root when it is enough, else the smallest PATH disk
 * that is, else the smallest MOUNT disk, which is taken whole. When none is
 * enough, the largest; NULL when there is none.
 */
const struct rm_resource *rm_need_disk(
    const struct rm_resources *set, int64_t amount, const char *role);

/* What is reserved for one node, in its parts. All zero is empty. */
struct rm_share {
	struct rm_resources all; /* reserved, the volume as plain disk */
	struct rm_resources reserve; /* those that have to be reserved first */
	struct rm_resource volume; /* the same disk with its volume on it */
	struct rm_ranges ports;
};

/*
 * Takes what need says out of from, and pushes reservation (consumed: Mesos
 * JSON) on what is not static; disk (consumed: persistence and
 * volume) goes on the disk. from is left without it. Needs to fit: see
 * placement.h.
 */
void rm_share_take(struct rm_share *share, struct rm_resources *from,
    const struct rm_need *need, jv reservation, jv disk);
void rm_share_free(struct rm_share *share);

/*
 * Divides what a node holds (reserved, volume included) between its task and
 * its executor. The ports, ten of them, come as an object by name.
 */
void rm_need_divide(const struct rm_need *need, const struct rm_resources *held,
    struct rm_resources *task, struct rm_resources *executor);
jv rm_need_ports(const struct rm_ranges *ports);

#endif
