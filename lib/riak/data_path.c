#include "riak/data_path.h"

#include <stddef.h>
#include <string.h>

#include "base/exit.h"
#include "riak/conf.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

bool
rm_data_path_inside(const char *path, const char *data_dir)
{
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	size_t len = strlen(data_dir);
	if (strncmp(path, data_dir, len) != 0 ||
	    (path[len] != '\0' && path[len] != '/'))
		return false;
	for (const char *p = path + len; (p = strstr(p, "..")) != NULL; p += 2)
		if (p[-1] == '/' && (p[2] == '/' || p[2] == '\0'))
			return false;
	return true;
}

bool
rm_data_path_key(const char *key)
{
	static const char *const keys[] = {
		"ring.state_dir",
		"anti_entropy.data_dir",
		"tictacaae_dataroot",
		"eraser_dataroot",
		"reaper_dataroot",
		"reader_dataroot",
		"replrtq_dataroot",
		"bitcask.data_root",
		"leveled.data_root",
		"leveldb.data_root",
		"leveldb.tiered.path.fast",
		"leveldb.tiered.path.slow",
		"multi_backend.$name.bitcask.data_root",
		"multi_backend.$name.leveled.data_root",
		"multi_backend.$name.leveldb.data_root",
		"multi_backend.$name.leveldb.tiered.mountpoint.fast",
		"multi_backend.$name.leveldb.tiered.mountpoint.slow",
		"multi_backend.$name.leveldb.tiered.path.fast",
		"multi_backend.$name.leveldb.tiered.path.slow",
		"search.root_dir",
		"search.anti_entropy.data_dir",
	};
	for (size_t i = 0; i < COUNT(keys); i++)
		if (rm_conf_key_matches(keys[i], key))
			return true;
	return false;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

/* advanced.config may set what no schema knows, so names are told by how
 * they end. */
static bool
is_data_variable(const char *name)
{
	static const char *const ends[] = { "data_root", "dataroot", "data_dir",
		"state_dir", "root_dir", "tiered_fast_prefix",
		"tiered_slow_prefix" };
	for (size_t i = 0; i < COUNT(ends); i++)
		if (ends_with(name, ends[i]))
			return true;
	return false;
}

struct check {
	const char *app, *data_dir;
	bool multi; /* several backends, each with settings of its own */
	struct rm_error *err;
};

static int
check_variable(
    const struct check *check, const char *name, const struct rm_term *value)
{
	if (value->kind != RM_TERM_STRING && value->kind != RM_TERM_BINARY)
		return 0;
	bool whole = strcmp(check->app, "riak_core") == 0 &&
		     strcmp(name, "platform_data_dir") == 0;
	if (whole ? strcmp(value->text, check->data_dir) == 0
		  : rm_data_path_inside(value->text, check->data_dir))
		return 0;
	return rm_error_set(check->err, RM_EXIT_USAGE,
	    "%s %s is \"%s\": data must lie %s %s", check->app, name,
	    value->text, whole ? "in" : "below", check->data_dir);
}

static bool
is_pair(const struct rm_term *term, const char *name)
{
	return term->kind == RM_TERM_TUPLE && term->count == 2 &&
	       term->items[0].kind == RM_TERM_ATOM &&
	       (name == NULL || strcmp(term->items[0].text, name) == 0);
}

/* {Name, Value} anywhere below an application, so that a backend among many
 * is found too. Riak's own riak.conf leaves one behind that nobody uses. */
static int
check_term(const struct check *check, const struct rm_term *term)
{
	if (is_pair(term, "multi_backend") && !check->multi)
		return 0;
	if (is_pair(term, NULL) && is_data_variable(term->items[0].text) &&
	    check_variable(check, term->items[0].text, &term->items[1]) != 0)
		return -1;
	for (size_t i = 0; i < term->count; i++) {
		if (check_term(check, &term->items[i]) == 0)
			continue;
		if (term->kind == RM_TERM_TUPLE && term->count == 3 &&
		    term->items[0].kind == RM_TERM_BINARY)
			rm_error_prefix(
			    check->err, "backend %s", term->items[0].text);
		return -1;
	}
	return 0;
}

static bool
settled(const char *app)
{
	return strcmp(app, "riak_repl") == 0 || strcmp(app, "setup") == 0;
}

static const struct rm_term *
find(const struct rm_term *list, const char *name)
{
	for (size_t i = 0; list != NULL && i < list->count; i++)
		if (is_pair(&list->items[i], name))
			return &list->items[i].items[1];
	return NULL;
}

static bool
has_many_backends(const struct rm_term *config)
{
	const struct rm_term *backend = find(
	    find(config, "riak_kv"), "storage_backend");
	return backend != NULL && backend->kind == RM_TERM_ATOM &&
	       strstr(backend->text, "_multi_") != NULL;
}

int
rm_data_path_check(
    const struct rm_term *config, const char *data_dir, struct rm_error *err)
{
	if (config->kind != RM_TERM_LIST ||
	    find(find(config, "riak_core"), "platform_data_dir") == NULL)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "riak_core platform_data_dir is not set");
	struct check check = { NULL, data_dir, has_many_backends(config), err };
	for (size_t i = 0; i < config->count; i++) {
		const struct rm_term *app = &config->items[i];
		if (!is_pair(app, NULL) || settled(app->items[0].text))
			continue;
		check.app = app->items[0].text;
		if (check_term(&check, &app->items[1]) != 0)
			return -1;
	}
	return 0;
}
