/*
 * Templates of riak.conf and advanced.config, as the original's users wrote
 * them: mustache variables {{httpport}}, and the older {{.HTTPPort}}; names
 * are told apart without regard to case. {{{name}}} and {{&name}} are the
 * same (nothing is ever escaped), {{! words }} is a comment. Sections and
 * partials ({{#name}}, {{>name}} …) are refused.
 *
 * Braces around anything else are not a tag: in Erlang "{{" is common.
 * Source: mustache(5); riak-mesos's default templates. Pure.
 */
#ifndef RM_RIAK_TEMPLATE_H
#define RM_RIAK_TEMPLATE_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct rm_template_var {
	const char *name; /* NULL ends the table */
	const char *value;
};

/* Appends to out. Error: "line 3: unknown variable {{nodname}}"; out then
 * holds what was rendered up to there. */
int rm_template_render(struct rm_str *out, const char *text, size_t len,
    const struct rm_template_var *vars, struct rm_error *err);

#endif
