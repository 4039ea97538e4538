/*
 * An agent: its resources and what of them is allocated, as the master counts
 * it; its link to the master; its executors.
 */
#ifndef RM_LOCAL_AGENT_H
#define RM_LOCAL_AGENT_H

#include "local/local.h"
#include "mesos/resource.h"

enum rm_local_link {
	RM_LINK_NEW, /* not registered yet, or to be again (a new master) */
	RM_LINK_REGISTERED,
	RM_LINK_SILENT, /* registered, but not heard of */
	RM_LINK_UNREACHABLE, /* given up on by the master */
	RM_LINK_REMOVED, /* it unregistered */
	RM_LINK_GONE, /* marked gone; never comes back */
};

/* DECLINE and ACCEPT with refuse_seconds. Without role: inverse offers. */
struct rm_local_filter {
	SLIST_ENTRY(rm_local_filter) entry;
	const struct rm_local_framework *framework;
	char *role;
	struct rm_resources resources; /* allocated; whatever is within them */
	double until;
};

struct rm_local_agent {
	struct rm_local *local;
	unsigned number; /* from 1 */
	char *id; /* NULL before the first registration */
	struct rm_hash_link link_by_id;
	char address[64];
	int port;
	char *work_dir; /* absolute */
	jv attributes, domain; /* domain: or invalid */
	jv unavailability; /* or invalid */
	jv drain; /* DrainInfo's config; invalid: not drained */
	double drained_at; /* wall */
	char *spec; /* --resources, as typed */
	struct rm_resources initial; /* as it started with */
	struct rm_resources total; /* with reservations and volumes */
	struct rm_resources allocated; /* offered and used, without role */
	enum rm_local_link link;
	bool up; /* its process is there */
	bool cut; /* no network between it and the master */
	double register_at, give_up_at; /* monotonic; 0: never */
	double registered, reregistered, unreachable; /* wall */
	TAILQ_HEAD(, rm_local_executor) executors;
	struct rm_local_offers offers;
	SLIST_HEAD(, rm_local_filter) filters;
	jv completed; /* array: what /state shows of executors that ended */
};

/* Number is the next one; initial resources and attributes are Mesos JSON and
 * consumed, the domain may be invalid. */
struct rm_local_agent *rm_local_agent_new(struct rm_local *local,
    const char *spec, jv resources, jv attributes, jv domain,
    struct rm_error *err);
void rm_local_agent_free(struct rm_local_agent *agent);
/* By agent id; NULL. */
struct rm_local_agent *rm_local_agent_find(
    const struct rm_local *local, const char *id);

/* Registered, and nothing between it and the master. */
bool rm_local_agent_talks(const struct rm_local_agent *agent);
/* "slave(1)@127.0.0.1:5051"; the caller's. */
char *rm_local_agent_pid(const struct rm_local_agent *agent);
/* AgentInfo, as an executor gets it. */
jv rm_local_agent_info(const struct rm_local_agent *agent);
/* An object {scheme, address, path}, as offers have it. */
jv rm_local_agent_url(const struct rm_local_agent *agent);

/* What is neither offered nor used; to is empty. */
void rm_local_agent_available(
    const struct rm_local_agent *agent, struct rm_resources *to);
/* Counts allocated resources in or out. */
void rm_local_agent_allocate(
    struct rm_local_agent *agent, const struct rm_resources *what);
void rm_local_agent_recover(
    struct rm_local_agent *agent, const struct rm_resources *what);
/* Makes converted of consumed, both in the total and in what is allocated. */
void rm_local_agent_convert(struct rm_local_agent *agent,
    const struct rm_resources *consumed, const struct rm_resources *converted);
/* It has this id from now on. */
void rm_local_agent_name(struct rm_local_agent *agent, const char *id);

/* No offers of such resources, or of less, for so many seconds. role and
 * resources NULL: no inverse offers. */
void rm_local_agent_filter(struct rm_local_agent *agent,
    const struct rm_local_framework *framework, const char *role,
    const struct rm_resources *resources, double seconds);
bool rm_local_agent_filtered(const struct rm_local_agent *agent,
    const struct rm_local_framework *framework, const char *role,
    const struct rm_resources *resources);
/* Forgets the filters of one framework for these roles (all: invalid), or all
 * that have passed (framework NULL). Borrows roles. */
void rm_local_agent_unfilter(struct rm_local_agent *agent,
    const struct rm_local_framework *framework, jv roles);
void rm_local_agent_forget_filters(struct rm_local_agent *agent);

#endif
