/*
 * Offers and inverse offers that are out.
 */
#ifndef RM_LOCAL_OFFER_H
#define RM_LOCAL_OFFER_H

#include "local/local.h"
#include "mesos/resource.h"

struct rm_local_offer {
	TAILQ_ENTRY(rm_local_offer) by_framework, by_agent;
	struct rm_hash_link link; /* by id */
	char *id;
	struct rm_local_framework *framework;
	struct rm_local_agent *agent;
	char *role;
	struct rm_resources resources; /* allocated to role */
	bool inverse; /* has no role and no resources */
};

/* Takes the resources over, and counts them as allocated. */
struct rm_local_offer *rm_local_offer_new(struct rm_local_framework *framework,
    struct rm_local_agent *agent, const char *role,
    struct rm_resources *resources);
struct rm_local_offer *rm_local_inverse_offer_new(
    struct rm_local_framework *framework, struct rm_local_agent *agent);
/* NULL when it is not there, or another framework's. */
struct rm_local_offer *rm_local_offer_find(
    const struct rm_local_framework *framework, const char *id);
struct rm_local_offer *rm_local_inverse_offer_find(
    const struct rm_local_framework *framework, const char *id);
/* As in OFFERS or INVERSE_OFFERS. */
jv rm_local_offer_json(const struct rm_local_offer *offer);

/* The offer ends; its resources stay allocated: the caller has them. */
void rm_local_offer_use(struct rm_local_offer *offer);
/* The offer ends; its resources are free again. */
void rm_local_offer_recover(struct rm_local_offer *offer);
/* The same, and its framework is told. */
void rm_local_offer_rescind(struct rm_local_offer *offer);

/* A resource list as this framework is to see it: its format, with or without
 * the allocation. */
jv rm_local_resources_for(const struct rm_local_framework *framework,
    const struct rm_resources *resources);
/* {"disk":…,"mem":…,"gpus":…,"cpus":…,"ports":"[…]"}, as /state has it. */
jv rm_local_resources_page(const struct rm_resources *resources);

#endif
