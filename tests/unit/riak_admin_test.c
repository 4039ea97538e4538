/* Riak's words: all that a real one said, and what it could say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "riak/admin.h"

#define GOLDEN "tests/golden/riak-3.2/commands.jsonl"

static struct rm_admin_answer
judge(const char *name, const char *out, size_t len, int status)
{
	struct rm_admin_answer a = { 0 };
	struct rm_admin_output o = { out, "", len, 0, status };
	const struct rm_admin_command *c = rm_admin_find(name);
	assert_non_null(c);
	rm_admin_judge(c, &o, &a);
	return a;
}

static jv
words(const char *text)
{
	jv v;
	struct rm_error err = { 0 };
	if (rm_json_parse(text, strlen(text), &v, &err) != 0)
		fail_msg("%s in %s", err.text, text);
	return v;
}

/* expected: JSON with ' for ", all that the value is. */
static void
says(const char *name, const char *out, int code, const char *reason,
    const char *expected)
{
	struct rm_admin_answer a = judge(name, out, strlen(out), 0);
	char text[4096];
	if (a.code != code)
		fail_msg("%s: code %d: %s", name, a.code, a.text);
	if (reason != NULL)
		assert_string_equal(a.reason, reason);
	assert_int_equal(code != RM_EXIT_OK, a.text[0] != '\0');
	if (expected != NULL) {
		snprintf(text, sizeof(text), "%s", expected);
		for (char *p = text; *p != '\0'; p++)
			*p = *p == '\'' ? '"' : *p;
		jv want = words(text);
		if (!rm_json_equal(a.value, want)) {
			jv got = jv_dump_string(jv_copy(a.value), 0);
			fail_msg("%s: %s", name, jv_string_value(got));
		}
		jv_free(want);
	}
	assert_int_equal(
	    jv_is_valid(a.value), code == RM_EXIT_OK || code == RM_EXIT_NO);
	rm_admin_answer_free(&a);
}

static void
unknown(const char *name, const char *out, const char *shown)
{
	struct rm_admin_answer a = judge(name, out, strlen(out), 0);
	if (a.code != RM_EXIT_OUTSIDE || strstr(a.text, shown) == NULL)
		fail_msg("%s: %d %s for %s", name, a.code, a.text, out);
	rm_admin_answer_free(&a);
}

static void
each_golden(void (*test)(jv line))
{
	FILE *file = fopen(GOLDEN, "re");
	char *line = NULL;
	size_t room = 0;
	int count = 0;
	assert_non_null(file);
	while (getline(&line, &room, file) > 0) {
		jv v = words(line);
		test(v);
		jv_free(v);
		count++;
	}
	free(line);
	fclose(file);
	assert_true(count > 100);
}

static void
golden_argv(jv line)
{
	const char *operands[3];
	jv given = rm_json_get(line, "operands"), args = jv_array();
	int n = jv_array_length(jv_copy(given));
	/* Those that we refuse ourselves. */
	const char *last = "";
	for (int i = 0; i < n; i++) {
		jv v = jv_array_get(jv_copy(given), i);
		operands[i] = last = jv_string_value(v);
		jv_free(v);
	}
	if (strcmp(last, "notaname") == 0 || strcmp(last, "not json") == 0 ||
	    strcmp(rm_json_text(line, "name", ""), "cluster-status") == 0) {
		jv_free(given);
		jv_free(args);
		return;
	}
	struct rm_error err = { 0 };
	char **argv = rm_admin_argv(
	    rm_admin_find(rm_json_text(line, "name", "")), "/r", (size_t)n,
	    operands, &err);
	if (argv == NULL)
		fail_msg("%s", err.text);
	assert_string_equal(argv[0], "/r/bin/riak");
	for (char **word = argv + 1; *word != NULL; word++)
		args = jv_array_append(args, jv_string(*word));
	jv want = rm_json_get(line, "args");
	assert_true(rm_json_equal(args, want));
	jv_free(want);
	jv_free(args);
	jv_free(given);
	rm_admin_argv_free(argv);
}

static void
golden_answer(jv line)
{
	const char *out = rm_json_text(line, "stdout", "");
	const char *name = rm_json_text(line, "name", "");
	int exit = (int)rm_json_number(line, "exit", 0);
	struct rm_admin_answer a = judge(name, out, strlen(out), exit << 8);
	jv want = rm_json_get(line, "value");
	const char *reason = rm_json_text(line, "reason", "");
	assert_int_equal(a.code, (int)rm_json_number(line, "code", -1));
	assert_string_equal(a.reason != NULL ? a.reason : "", reason);
	if (!rm_json_equal(a.value, want))
		fail_msg("%s: another value for %s", name, out);
	jv_free(want);
	rm_admin_answer_free(&a);
}

/* An answer that was cut is never taken for a whole one. */
static void
golden_cut(jv line)
{
	const char *out = rm_json_text(line, "stdout", "");
	const char *name = rm_json_text(line, "name", "");
	size_t len = strlen(out);
	while (len > 0 && out[len - 1] == '\n')
		len--;
	if ((int)rm_json_number(line, "code", -1) != RM_EXIT_OK ||
	    strcmp(name, "pid") == 0)
		return;
	for (size_t cut = 0; cut < len; cut += 1 + len / 200) {
		struct rm_admin_answer a = judge(name, out, cut, 0);
		if (a.code == RM_EXIT_OK)
			fail_msg("%s: %.*s", name, (int)cut, out);
		rm_admin_answer_free(&a);
	}
}

static void
test_real_words(void **state)
{
	(void)state;
	each_golden(golden_argv);
	each_golden(golden_answer);
	each_golden(golden_cut);
}

#define MEMBERS                                                                \
	"================================= Membership "                        \
	"==================================\n"                                 \
	"Status     Ring    Pending    Node\n"                                 \
	"--------------------------------------------------------------------" \
	"-----------\n"
#define RULE                                                                   \
	"--------------------------------------------------------------------" \
	"-----------\n"

static void
test_members(void **state)
{
	(void)state;
	says("member-status",
	    MEMBERS
	    "valid     100.0%     12.5%    a@h (rack 7, left)\n" RULE
	    "Valid:1 / Leaving:0 / Exiting:0 / Joining:0 / Down:0\nok\n",
	    0, NULL,
	    "{'nodes':[{'id':'a@h','location':'rack 7, left','status':'valid',"
	    "'ring_percentage':100,'pending_percentage':12.5}],'valid':1,"
	    "'leaving':0,'exiting':0,'joining':0,'down':0}");
	unknown("member-status",
	    MEMBERS "valid     100.0%      --    a@h\n" RULE "Valid:1\nok\n",
	    "line 6, exit 0: Valid:1");
	unknown("member-status",
	    MEMBERS "valid     -1.0%      --    a@h\n" RULE "Valid:1\nok\n",
	    "valid     -1.0%");
	unknown("member-status",
	    MEMBERS "valid     100.0%      --    a@h\n" RULE
		    "Valid:1 / Leaving:0 / Exiting:0 / Joining:0 / Down:0 / "
		    "Lost:1\nok\n",
	    "Lost:1");
}

static void
test_ringready(void **state)
{
	(void)state;
	says("ringready",
	    "FALSE Node 'a@h.x' and b@h list different partition owners\n"
	    "error\n",
	    1, "not-ready",
	    "{'ready':false,'nodes':[],'down':[],'disagree':['a@h.x','b@h'],"
	    "'error':'FALSE Node \\u0027a@h.x\\u0027 and b@h list different "
	    "partition owners'}");
	says("ringready",
	    "FALSE [a@h,\n       b@h] down.  All nodes need to be up to "
	    "check.\nerror\n",
	    1, "not-ready",
	    "{'ready':false,'nodes':[],'down':['a@h','b@h'],'disagree':[],"
	    "'error':'FALSE [a@h,b@h] down.  All nodes need to be up to "
	    "check.'}");
	says("ringready", "Ringready failed, see log for details\nerror\n", 1,
	    "failed", NULL);
	unknown("ringready", "MAYBE\nok\n", "MAYBE");
	unknown(
	    "ringready", "TRUE All nodes agree on the ring [a@h]\n", "TRUE");
}

#define CLAIMANT                                                               \
	"=== Claimant ===\nClaimant:  a@h\nStatus:     down\n"                 \
	"Ring Ready: unknown\n\n=== Ownership Handoff ===\n"
#define UNREACHABLE                                                            \
	"\n=== Unreachable Nodes ===\nAll nodes are up and reachable\n\nok\n"

static void
test_ring(void **state)
{
	(void)state;
	says("ring-status",
	    CLAIMANT "Owner:      a@h\nNext Owner: b@h\n\n!!! a@h is DOWN !!!"
		     "\n!!! b@h is DOWN !!!\n\nIndex: 0\n  Waiting on: "
		     "[riak_kv_vnode,\n               riak_pipe_vnode]\n"
		     "  Complete:   [x]\n\n" RULE UNREACHABLE,
	    0, NULL,
	    "{'claimant':'a@h','claimant_up':false,'ring_ready':null,"
	    "'pending':[{'owner':'a@h','next_owner':'b@h','down':['a@h',"
	    "'b@h'],'partitions':[{'index':'0','waiting_on':['riak_kv_vnode',"
	    "'riak_pipe_vnode'],'complete':['x']}]}],'unreachable':[]}");
	unknown("ring-status", CLAIMANT "Something new.\n" UNREACHABLE,
	    "Something new.");
	unknown("ring-status",
	    CLAIMANT "Owner:      a@h\nNext Owner: b@h\n\nIndex: 0\n"
		     "  Resizing\n\n" RULE UNREACHABLE,
	    "Resizing");
}

/* `ra` and names that are longer than their column. */
static void
test_transfers(void **state)
{
	(void)state;
	says("transfers",
	    "'a@h.x' waiting to handoff 3 partitions\n\nActive Transfers:\n\n"
	    "transfer type: repair\nvnode type: riak_kv_vnode\n"
	    "source partition: 0\ntarget partition: 5\n"
	    "started: 2026-11-22 10:00:00 [1.20 s ago]\n"
	    "last update: 2026-11-22 10:00:01 [2.00 ms ago]\n"
	    "total size: 4096 bytes\nobjects transferred: 12\n\n"
	    "                          10 Objs/s\n"
	    "riak-kv-1@a-rather-long-n  =======>         b@127.0.0.1        "
	    "\n"
	    "ame.example                                                    "
	    "\n"
	    "        |===========                                |  26%     "
	    "\n"
	    "                          1.20 KB/s\n\n\n"
	    "Node 'c@h.x' could not be contacted\nok\n",
	    0, NULL,
	    "{'waiting_to_handoff':[{'id':'a@h.x','partitions':3}],'active':["
	    "{'type':'repair','vnode_type':'riak_kv_vnode',"
	    "'source_partition':'0','target_partition':'5','started':"
	    "'2026-11-22 10:00:00 [1.20 s ago]','last_update':"
	    "'2026-11-22 10:00:01 [2.00 ms ago]','total_size':{'bytes':4096},"
	    "'objects_transferred':12,"
	    "'source':'riak-kv-1@a-rather-long-name.example',"
	    "'target':'b@127.0.0.1','progress':26,'objects_rate':"
	    "'10 Objs/s','bytes_rate':'1.20 KB/s'}],'not_running':[],"
	    "'down':[],'unreachable':['c@h.x']}");
}

static void
test_transfers_else(void **state)
{
	(void)state;
	says("transfers",
	    "Nodes [a@h,\n       b@h] are currently down.\n"
	    "No transfers active\n\nActive Transfers:\n\n"
	    "vnode type: riak_kv_vnode\npartition: 7\ntarget node: c@h\n\n\n"
	    "ok\n",
	    0, NULL,
	    "{'waiting_to_handoff':[],'active':[{'vnode_type':"
	    "'riak_kv_vnode','partition':'7','target':'c@h'}],"
	    "'not_running':[],'down':['a@h','b@h'],'unreachable':[]}");
	says("transfers",
	    "Transfers failed, see log for details\n\nActive Transfers:\n\n\n"
	    "ok\n",
	    1, "failed", NULL);
	unknown("transfers",
	    "No transfers active\n\nActive Transfers:\n\n"
	    "transfer type: ownership\nvnode colour: red\n\n\nok\n",
	    "vnode colour: red");
	unknown("transfers", "No transfers active\nok\n", "No transfers");
}

static void
test_plan(void **state)
{
	(void)state;
	says("cluster plan",
	    "=== Staged Changes ===\nAction         Details(s)\n" RULE
	    "replace        'a@h.x' with b@h\n"
	    "force-replace  c@h with 'd@h.x'\n"
	    "set-location  b@h to rack 7\n"
	    "resize-ring    16 to 32 partitions\n" RULE "\n"
	    "WARNING: All of c@h replicas will be lost\n\n"
	    "NOTE: Applying these changes will result in 0 cluster "
	    "transitions\n\n"
	    "WARNING: Full rebalance forced\n\nok\n",
	    0, NULL,
	    "{'changes':[{'action':'replace','id':'a@h.x','with':'b@h'},"
	    "{'action':'force-replace','id':'c@h','with':'d@h.x'},"
	    "{'action':'set-location','details':'b@h to rack 7'},"
	    "{'action':'resize-ring','details':'16 to 32 partitions'}],"
	    "'warnings':['All of c@h replicas will be lost',"
	    "'Full rebalance forced'],'transitions':[]}");
	unknown("cluster plan",
	    "=== Staged Changes ===\nAction         Details(s)\n" RULE
	    "promote        a@h\n" RULE
	    "NOTE: Applying these changes will result in 0 cluster "
	    "transitions\nok\n",
	    "promote");
}

static void
test_status(void **state)
{
	(void)state;
	says("cluster-status", "[{'type':'text'}]\nerror\n", 1, "failed", NULL);
	says("cluster-status",
	    "[{\"type\":\"text\",\"text\":\"Ring ready: undefined\\n\"},"
	    "{\"type\":\"table\",\"table\":[{\"node\":\"a@h\",\"status\":"
	    "\"down\",\"avail\":\"up!\",\"ring\":\" 50.0\",\"pending\":"
	    "\"  2.5\",\"location\":\"rack\"}]}]\nok\n",
	    0, NULL,
	    "{'ring_ready':null,'nodes':[{'id':'a@h','status':'down',"
	    "'claimant':false,'location':'rack','up':true,'marked_down':true,"
	    "'ring_percentage':50,'pending_percentage':2.5}]}");
	unknown("cluster-status",
	    "[{\"type\":\"text\",\"text\":\"Ring ready: true\\n\"},"
	    "{\"type\":\"table\",\"table\":[{\"node\":\"a@h\",\"status\":"
	    "\"valid\",\"avail\":\"maybe\",\"ring\":\"50.0\",\"pending\":"
	    "\"--\"}]}]\nok\n",
	    "maybe");
	unknown("cluster-status", "[1,{\"table\":[]}]\nok\n", "table");
	unknown("cluster-status", "[\nok\n", "unknown words");
}

static void
test_types(void **state)
{
	(void)state;
	says("bucket-type list", "default (active)\na b (not active)\nok\n", 0,
	    NULL,
	    "[{'id':'default','props':{'active':true}},"
	    "{'id':'a b','props':{'active':false}}]");
	says("bucket-type status",
	    "t has been created but cannot be activated yet\n\nn_val: 3\n"
	    "precommit: [{struct,[{<<\"mod\">>,<<\"m\">>},\n"
	    "                     {<<\"fun\">>,<<\"f\">>}]}]\n"
	    "pid: <0.12.3>\nbig: 1.0e400\nactive: false\n"
	    "{error,not_ready}\n",
	    0, NULL,
	    "{'id':'t','status':'created','props':{'n_val':3,'precommit':["
	    "{'mod':'m','fun':'f'}],'pid':'<0.12.3>','big':'1.0e400',"
	    "'active':false}}");
	unknown("bucket-type status", "t is green\n\nn_val: 3\nok\n", "green");
	unknown(
	    "bucket-type status", "t is active\n\nn_val 3\nok\n", "n_val 3");
}

/* What is not in the captures. */
static const struct {
	const char *name, *out, *reason;
} refusals[] = {
	{ "cluster join", "Join failed. Try again in a few moments.\nerror\n",
	    "try-again" },
	{ "cluster join",
	    "Failed: a@h has a different ring_creation_size\n"
	    "error\n",
	    "ring-size" },
	{ "cluster leave",
	    "a@h is already in the process of leaving the "
	    "cluster.\nerror\n",
	    "already-leaving" },
	{ "cluster leave", "Failed: a@h is the only member.\nerror\n",
	    "only-member" },
	{ "cluster force-remove",
	    "Failed: a@h is the claimant (see: riak-admin ring_status).\n"
	    "The claimant is the node\nerror\n",
	    "claimant" },
	{ "cluster commit",
	    "Cannot commit until cluster state has converged.\n"
	    "Check 'Ring Ready' in 'riak-admin ring_status'\nok\n",
	    "not-converged" },
	{ "cluster commit",
	    "The plan has changed. Verify with 'riak-admin cluster plan' "
	    "before committing\nok\n",
	    "plan-changed" },
	{ "cluster commit",
	    "Unable to commit cluster changes. Plan may have changed, please "
	    "verify the\nplan and try to commit again\nok\n",
	    "plan-changed" },
	{ "down", "Failed: a@h is up\nerror\n", "up" },
	{ "down", "No such thing in any version\nerror\n", "failed" },
	{ "down", "error\n", "failed" },
	{ "ping", "Node a@h is not responding to pings.\n", "not-responding" },
	{ "ping", "Node 'a@h' not responding to pings.\n", "not-responding" },
	{ "pid", "Node is not running!\n", "not-responding" },
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		says(refusals[i].name, refusals[i].out, RM_EXIT_NO,
		    refusals[i].reason, NULL);
}

static void
test_unknown(void **state)
{
	(void)state;
	unknown("cluster join",
	    "Success: staged join request for a to b\n"
	    "error\n",
	    "Success");
	unknown("cluster join",
	    "Success: staged join request for a to b\n"
	    "and more\nok\n",
	    "and more");
	unknown("cluster join", "Usage: riak-admin cluster\nok\n", "Usage");
	unknown("cluster join", "ok\n", "no words");
	unknown("cluster join", "", "no words, exit 0");
	unknown("ping", "pang\n", "pang");
	unknown("ping", "pong\npong\n", "pong");
	unknown("pid", "-1\n", "-1");
	unknown("pid", "12a\n", "12a");
	unknown("services", "ok\n", "ok");
	unknown("services", "[riak_kv\n", "[riak_kv");
	unknown("services", "[1,2]\n", "[1,2]");
	unknown("wait-for-service", "riak_kv is not up: []\n", "is not up");
	says("wait-for-service",
	    "riak_kv is not up: [riak_pipe]\nriak_kv is up\n", 0, NULL,
	    "{'service':'riak_kv','up':true}");
	struct rm_admin_answer a = judge("ping", "pong\n", 5, 9);
	assert_int_equal(a.code, RM_EXIT_OUTSIDE);
	assert_string_equal(a.text, "ping: ended by signal 9");
	rm_admin_answer_free(&a);
	struct rm_admin_output o = { NULL, "no\tsuch\033[1m file\n", 0, 17,
		127 << 8 };
	rm_admin_judge(rm_admin_find("ping"), &o, &a);
	assert_string_equal(a.text,
	    "ping: unknown words near line 1, exit 127: no\tsuch?[1m file");
	rm_admin_answer_free(&a);
}

/* name, operands; what riak gets last, or NULL where it is refused. */
static const struct {
	const char *name, *operands[3], *last;
} argvs[] = {
	{ "ping", { NULL }, "ping" },
	{ "ping", { "x" }, NULL },
	{ "cluster join", { NULL }, NULL },
	{ "cluster join", { "a@h", "b@h" }, NULL },
	{ "cluster join", { "-f@h" }, NULL },
	{ "cluster join", { "a@h;id" }, NULL },
	{ "cluster join", { "a'@h" }, NULL },
	{ "cluster join", { "a\"@h" }, NULL },
	{ "cluster join", { "a%s@h" }, NULL },
	{ "cluster join", { "" }, NULL },
	{ "cluster join", { "ah" }, NULL },
	{ "cluster leave", { NULL }, "leave" },
	{ "cluster replace", { "a@h" }, NULL },
	{ "cluster replace", { "a@h", "b@h" }, "b@h" },
	{ "partitions", { NULL }, "partitions" },
	{ "partitions", { "a@h.x_y-z" }, "--node=a@h.x_y-z" },
	{ "wait-for-service", { "riak_kv", "a@h" }, "a@h" },
	{ "wait-for-service", { "riak kv" }, NULL },
	{ "wait-for-service", { ".*" }, NULL },
	{ "bucket-type create", { "t" }, "t" },
	{ "bucket-type create", { "t\\" }, NULL },
	{ "bucket-type create", { "t", "{\"props\": {\"n_val\":2} }" },
	    "{\"props\":{\"n_val\":2}}" },
	{ "bucket-type create", { "t", "{\"a\":\"\\\"\\u00e9\\\\n\"}" },
	    "{\"a\":\"\\\\\"\\\\u00e9\\\\\\\\n\"}" },
	{ "bucket-type create", { "t", "{" }, NULL },
	{ "bucket-type create", { "t", "[]" }, NULL },
	{ "bucket-type update", { "t" }, NULL },
};

static void
test_argv(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(argvs) / sizeof(*argvs); i++) {
		struct rm_error err = { 0 };
		size_t n = 0;
		while (argvs[i].operands[n] != NULL)
			n++;
		char **argv = rm_admin_argv(rm_admin_find(argvs[i].name), ".",
		    n, argvs[i].operands, &err);
		if ((argv == NULL) != (argvs[i].last == NULL))
			fail_msg("%zu: %s %s", i, argvs[i].name, err.text);
		if (argv == NULL) {
			assert_int_equal(err.code, RM_EXIT_USAGE);
			assert_string_not_equal(err.text, "");
			continue;
		}
		size_t last = 0;
		while (argv[last + 1] != NULL)
			last++;
		assert_string_equal(argv[last], argvs[i].last);
		rm_admin_argv_free(argv);
	}
	assert_null(rm_admin_find("cluster"));
	assert_null(rm_admin_find(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_words),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_ringready),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_transfers),
		cmocka_unit_test(test_transfers_else),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_argv),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
