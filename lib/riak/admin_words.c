#include "riak/admin_words.h"

#include <fnmatch.h>
#include <stddef.h>

/* The first that matches counts. */
static const struct {
	const char *pattern, *reason;
} refusals[] = {
	{ "Node * is not reachable!", "not-reachable" },
	{ "Failed: This node is already a member of a cluster",
	    "already-member" },
	{ "Failed: This node cannot join itself in a cluster", "itself" },
	{ "Failed: * has a different ring_creation_size", "ring-size" },
	{ "Failed: Unable to get ring from *", "try-again" },
	{ "Join failed. Try again in a few moments.", "try-again" },
	{ "* is already in the process of leaving the cluster.",
	    "already-leaving" },
	{ "Failed: * is not a member of the cluster.", "not-member" },
	{ "Failed: * is the only member.", "only-member" },
	{ "Failed: * is not a valid replacement candidate.*", "not-joining" },
	{ "Failed: * is already staged to replace another node.",
	    "already-staged" },
	{ "Failed: * is the claimant *", "claimant" },
	{ "Failed: * is up", "up" },
	{ "Cannot plan until cluster state has converged.*", "not-converged" },
	{ "Cannot commit until cluster state has converged.*",
	    "not-converged" },
	{ "You must verify the plan with *", "not-planned" },
	{ "The plan has changed.*", "plan-changed" },
	{ "Unable to commit cluster changes. Plan may have changed*",
	    "plan-changed" },
	{ "Unable to commit staged ring changes.*", "pending" },
	{ "Unable to claim some partitions in resized ring.*", "pending" },
	{ "The cluster is running in legacy mode *", "legacy" },
	{ "Error * bucket type *: already_active", "already-active" },
	{ "Error * bucket type *: not_active", "not-active" },
	{ "Error * bucket type *: *", "bad-props" },
	{ "Cannot * bucket type* invalid json", "bad-props" },
	{ "Cannot * bucket type* no props field found in json", "bad-props" },
	{ "* is not an existing bucket type", "no-such-type" },
	{ "* has been created but cannot be activated yet*", "not-ready" },
	{ "* failed, see log for details", "failed" },
	{ "Failed to *, see log for details", "failed" },
	{ "Failed: *", "failed" },
};

bool
rm_admin_words_match(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}

const char *
rm_admin_words_refusal(const char *text)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (rm_admin_words_match(refusals[i].pattern, text))
			return refusals[i].reason;
	return NULL;
}

bool
rm_admin_words_no_node(const char *text)
{
	static const char *const patterns[] = {
		"Node * is not responding to pings*",
		"Node * not responding to pings.",
		"Node is not running!",
	};
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (rm_admin_words_match(patterns[i], text))
			return true;
	return false;
}
