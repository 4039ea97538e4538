#include <string.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/table.h"

#define ORPHANS "/api/v1/framework/orphans"

static void
print(jv all, struct rm_str *out)
{
	struct rm_table table = { .columns = 3 };
	rm_table_add(&table, "VOLUME");
	rm_table_add(&table, "NODE");
	rm_table_add(&table, "HOST");
	jv keys = jv_keys(jv_copy(all));
	jv_array_foreach (keys, i, key) {
		jv one = jv_object_get(jv_copy(all), jv_copy(key));
		rm_table_add(&table, jv_string_value(key));
		rm_table_add(&table, rm_json_text(one, "node", NULL));
		rm_table_add(&table, rm_json_text(one, "hostname", NULL));
		jv_free(one);
		jv_free(key);
	}
	jv_free(keys);
	rm_table_print(&table, out);
}

static int
settle(struct rm_cli *cli, const char *id, struct rm_error *err)
{
	const char *version = cli->options->riak_version;
	const char *what = cli->options->adopt ? "adopt" : "free";
	if (rm_cli_check_name("volume", id, err) != 0)
		return -1;
	if (version == NULL || !cli->options->adopt)
		return rm_cli_do(cli, "POST", err, ORPHANS "/%s/%s", id, what);
	if (rm_cli_check_name("version", version, err) != 0)
		return -1;
	return rm_cli_do(cli, "POST", err, ORPHANS "/%s/%s?riak_version=%s", id,
	    what, version);
}

int
rm_cli_framework_orphans(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	const struct rm_cli_options *o = cli->options;
	jv answer;
	if (o->adopt && o->release)
		return rm_error_set(err, RM_EXIT_USAGE,
		    "--adopt and --free exclude each other");
	if ((o->adopt || o->release) != (argc > 0))
		return rm_error_set(err, RM_EXIT_USAGE,
		    argc > 0 ? "what to do with them: --adopt or --free"
			     : "name the volumes");
	for (int i = 0; i < argc; i++)
		if (settle(cli, argv[i], err) != 0)
			return strstr(err->text, argv[i]) != NULL
				   ? -1
				   : rm_error_prefix(err, "%s", argv[i]);
	if (argc > 0) {
		rm_cli_print_done(cli, out,
		    o->adopt ? "%d volumes are taken up by their nodes"
			     : "%d volumes, and what is in them, are going",
		    argc);
		return 0;
	}
	if (rm_cli_get(cli, &answer, err, ORPHANS) != 0)
		return -1;
	jv all = rm_json_get(answer, "orphans");
	jv_free(answer);
	if (o->json) {
		rm_cli_print_json(out, all);
		return 0;
	}
	if (jv_get_kind(all) == JV_KIND_OBJECT)
		print(all, out);
	jv_free(all);
	return 0;
}
