#include "state/fill.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/exit.h"
#include "base/json.h"
#include "state/record.h"

#define SECRET_BYTES 32
#define COOKIE_MOST  255 /* an Erlang atom's length */

static int
wrong(jv *value, struct rm_error *err, const char *field, const char *why)
{
	jv_free(*value);
	*value = jv_invalid();
	return rm_error_set(err, RM_EXIT_USAGE, "%s: %s", field, why);
}

/* A field that is left out is the old one's, or else the first. */
static void
inherit(jv *value, jv old, const char *field, jv first)
{
	jv own = rm_json_get(*value, field);
	jv before = rm_json_get(old, field);
	bool absent = !jv_is_valid(own);
	bool has = jv_is_valid(before);
	jv_free(own);
	if (absent)
		*value = rm_json_set(
		    *value, field, has ? jv_copy(before) : jv_copy(first));
	jv_free(before);
	jv_free(first);
}

static bool
is_counter(jv value, const char *field)
{
	double n = rm_json_number(value, field, -1);
	return n >= 0 && n < 2147483648.0 && floor(n) == n;
}

static bool
is_absent_or(jv value, const char *field, jv_kind kind)
{
	jv v = rm_json_get(value, field);
	jv_kind is = jv_get_kind(v);
	jv_free(v);
	return is == JV_KIND_INVALID || is == JV_KIND_NULL || is == kind;
}

static bool
same(jv a, jv b, const char *field)
{
	jv one = rm_json_get(a, field), other = rm_json_get(b, field);
	bool equal = (!jv_is_valid(one) && !jv_is_valid(other)) ||
		     (jv_is_valid(one) && jv_is_valid(other) &&
			 rm_json_equal(one, other));
	jv_free(one);
	jv_free(other);
	return equal;
}

static const char *const configuration[] = { "riak_version", "riak_config",
	"advanced_config" };
#define CONFIGURATION (sizeof(configuration) / sizeof(*configuration))

static double
next_generation(jv value, jv old)
{
	double generation = rm_json_number(old, "generation", 0);
	for (size_t i = 0; i < CONFIGURATION; i++)
		if (!same(value, old, configuration[i]))
			return generation + 1;
	return generation > 0 ? generation : 1;
}

int
rm_fill_cluster(jv *value, jv old, struct rm_error *err)
{
	for (size_t i = 0; i < CONFIGURATION; i++) {
		inherit(value, old, configuration[i], jv_null());
		if (!is_absent_or(*value, configuration[i], JV_KIND_STRING))
			return wrong(
			    value, err, configuration[i], "not a text");
	}
	if (!is_absent_or(*value, "constraints", JV_KIND_ARRAY))
		return wrong(value, err, "constraints", "not an array");
	if (!is_absent_or(*value, "command", JV_KIND_OBJECT))
		return wrong(value, err, "command", "not an object");
	double next = rm_json_number(old, "next", 1);
	if (rm_json_number(*value, "next", 0) < next && is_counter(old, "next"))
		*value = rm_json_set(*value, "next", jv_number(next));
	inherit(value, old, "next", jv_number(1));
	inherit(value, old, "restart", jv_number(0));
	if (!rm_json_has(*value, "generation"))
		*value = rm_json_set(*value, "generation",
		    jv_number(next_generation(*value, old)));
	static const char *const counters[] = { "next", "restart",
		"generation" };
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		if (!is_counter(*value, counters[i]))
			return wrong(
			    value, err, counters[i], "not a whole number");
	return 0;
}

int
rm_fill_node(jv *value, jv old, const char *cluster, struct rm_error *err)
{
	static const char *const goals[] = { "run", "stop", "leave", "remove" };
	const char *named = rm_json_text(*value, "cluster", cluster);
	if (strcmp(named, cluster) != 0)
		return wrong(
		    value, err, "cluster", "not the one that the key names");
	*value = rm_json_set(*value, "cluster", jv_string(cluster));
	inherit(value, old, "goal", jv_string("run"));
	inherit(value, old, "restart", jv_number(0));
	inherit(value, old, "replaces", jv_invalid());
	inherit(value, old, "adopt", jv_invalid());
	const char *goal = rm_json_text(*value, "goal", "");
	bool known = false;
	for (size_t i = 0; i < sizeof(goals) / sizeof(*goals); i++)
		known |= strcmp(goal, goals[i]) == 0;
	if (!known)
		return wrong(
		    value, err, "goal", "not run, stop, leave or remove");
	if (!is_counter(*value, "restart"))
		return wrong(value, err, "restart", "not a whole number");
	if (!is_absent_or(*value, "replaces", JV_KIND_STRING))
		return wrong(value, err, "replaces", "not a node's key");
	return 0;
}

int
rm_fill_secret(jv *value, struct rm_error *err)
{
	const char *cookie = rm_json_text(*value, "cookie", "");
	size_t len = strlen(cookie);
	if (len == 0 || len > COOKIE_MOST)
		return wrong(value, err, "cookie", "not 1 to 255 characters");
	for (const char *p = cookie; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || strchr("'\"\\", *p) != NULL)
			return wrong(
			    value, err, "cookie", "has a byte that can't be");
	if (strlen(rm_json_text(*value, "key", "")) < 16)
		return wrong(value, err, "key", "shorter than 16 characters");
	return 0;
}

char *
rm_fill_cluster_of(const char *key, const char *framework)
{
	size_t f = strlen(framework);
	const char *dash = strrchr(key, '-');
	if (strncmp(key, framework, f) != 0 || key[f] != '-' ||
	    dash <= key + f + 1)
		return NULL;
	char *cluster = rm_format(
	    "%.*s", (int)(dash - key - (long)f - 1), key + f + 1);
	if (rm_record_node_number(key, framework, cluster) > 0)
		return cluster;
	free(cluster);
	return NULL;
}

static int
random_text(char text[2 * SECRET_BYTES + 1], struct rm_error *err)
{
	unsigned char bytes[SECRET_BYTES];
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return rm_error_set(
		    err, RM_EXIT_OUTSIDE, "getrandom: %s", strerror(errno));
	for (size_t i = 0; i < SECRET_BYTES; i++) {
		text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	text[sizeof(bytes) * 2] = '\0';
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

int
rm_secret_make(jv *secret, struct rm_error *err)
{
	char cookie[2 * SECRET_BYTES + 1], key[2 * SECRET_BYTES + 1];
	if (random_text(cookie, err) != 0 || random_text(key, err) != 0)
		return -1;
	*secret = JV_OBJECT(jv_string("cookie"), jv_string(cookie),
	    jv_string("key"), jv_string(key));
	explicit_bzero(cookie, sizeof(cookie));
	explicit_bzero(key, sizeof(key));
	return 0;
}
