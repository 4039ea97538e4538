#include "cli/filter.h"

#include <jq.h>
#include <jv.h>
#include <string.h>

#include "base/exit.h"
#include "base/json.h"

/* The first of what libjq has to say; consumes. */
static void
complain(void *arg, jv message)
{
	struct rm_error *err = arg;
	if (err->code == 0 && jv_get_kind(message) == JV_KIND_STRING) {
		const char *text = jv_string_value(message);
		rm_error_set(err, RM_EXIT_USAGE, "--jq: %.*s",
		    (int)strcspn(text, "\n"), text);
	}
	jv_free(message);
}

/* The error that a program ended with; consumes. */
static int
failed(jv result, struct rm_error *err)
{
	jv message = jv_invalid_get_msg(result);
	jv text = jv_get_kind(message) == JV_KIND_STRING
		      ? message
		      : jv_dump_string(message, 0);
	rm_error_set(err, RM_EXIT_USAGE, "--jq: %s", jv_string_value(text));
	jv_free(text);
	return -1;
}

static int
run(jq_state *jq, jv value, struct rm_str *out, struct rm_error *err)
{
	jv result;
	jq_start(jq, value, 0);
	while (jv_is_valid(result = jq_next(jq))) {
		if (jv_get_kind(result) == JV_KIND_STRING) {
			rm_str_puts(out, jv_string_value(result));
			jv_free(result);
		} else {
			rm_json_write(out, result);
		}
		rm_str_puts(out, "\n");
	}
	if (jv_invalid_has_msg(jv_copy(result)))
		return failed(result, err);
	jv_free(result);
	return 0;
}

static int
run_all(jq_state *jq, const struct rm_str *text, struct rm_str *out,
    struct rm_error *err)
{
	struct jv_parser *parser = jv_parser_new(0);
	int rc = 0;
	jv value;
	jv_parser_set_buf(parser, text->text != NULL ? text->text : "",
	    (int)text->len, 0);
	while (rc == 0 && jv_is_valid(value = jv_parser_next(parser)))
		rc = run(jq, value, out, err);
	if (rc == 0) {
		if (jv_invalid_has_msg(jv_copy(value)))
			rc = rm_error_set(err, RM_EXIT_USAGE,
			    "--jq: this command prints no JSON");
		jv_free(value);
	}
	jv_parser_free(parser);
	return rc;
}

int
rm_cli_filter(const char *program, struct rm_str *text, struct rm_error *err)
{
	jq_state *jq = jq_init();
	struct rm_str out = { 0 };
	if (jq == NULL)
		return rm_error_set(err, RM_EXIT_OUTSIDE, "--jq: no memory");
	struct rm_error said = { 0 };
	jq_set_error_cb(jq, complain, &said);
	int rc = jq_compile(jq, program) ? run_all(jq, text, &out, err) : -1;
	if (rc != 0 && err->code == 0)
		*err = said.code != 0 ? said
				      : (struct rm_error){ RM_EXIT_USAGE, "" };
	jq_teardown(&jq);
	if (rc == 0) {
		rm_str_free(text);
		*text = out;
	} else {
		rm_str_free(&out);
	}
	return rc;
}
