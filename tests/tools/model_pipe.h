/*
 * Of the model (model.c): the records as ZooKeeper would have them: what is
 * written is told back late.
 */
#ifndef MODEL_PIPE_H
#define MODEL_PIPE_H

#include <jv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "stages_pipe.h"

struct news {
	char *path;
	bool gone;
};

static jv records; /* path to value */
static jv versions; /* path to number; kept when it is gone */
static struct news news[4096];
static int news_count;

static jv
record(const char *path)
{
	return rm_json_get(records, path);
}

static bool
has(const char *path)
{
	return rm_json_has(records, path);
}

/* Consumes value; null deletes. */
static void
store(const char *path, jv value)
{
	double version = rm_json_number(versions, path, -1) + 1;
	bool gone = jv_get_kind(value) == JV_KIND_NULL;
	if (gone && !has(path))
		return;
	if (gone)
		records = jv_object_delete(records, jv_string(path));
	else
		records = rm_json_set(records, path, jv_copy(value));
	jv_free(value);
	versions = rm_json_set(versions, path, jv_number(version));
	if (news_count == 4096)
		die("too much news", path);
	news[news_count++] = (struct news){ rm_strdup(path), gone };
}

static void
record_line(struct rm_str *to, const char *path)
{
	jv value = record(path);
	if (!jv_is_valid(value)) {
		jv_free(value);
		value = jv_null();
	}
	rm_json_write(to, JV_OBJECT(jv_string("record"), jv_string(path),
			      jv_string("value"), value, jv_string("version"),
			      jv_number(rm_json_number(versions, path, 0))));
	rm_str_puts(to, "\n");
}

/* The first so many; of one znode the newest value only, as with watches. */
static void
tell_news(struct rm_str *to, int count)
{
	for (int i = 0; i < count; i++) {
		record_line(to, news[i].path);
		free(news[i].path);
	}
	memmove(
	    news, news + count, sizeof(*news) * (size_t)(news_count - count));
	news_count -= count;
}

static void
snapshot(struct rm_str *to)
{
	jv keys = jv_keys(jv_copy(records));
	jv_array_foreach (keys, i, key) {
		record_line(to, jv_string_value(key));
		jv_free(key);
	}
	jv_free(keys);
	for (int i = 0; i < news_count; i++)
		free(news[i].path);
	news_count = 0;
	rm_str_puts(to, "{\"record\":\"\",\"snapshot\":true}\n");
}

#endif
