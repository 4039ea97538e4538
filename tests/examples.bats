# The pipelines of examples/, over recorded sessions of a real master.
# shellcheck shell=bash

load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  P=$TOP/examples/pipelines
}

day() { # day SESSION RECORDS
  "$TOP/tests/golden/replay.sh" "$1" "$2.jsonl" >day.jsonl
}

three() {
  day 03-offers-domains-attributes-disks-static-roles three-nodes
}

@test "replay-day: what was decided, the same each time" {
  three
  "$P/replay-day.sh" <day.jsonl >one 2>/dev/null
  "$P/replay-day.sh" <day.jsonl >two 2>/dev/null
  cmp one two
  [ "$(jq -r 'select(.call == "ACCEPT") | .call' one | wc -l)" -eq 3 ]
  [ "$(jq -r '.write // empty' one | grep -c '^tasks/')" -eq 3 ]
  run jq -c 'select((.write // .call) == null)' one
  refute_output
}

@test "follow-node: one node's life, a line a change" {
  day 01-lifecycle lived-node
  run "$P/follow-node.sh" riak-kv-1 <day.jsonl
  assert_success
  assert_line --index 0 "2026-11-22T07:33:40Z	riak-kv-1.1	TASK_STARTING	SOURCE_EXECUTOR		"
  assert_line --partial "riak-kv-1.2	TASK_FAILED	SOURCE_AGENT	REASON_EXECUTOR_TERMINATED	Executor terminated"
  [ "$(uniq -d <<<"$(cut -f2- <<<"$output")")" = "" ]
  # Another whose name begins with the same is another.
  run "$P/follow-node.sh" riak-kv <day.jsonl
  assert_success
  refute_output
}

@test "dry-run-constraint: who would fit, and what stands in the way" {
  three
  run "$P/dry-run-constraint.sh" '[["rack", "LIKE", "r[12]"]]' <day.jsonl
  assert_success
  assert_line "riak-kv-1	127.0.0.1	fits"
  assert_line 'riak-kv-1	127.0.0.3	constraint	"rack LIKE r[12]"'
  run "$P/dry-run-constraint.sh" '[]' <day.jsonl
  assert_line "riak-kv-1	127.0.0.3	fits"
  run "$P/dry-run-constraint.sh" 'no JSON' <day.jsonl
  assert_failure
  assert_output --partial "invalid JSON"
}

@test "place-by-hand: only where the program holds" {
  three
  run "$P/place-by-hand.sh" '.hostname == "127.0.0.3"' <day.jsonl
  assert_success
  assert_output "riak-kv-1	127.0.0.3"
  run "$P/place-by-hand.sh" 'true' <day.jsonl
  assert_output "riak-kv-1	127.0.0.1
riak-kv-2	127.0.0.2
riak-kv-3	127.0.0.3"
}

@test "three hosts: each program takes what its file says" {
  local p name
  for p in rm-schedd rm-api rm-director; do
    while IFS='=' read -r name _; do
      "$p" --help | grep -qF "(\$$name)" || fail "$name is none of $p's"
    done <"$TOP/examples/three-hosts/$p.env"
    grep -q "EnvironmentFile=-/etc/riak-mesos/$p.env" "$TOP/examples/systemd/$p.service"
  done
  # What is JSON within a file's quotes is.
  # shellcheck source=/dev/null
  . "$TOP/examples/three-hosts/rm-schedd.env"
  jq -e '.executor and .["riak-3-2"]' <<<"$RIAK_MESOS_RESOURCE_URLS"
  jq -e '.[0] == ["hostname", "UNIQUE"]' <<<"$RIAK_MESOS_CONSTRAINTS"
}
