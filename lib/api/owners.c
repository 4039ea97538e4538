#include "api/owners.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/shape.h"
#include "base/json.h"
#include "base/str.h"

/* Riak's rings have a power of two, up to 1024 unless one insists. */
#define MOST_PARTITIONS 65536

static jv
said_now(const struct rm_entry *node)
{
	jv owns = rm_json_get(rm_entry_value(node, RM_RECORD_MEMBER), "owns");
	if (jv_get_kind(owns) == JV_KIND_ARRAY)
		return owns;
	jv_free(owns);
	return jv_invalid();
}

static void
look_at(jv *owners, const struct rm_model *model, const char *key)
{
	const struct rm_entry *node = rm_model_node(model, key);
	if (!rm_shape_is_node(node))
		*owners = jv_object_delete(*owners, jv_string(key));
	else
		*owners = rm_json_set(*owners, key, said_now(node));
}

void
rm_owners_look(jv *owners, const struct rm_model *model, const char *path)
{
	const char *name = path != NULL ? strrchr(path, '/') : NULL;
	if (name != NULL && (strncmp(path, "members/", 8) == 0 ||
				strncmp(path, "nodes/", 6) == 0))
		look_at(owners, model, name + 1);
	else if (path == NULL)
		for (size_t i = 0; i < model->nodes.count; i++)
			look_at(owners, model, model->nodes.items[i]->key);
}

/* ---- a ring ---- */

/* One node's share of it. */
struct share {
	const struct rm_entry *node;
	jv said;
	bool now;
};

/* Whose each partition is: an index of shares, -1 for nobody's. Those who know
 * theirs now come last, and win. */
static size_t
claim(int owner[MOST_PARTITIONS], const struct share *shares, size_t count)
{
	int last = -1;
	for (int now = 0; now < 2; now++)
		for (size_t s = 0; s < count; s++) {
			if (shares[s].now != now)
				continue;
			jv_array_foreach (shares[s].said, i, value) {
				double n = jv_get_kind(value) == JV_KIND_NUMBER
					       ? jv_number_value(value)
					       : -1;
				jv_free(value);
				if (n < 0 || n >= MOST_PARTITIONS)
					continue;
				owner[(int)n] = (int)s;
				if ((int)n > last)
					last = (int)n;
			}
		}
	size_t size = 8;
	while ((int)size <= last)
		size *= 2;
	return last < 0 ? 0 : size;
}

/* Those of one owner. */
static jv
those_of(const int *owner, size_t size, int index)
{
	jv owns = jv_array();
	for (size_t p = 0; p < size; p++)
		if (owner[p] == index)
			owns = jv_array_append(owns, jv_number((double)p));
	return owns;
}

static jv
share_json(const int *owner, size_t size, const struct share *share, int index)
{
	jv owns = those_of(owner, size, index);
	double count = rm_entry_number(
	    share->node, RM_RECORD_MEMBER, "partitions", -1);
	return JV_OBJECT(jv_string("owns"), owns, jv_string("count"),
	    count >= 0 ? jv_number(count) : jv_null(), jv_string("now"),
	    jv_bool(share->now));
}

static size_t
take_shares(struct share *shares, jv owners, const struct rm_model *model,
    const char *cluster, double *transfers)
{
	size_t count = 0;
	for (size_t i = 0; i < model->nodes.count; i++) {
		const struct rm_entry *node = model->nodes.items[i];
		if (!rm_shape_is_of(node, cluster))
			continue;
		jv now = said_now(node), said = rm_json_get(owners, node->key);
		double moving = rm_entry_number(
		    node, RM_RECORD_MEMBER, "transfers", -1);
		shares[count++] = (struct share){ node,
			jv_is_valid(said) ? said : jv_array(),
			jv_is_valid(now) };
		jv_free(now);
		*transfers = moving > *transfers ? moving : *transfers;
	}
	return count;
}

jv
rm_owners_ring(jv owners, const struct rm_model *model, const char *cluster)
{
	struct share *shares = rm_alloc(
	    (model->nodes.count + 1) * sizeof(*shares));
	int *owner = rm_alloc(MOST_PARTITIONS * sizeof(*owner));
	double transfers = -1;
	size_t count = take_shares(shares, owners, model, cluster, &transfers);
	for (size_t p = 0; p < MOST_PARTITIONS; p++)
		owner[p] = -1;
	size_t size = claim(owner, shares, count);
	jv all = jv_object();
	for (size_t s = 0; s < count; s++) {
		all = rm_json_set(all, shares[s].node->key,
		    share_json(owner, size, &shares[s], (int)s));
		jv_free(shares[s].said);
	}
	jv nobodys = those_of(owner, size, -1);
	free(owner);
	free(shares);
	return JV_OBJECT(jv_string("size"), jv_number((double)size),
	    jv_string("transfers"),
	    transfers >= 0 ? jv_number(transfers) : jv_null(),
	    jv_string("owners"), all, jv_string("nobodys"), nobodys);
}
