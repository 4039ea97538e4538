#include "riak/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "riak/data_path.h"

/* How a setting's value comes about. */
enum form { TEXT, PORT, LISTENER, REPL_ROOT };

struct ours {
	const char *key;
	enum form form;
	size_t member; /* of struct rm_overlay */
	bool newer; /* not every Riak has it */
	bool secret;
};

#define AT(member) offsetof(struct rm_overlay, member)

static const struct ours table[] = {
	{ "nodename", TEXT, AT(node) },
	{ "distributed_cookie", TEXT, AT(cookie), .secret = true },
	{ "platform_data_dir", TEXT, AT(data_dir) },
	{ "listener.http.internal", LISTENER, AT(http) },
	{ "listener.protobuf.internal", LISTENER, AT(pb) },
	{ "handoff.ip", TEXT, AT(address) },
	{ "handoff.port", PORT, AT(handoff) },
	{ "erlang.distribution.port_range.minimum", PORT, AT(disterl) },
	{ "erlang.distribution.port_range.maximum", PORT, AT(disterl) },
	{ "erlang.distribution.interface", TEXT, AT(address), .newer = true },
	{ "mdc.cluster_manager", LISTENER, AT(cluster_manager), .newer = true },
	{ "mdc.data_root", REPL_ROOT, AT(data_dir), .newer = true },
	{ NULL },
};

static char *
value_of(const struct rm_overlay *overlay, const struct ours *ours)
{
	const void *at = (const char *)overlay + ours->member;
	switch (ours->form) {
	case TEXT:
		return rm_strdup(*(const char *const *)at);
	case PORT:
		return rm_format("%d", *(const int *)at);
	case LISTENER:
		return rm_format("%s:%d", overlay->address, *(const int *)at);
	case REPL_ROOT:
		return rm_format("%s/riak_repl", *(const char *const *)at);
	}
	return rm_strdup("");
}

static const struct ours *
find(const char *key)
{
	const struct ours *ours = table;
	while (ours->key != NULL && strcmp(ours->key, key) != 0)
		ours++;
	return ours->key != NULL ? ours : NULL;
}

static bool
applies(const struct rm_overlay *overlay, const struct ours *ours)
{
	return !ours->newer || overlay->known == NULL ||
	       overlay->known(overlay->arg, ours->key);
}

static int
check_data_dir(const struct rm_overlay *overlay,
    const struct rm_conf_setting *s, struct rm_error *err)
{
	/* The last two are what packages come with. */
	const char *const fine[] = { overlay->data_dir, "./data", "data" };
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++)
		if (strcmp(s->value, fine[i]) == 0)
			return 0;
	return rm_error_set(err, RM_EXIT_USAGE,
	    "line %d: platform_data_dir = %s: data must stay on the volume, "
	    "in %s",
	    s->line, s->value, overlay->data_dir);
}

static int
check_data_path(const struct rm_overlay *overlay,
    const struct rm_conf_setting *s, struct rm_error *err)
{
	static const char variable[] = "$(platform_data_dir)";
	size_t len = sizeof(variable) - 1;
	char *path = strncmp(s->value, variable, len) == 0
			 ? rm_format("%s%s", overlay->data_dir, s->value + len)
			 : rm_strdup(s->value);
	/* What else may be substituted shows in the generated settings. */
	bool fine = rm_data_path_inside(path, overlay->data_dir) ||
		    strstr(path, "$(") != NULL;
	free(path);
	if (fine)
		return 0;
	return rm_error_set(err, RM_EXIT_USAGE,
	    "line %d: %s = %s: data must lie below %s, say %s/…", s->line,
	    s->key, s->value, overlay->data_dir, variable);
}

/* Two listeners on one port are an end of the VM that is hard to read. */
static int
check_listener(const struct rm_overlay *overlay,
    const struct rm_conf_setting *s, struct rm_error *err)
{
	const int ports[] = { overlay->http, overlay->pb, overlay->handoff,
		overlay->disterl, overlay->cluster_manager };
	const char *colon = strrchr(s->value, ':');
	long port = colon != NULL ? strtol(colon + 1, NULL, 10) : 0;
	for (size_t i = 0; port > 0 && i < sizeof(ports) / sizeof(*ports); i++)
		if (ports[i] == port)
			return rm_error_set(err, RM_EXIT_USAGE,
			    "line %d: %s = %s: this port is taken by "
			    "a setting of ours",
			    s->line, s->key, s->value);
	return 0;
}

static int
check(const struct rm_overlay *overlay, const struct rm_conf_setting *s,
    struct rm_error *err)
{
	if (strcmp(s->key, "platform_data_dir") == 0)
		return check_data_dir(overlay, s, err);
	if (find(s->key) != NULL)
		return 0;
	if (rm_data_path_key(s->key))
		return check_data_path(overlay, s, err);
	if (strncmp(s->key, "listener.", 9) == 0)
		return check_listener(overlay, s, err);
	return 0;
}

int
rm_overlay_check(const struct rm_overlay *overlay, const struct rm_conf *conf,
    struct rm_error *err)
{
	for (size_t i = 0; i < conf->count; i++)
		if (!rm_conf_superseded(conf, &conf->settings[i]) &&
		    check(overlay, &conf->settings[i], err) != 0)
			return -1;
	return 0;
}

void
rm_overlay_write(struct rm_str *to, const struct rm_overlay *overlay)
{
	rm_str_puts(to, "\n## rm-executor's own; the last setting counts.\n");
	for (const struct ours *ours = table; ours->key != NULL; ours++) {
		if (!applies(overlay, ours))
			continue;
		char *value = value_of(overlay, ours);
		rm_str_printf(to, "%s = %s\n", ours->key, value);
		free(value);
	}
}

void
rm_overlay_diff(struct rm_str *to, const struct rm_overlay *overlay,
    const struct rm_conf *conf)
{
	for (size_t i = 0; i < conf->count; i++) {
		const struct rm_conf_setting *s = &conf->settings[i];
		const struct ours *ours = find(s->key);
		if (ours == NULL || !applies(overlay, ours) ||
		    rm_conf_superseded(conf, s))
			continue;
		char *value = value_of(overlay, ours);
		if (strcmp(value, s->value) != 0)
			rm_str_printf(to, "%d: %s = %s -> %s\n", s->line,
			    s->key, ours->secret ? "***" : s->value,
			    ours->secret ? "***" : value);
		free(value);
	}
}
