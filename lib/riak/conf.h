/*
 * riak.conf, as Riak's own reader (cuttlefish) takes it: lines `key = value`,
 * from # on a comment, `include FILE`; a key set again counts, the earlier
 * one does not. Keys have parts between dots; `\.` is a dot inside a part.
 * Files that are included are not followed here. Pure.
 */
#ifndef RM_RIAK_CONF_H
#define RM_RIAK_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct rm_conf_setting {
	char *key, *value; /* owned; as spelled, without outer blanks */
	int line; /* from 1 */
};

/* All zero is a valid empty one. */
struct rm_conf {
	struct rm_conf_setting *settings; /* owned, in the file's order */
	size_t count, room;
};

/* Adds the settings of a text. Error: "line 4: not a setting: …". */
int rm_conf_parse(
    struct rm_conf *conf, const char *text, size_t len, struct rm_error *err);
void rm_conf_free(struct rm_conf *conf);

/* The one that counts, or NULL. */
const struct rm_conf_setting *rm_conf_find(
    const struct rm_conf *conf, const char *key);
/* Whether a later setting of the same key takes this one's place. */
bool rm_conf_superseded(
    const struct rm_conf *conf, const struct rm_conf_setting *setting);

/* A part of the pattern that begins with $ matches any one part of the key:
 * "listener.http.$name". */
bool rm_conf_key_matches(const char *pattern, const char *key);

#endif
