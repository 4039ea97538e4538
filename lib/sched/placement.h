/*
 * Where a node without a reservation goes. Pure. An agent has to pass every
 * step; the first that it fails is the reason. Of those that pass, the first
 * in the ranking wins.
 *
 *   step                      fails when
 *   1 RM_PLACE_MAINTENANCE    the agent is scheduled for maintenance
 *   2 RM_PLACE_CPUS           it offers too little cpus, static or unreserved
 *   3 RM_PLACE_MEM            … mem
 *   4 RM_PLACE_DISK           … disk
 *   5 RM_PLACE_PORTS          … ports
 *   6 RM_PLACE_CONSTRAINT     a node there would break a constraint
 *   7 RM_PLACE_WHERE          the operator's jq program does not hold for it
 *   8 RM_PLACE_SPREAD         it has a node of this cluster, and the time to
 *                             double up has not come
 *
 *   ranking: fewest nodes of this cluster on the agent; fewest in its fault
 *   domain; fewest nodes of any cluster; tightest fit (least cpus left, then
 *   mem); the agent's id, in natural order.
 */
#ifndef RM_SCHED_PLACEMENT_H
#define RM_SCHED_PLACEMENT_H

#include "mesos/agents.h"
#include "sched/constraint.h"
#include "sched/need.h"
#include "state/model.h"

enum rm_place_step {
	RM_PLACE_FITS,
	RM_PLACE_MAINTENANCE,
	RM_PLACE_CPUS,
	RM_PLACE_MEM,
	RM_PLACE_DISK,
	RM_PLACE_PORTS,
	RM_PLACE_CONSTRAINT,
	RM_PLACE_WHERE,
	RM_PLACE_SPREAD,
	RM_PLACE_STEPS
};

/* What is counted of an agent for the cluster at hand. */
struct rm_site {
	unsigned cluster; /* nodes of this cluster on it */
	unsigned domain; /* nodes of this cluster in its fault domain */
	unsigned any; /* nodes of any cluster on it */
};

/* An agent that can be weighed. */
struct rm_candidate {
	struct rm_agent *agent;
	struct rm_site site;
	bool barred; /* step 7 */
	bool measured; /* what rm_place_survey() finds but for values is known */
	const char *role; /* as rm_need_source() takes it */
	/* What rm_place_survey() finds. */
	int64_t has[RM_PLACE_STEPS]; /* of steps 2 to 5 */
	int domain; /* number of its fault domain; -1: none */
	const int *values; /* its values' numbers in the constraints */
};

struct rm_verdict {
	enum rm_place_step step;
	int64_t wants, has; /* thousandths; ports: how many */
	size_t constraint; /* number of the one that would be broken */
};

/* What is asked of an agent. */
struct rm_place_rules {
	const struct rm_need *need;
	const struct rm_constraints *constraints; /* counted; see below */
	bool double_up; /* step 8 does not count */
};

/* Looks at what is asked again and again. Candidates' agents are set; values
 * has room for count times the constraints, and is kept as long as they. */
void rm_place_survey(struct rm_candidate *candidates, size_t count,
    const struct rm_constraints *constraints, int *values);

/* Counts reservations, for one cluster: in the candidates' sites and in the
 * constraints. Candidates are surveyed. */
void rm_place_count(struct rm_candidate *candidates, size_t count,
    struct rm_constraints *constraints, const struct rm_model *model,
    const char *cluster);

/* The same, after the one at index got one node more of that cluster. */
void rm_place_note(struct rm_candidate *candidates, size_t count,
    struct rm_constraints *constraints, size_t index);

/* The first step that the agent fails. */
struct rm_verdict rm_place_check(
    const struct rm_candidate *candidate, const struct rm_place_rules *rules);

/*
 * The index of the best candidate, or -1; they are in the order of their
 * agents' ids. counts (of RM_PLACE_STEPS, or NULL)
 * gets how many agents failed at each step; nearest (or NULL) the verdict of
 * the one that came furthest.
 */
long rm_place_choose(const struct rm_candidate *candidates, size_t count,
    const struct rm_place_rules *rules, unsigned *counts,
    struct rm_verdict *nearest);

/* "fits", "maintenance", "cpus", … */
const char *rm_place_step_name(enum rm_place_step step);
/* The verdict as a line of rm-offer's report (rm-offer(1)): {"explain":node,
 * "at","agent","hostname","offers","step"} and, where the step has amounts,
 * "wants", "offered" and "lacks". */
jv rm_verdict_json(const struct rm_verdict *verdict,
    const struct rm_constraints *constraints, const char *node, double at,
    const struct rm_agent *agent);
/* "cpus: wants 1.1, at most 0.5 offered"; the caller's. */
char *rm_verdict_text(const struct rm_verdict *verdict,
    const struct rm_constraints *constraints);

#endif
