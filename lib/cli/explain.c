/* Why nodes are not placed, as the scheduler's last round had it. */
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/table.h"

int
rm_cli_cluster_explain(struct rm_cli *cli, int argc, char **argv,
    struct rm_str *out, struct rm_error *err)
{
	(void)argc;
	jv answer;
	if (rm_cli_check_name("cluster", argv[0], err) != 0 ||
	    rm_cli_get(cli, &answer, err, "/api/v1/clusters/%s/explain",
		argv[0]) != 0)
		return -1;
	if (cli->options->json) {
		rm_cli_print_json(out, answer);
		return 0;
	}
	struct rm_table table = { .columns = 2 };
	jv unplaced = rm_json_get(answer, "unplaced");
	int count = 0;
	if (jv_get_kind(unplaced) == JV_KIND_OBJECT)
		jv_object_foreach (unplaced, node, why) {
			if (count++ == 0) {
				rm_table_add(&table, "NODE");
				rm_table_add(&table, "WHY");
			}
			rm_table_add(&table, jv_string_value(node));
			rm_table_add(&table,
			    jv_get_kind(why) == JV_KIND_STRING
				? jv_string_value(why)
				: NULL);
			jv_free(node);
			jv_free(why);
		}
	if (count == 0)
		rm_str_puts(out, "every node has its place\n");
	rm_table_print(&table, out);
	jv_free(unplaced);
	jv_free(answer);
	return 0;
}
