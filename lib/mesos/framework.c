#include "mesos/framework.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/json.h"

/* The names of the texts, in settings and in FrameworkInfo alike; role apart,
 * which FrameworkInfo has in an array. */
static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{ "name", offsetof(struct rm_framework, name) },
	{ "role", offsetof(struct rm_framework, role) },
	{ "principal", offsetof(struct rm_framework, principal) },
	{ "user", offsetof(struct rm_framework, user) },
	{ "hostname", offsetof(struct rm_framework, hostname) },
	{ "webui_url", offsetof(struct rm_framework, webui_url) },
};
#define TEXTS (sizeof(texts) / sizeof(*texts))

static const char *const capabilities[] = { "PARTITION_AWARE", "MULTI_ROLE",
	"RESERVATION_REFINEMENT", "TASK_KILLING_STATE", "REGION_AWARE" };

static char **
text_of(struct rm_framework *framework, size_t i)
{
	return (char **)(void *)((char *)framework + texts[i].offset);
}

static const char *
value_of(const struct rm_framework *framework, size_t i)
{
	return *(char *const *)(const void *)((const char *)framework +
					      texts[i].offset);
}

int
rm_framework_fill(
    struct rm_framework *framework, jv settings, struct rm_error *err)
{
	if (jv_get_kind(settings) != JV_KIND_OBJECT)
		return rm_error_set(
		    err, RM_EXIT_USAGE, "settings: not an object");
	double schema = rm_json_number(settings, "schema", 1);
	if (schema > RM_SETTINGS_SCHEMA)
		return rm_error_set(err, RM_EXIT_CONFLICT,
		    "settings: schema %g is newer than %d", schema,
		    RM_SETTINGS_SCHEMA);
	for (size_t i = 0; i < TEXTS; i++) {
		char **text = text_of(framework, i);
		/* The name of the framework is not the name of a field. */
		const char *field = strcmp(texts[i].name, "name") == 0
					? "framework"
					: texts[i].name;
		const char *value = rm_json_text(settings, field, NULL);
		if (*text == NULL && value != NULL && value[0] != '\0')
			*text = rm_strdup(value);
	}
	if (framework->failover_timeout <= 0)
		framework->failover_timeout = rm_json_number(
		    settings, "failover_timeout", 0);
	return 0;
}

int
rm_framework_check(struct rm_framework *framework, struct rm_error *err)
{
	if (framework->role == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "no role: neither --role nor a settings record");
	if (framework->name == NULL)
		framework->name = rm_strdup("riak");
	if (framework->user == NULL) {
		const struct passwd *own = getpwuid(geteuid());
		framework->user = rm_strdup(
		    own != NULL ? own->pw_name : "root");
	}
	if (framework->failover_timeout <= 0)
		framework->failover_timeout = RM_FAILOVER_TIMEOUT;
	return 0;
}

void
rm_framework_free(struct rm_framework *framework)
{
	for (size_t i = 0; i < TEXTS; i++)
		free(*text_of(framework, i));
	free(framework->id);
	*framework = (struct rm_framework){ 0 };
}

static jv
wrapped(const char *text)
{
	return JV_OBJECT(jv_string("value"), jv_string(text));
}

static jv
info_of(const struct rm_framework *framework)
{
	jv info = jv_object(), able = jv_array();
	for (size_t i = 0; i < TEXTS; i++) {
		const char *value = value_of(framework, i);
		if (value != NULL && strcmp(texts[i].name, "role") != 0)
			info = rm_json_set(
			    info, texts[i].name, jv_string(value));
	}
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(*capabilities);
	     i++)
		able = jv_array_append(able,
		    JV_OBJECT(jv_string("type"), jv_string(capabilities[i])));
	info = rm_json_set(info, "roles", JV_ARRAY(jv_string(framework->role)));
	info = rm_json_set(info, "checkpoint", jv_true());
	info = rm_json_set(
	    info, "failover_timeout", jv_number(framework->failover_timeout));
	info = rm_json_set(info, "capabilities", able);
	if (framework->id != NULL)
		info = rm_json_set(info, "id", wrapped(framework->id));
	return info;
}

jv
rm_framework_subscribe(const struct rm_framework *framework)
{
	jv call = JV_OBJECT(jv_string("type"), jv_string("SUBSCRIBE"),
	    jv_string("subscribe"),
	    JV_OBJECT(jv_string("framework_info"), info_of(framework)));
	if (framework->id != NULL)
		call = rm_json_set(
		    call, "framework_id", wrapped(framework->id));
	return call;
}

static bool
same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* Borrows info. With MULTI_ROLE a framework has roles, without it a role. */
static bool
is_it(const struct rm_framework *framework, jv info)
{
	if (!same(rm_json_text(info, "name", NULL), framework->name) ||
	    !same(rm_json_text(info, "principal", NULL), framework->principal))
		return false;
	if (same(rm_json_text(info, "role", NULL), framework->role))
		return true;
	jv roles = rm_json_get(info, "roles");
	bool found = false;
	if (jv_get_kind(roles) == JV_KIND_ARRAY)
		jv_array_foreach (roles, i, role) {
			if (jv_get_kind(role) == JV_KIND_STRING)
				found |= same(
				    jv_string_value(role), framework->role);
			jv_free(role);
		}
	jv_free(roles);
	return found;
}

int
rm_framework_find(const struct rm_framework *framework, jv answer, char **id,
    struct rm_error *err)
{
	*id = NULL;
	jv known = rm_json_path(answer, "get_frameworks");
	bool good = jv_get_kind(known) == JV_KIND_OBJECT;
	jv list = rm_json_get(known, "frameworks");
	if (jv_get_kind(list) == JV_KIND_ARRAY)
		jv_array_foreach (list, i, entry) {
			jv info = rm_json_get(entry, "framework_info");
			const char *found = rm_json_path_text(info, "id.value");
			if (*id == NULL && found != NULL &&
			    is_it(framework, info))
				*id = rm_strdup(found);
			jv_free(info);
			jv_free(entry);
		}
	jv_free(list);
	jv_free(known);
	jv_free(answer);
	return good ? 0
		    : rm_error_set(err, RM_EXIT_OUTSIDE,
			  "not an answer to GET_FRAMEWORKS");
}
