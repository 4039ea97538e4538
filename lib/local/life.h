/*
 * What happens to an agent as a whole: it starts and stops, registers,
 * disappears and comes back, is drained, marked gone, maintained.
 */
#ifndef RM_LOCAL_LIFE_H
#define RM_LOCAL_LIFE_H

#include "local/local.h"

enum rm_local_start {
	RM_START_AGAIN, /* executors that run may come back */
	/* As an agent never seen before, that does not know its executors:
	 * they run until they are refused. It has its reservations and volumes
	 * still, but for one that was marked gone. */
	RM_START_NEW_ID,
	RM_START_BARE, /* the same, without them */
};

/* Its process begins; it registers when executors have had time to come back.
 * -1: it was marked gone, or is up. */
int rm_local_agent_start(struct rm_local_agent *agent, enum rm_local_start how,
    struct rm_error *err);
/* Its process dies; executors live on. The master gives it up after timeout
 * seconds (negative: the settings'). */
void rm_local_agent_stop(struct rm_local_agent *agent, double timeout);
/* The network between it and the master. */
void rm_local_agent_cut(struct rm_local_agent *agent, double timeout);
void rm_local_agent_heal(struct rm_local_agent *agent);

/* The master has it (again). */
void rm_local_agent_register(struct rm_local_agent *agent);
/* The master gives it up: UNREACHABLE. */
void rm_local_agent_give_up(struct rm_local_agent *agent);
/* It goes for good, with its executors: LOST. */
void rm_local_agent_unregister(struct rm_local_agent *agent);
/* The operator says that it is gone: GONE_BY_OPERATOR. */
void rm_local_agent_mark_gone(struct rm_local_agent *agent);

/* Tasks are killed, no offers. grace: nanoseconds for them, or negative. */
void rm_local_agent_drain(
    struct rm_local_agent *agent, double grace, bool mark_gone);
void rm_local_agent_reactivate(struct rm_local_agent *agent);
/* {"start":…,"duration":…} in nanoseconds, consumed; invalid: none. */
void rm_local_agent_maintain(struct rm_local_agent *agent, jv unavailability);

/* Whatever is due by now. */
void rm_local_agent_due(struct rm_local_agent *agent);

#endif
