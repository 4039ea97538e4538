#include "state/dump.h"

#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "state/output.h"
#include "state/record.h"
#include "state/record_line.h"
#include "state/snapshot.h"

static bool
is_wanted(const struct rm_state_options *options, const char *path)
{
	enum rm_record_kind kind;
	const char *name;
	if (!rm_record_parse(path, &kind, &name)) {
		rm_log_warn("%s: left out: not a record", path);
		return false;
	}
	return kind != RM_RECORD_SECRET || options->secrets;
}

/* 0, or RM_EXIT_REJECTED for one that can't be told. */
static int
add_item(struct rm_str *out, const struct rm_snapshot_item *item,
    const char *separator)
{
	const char *wrong = item->value == NULL
				? "not permitted"
				: rm_record_value_wrong(item->value, item->len);
	if (wrong != NULL) {
		rm_log_error("%s: left out: %s", item->path, wrong);
		return RM_EXIT_REJECTED;
	}
	rm_str_printf(out, "%s\n\"%s\":", separator, item->path);
	rm_record_value_add(out, item->value, item->len);
	return 0;
}

static int
write_document(const struct rm_state_options *options,
    const struct rm_snapshot *snapshot, struct rm_str *out)
{
	int code = RM_EXIT_OK;
	const char *separator = "";
	rm_str_printf(out, "{\"schema\":%d,\"framework\":\"%s\",\"records\":{",
	    RM_STATE_SCHEMA, options->framework);
	for (size_t i = 0; i < snapshot->count; i++) {
		if (!is_wanted(options, snapshot->items[i].path))
			continue;
		if (add_item(out, &snapshot->items[i], separator) != 0)
			code = RM_EXIT_REJECTED;
		else
			separator = ",";
	}
	rm_str_puts(out, "}}\n");
	return code;
}

int
rm_dump_run(const struct rm_state_options *options)
{
	struct rm_store store = { 0 };
	struct rm_error err = { 0 };
	struct rm_snapshot snapshot = { 0 };
	struct rm_str out = { 0 };
	int code;
	if (rm_store_open(&store, options, &err) != 0 ||
	    rm_snapshot_take(&store, false, &snapshot, &err) != 0) {
		rm_log_error("%s", err.text);
		code = err.code;
	} else {
		code = write_document(options, &snapshot, &out);
	}
	rm_snapshot_free(&snapshot);
	rm_store_close(&store);
	return rm_output(&out, code);
}
