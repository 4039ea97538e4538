# The four pure stages: recorded streams in, golden streams out; and what every
# stage does with wrong input and a wrong output.

load helper

stages=(rm-status rm-cluster rm-offer rm-launch)

@test "recorded sessions give the golden streams" {
  while read -r session records; do
    "$TOP/tests/golden/stages.sh" "$session" "$records" \
      >"$BATS_TEST_TMPDIR/out"
    diff -u "$TOP/tests/golden/stages/$session.$records.out.jsonl" \
      "$BATS_TEST_TMPDIR/out"
  done <"$TOP/tests/golden/stages/cases"
}

@test "the same bytes for every way of cutting the input" {
  local size
  for size in 1 7 4096 65536; do
    while read -r session records; do
      "$TOP/tests/golden/stages.sh" "$session" "$records" "$size" \
        >"$BATS_TEST_TMPDIR/out"
      cmp "$TOP/tests/golden/stages/$session.$records.out.jsonl" \
        "$BATS_TEST_TMPDIR/out"
    done <"$TOP/tests/golden/stages/cases"
  done
}

# An hour of ticks that a generator made: two agents' offers a second.
@test "an hour: the same bytes from any chunking; every offer is answered" {
  cd "$BATS_TEST_TMPDIR"
  "$RM_TOOLS/offers" 7200 2 5 >hour
  four() { rm-status | rm-cluster | rm-offer | rm-launch; }
  four <hour >whole 2>log
  for size in 61 977 65536; do
    "$RM_TOOLS/rechunk" "$size" <hour | four 2>log | cmp - whole
  done
  jq -r 'select(.event == "OFFERS").mesos.offers.offers[].id.value' hour |
    sort >offered
  jq -r 'select(.call == "DECLINE" or .call == "ACCEPT").mesos |
    (.decline // .accept).offer_ids[].value' whole | sort >answered
  [ "$(wc -l <offered)" -eq 7200 ]
  cmp offered answered
}

# What the model's stages heard in an hour of failures, lost agents, restarts and
# changes of mind.
@test "an hour in which all goes wrong: the same bytes from any chunking" {
  cd "$BATS_TEST_TMPDIR"
  MODEL_TRACE=trace "$RM_TOOLS/model" 5 3600
  grep -v '^> ' trace >hour
  [ "$(grep -c '^{"tick"' hour)" -ge 3600 ]
  # through STAGE…: each gets its input in pieces of $size bytes, but for 0
  through() {
    if [ $# -eq 0 ]; then
      cat
    elif [ "$size" -eq 0 ]; then
      "$1" | through "${@:2}"
    else
      "$RM_TOOLS/rechunk" "$size" | "$1" | through "${@:2}"
    fi
  }
  size=0
  through "${stages[@]}" <hour >whole 2>log
  [ "$(grep -c '^{"call":"ACCEPT"' whole)" -gt 100 ]
  for size in 211 4093; do
    through "${stages[@]}" <hour 2>log | cmp - whole
  done
}

@test "what does not concern a stage passes unparsed and unchanged" {
  local line='{"call":"X", "spaces" :  1e0, not json'
  for stage in "${stages[@]}"; do
    run "$stage" <<<"$line"
    assert_success
    assert_output "$line"
  done
}

@test "a bad line in the middle is reported, dropped and counted" {
  for stage in "${stages[@]}"; do
    run --separate-stderr "$stage" <<'IN'
{"tick":1}
{"record":"nodes/riak-kv-1","value":{"cluster":
{"tick":2}
IN
    assert_failure 2
    assert_output $'{"tick":1}\n{"tick":2}'
    [[ $stderr == *"line 2 dropped: not JSON"* ]]
  done
}

@test "a line of no known kind is dropped by its first reader" {
  for stage in "${stages[@]}"; do
    run --separate-stderr "$stage" <<<$'{"nonsense":1}\nrubbish\n\n{"call":"A"}'
    assert_failure 2
    assert_output '{"call":"A"}'
    [[ $stderr == *"line 1 dropped: starts with no known kind"* ]]
    [[ $stderr == *"line 2 dropped"* && $stderr == *"line 3 dropped"* ]]
  done
}

@test "a record without a value is dropped; one that can't be read passes" {
  for stage in "${stages[@]}"; do
    run --separate-stderr "$stage" <<'IN'
{"record":"nodes/riak-kv-1"}
{"record":"nodes/riak-kv-2","error":"not JSON","version":1}
IN
    assert_failure 2
    assert_output '{"record":"nodes/riak-kv-2","error":"not JSON","version":1}'
    [[ $stderr == *"record: nodes/riak-kv-1: lacks value"* ]]
  done
}

@test "events that lack a field are dropped with its name" {
  run --separate-stderr rm-status <<<'{"event":"UPDATE","at":1,"mesos":{}}'
  assert_failure 2
  [[ $stderr == *"lacks update.status.task_id"* ]]
  run --separate-stderr rm-status <<<'{"event":"SUBSCRIBED","at":1,"mesos":{}}'
  assert_failure 2
  run --separate-stderr rm-offer <<<'{"event":"OFFERS","at":1,"mesos":{}}'
  assert_failure 2
  [[ $stderr == *"lacks offers.offers"* ]]
  run --separate-stderr rm-launch <<<'{"plan":"S1","at":1,"offers":[]}'
  assert_failure 2
  [[ $stderr == *"lacks launch"* ]]
}

@test "an offer that can't be read is left out, the others are used" {
  run --separate-stderr rm-offer <<'IN'
{"event":"OFFERS","at":1,"mesos":{"offers":{"offers":[{"id":{"value":"O1"}},{"id":{"value":"O2"},"agent_id":{"value":"S1"},"hostname":"h","resources":[]}]}}}
{"tick":2}
IN
  assert_failure 2
  [[ $stderr == *"line 1: left out: offer lacks agent_id"* ]]
  [[ $output == *'"offer_ids":[{"value":"O2"}]'* ]]
}

@test "nan, wrong UTF-8 and too deep nesting are no JSON" {
  local deep
  deep=$(printf '[%.0s' {1..300})
  for bad in 'nan' $'"\xff"' "$deep" '1 2'; do
    run --separate-stderr rm-offer <<<"{\"tick\":$bad}"
    assert_failure 2
    assert_output ""
  done
}

@test "a full disk and a closed stdout are errors, a broken pipe is quiet" {
  for stage in "${stages[@]}"; do
    run --separate-stderr bash -c "echo '{\"tick\":1}' | $stage >/dev/full"
    assert_failure 111
    [[ $stderr == *"standard output: No space left on device"* ]]
    run --separate-stderr bash -c "echo '{\"tick\":1}' | $stage >&-"
    assert_failure 111
    [[ $stderr == *"standard output: Bad file descriptor"* ]]
    run --separate-stderr bash -c "trap '' PIPE; yes '{\"tick\":1}' 2>/dev/null | head -n 100000 2>/dev/null | $stage | head -n 1"
    assert_output '{"tick":1}'
    [ -z "$stderr" ]
  done
}

@test "stdin that can't be read is an error" {
  for stage in "${stages[@]}"; do
    run --separate-stderr bash -c "$stage </"
    assert_failure 111
    [[ $stderr == *"standard input: Is a directory"* ]]
  done
}

@test "usage errors name the bad word and exit 100" {
  for stage in "${stages[@]}"; do
    run --separate-stderr "$stage" --nonsense
    assert_failure 100
    [[ $stderr == *"unknown option --nonsense"* ]]
    [ "${#stderr_lines[@]}" -eq 1 ]
    run --separate-stderr "$stage" extra
    assert_failure 100
    [[ $stderr == *"extra"* ]]
    run --separate-stderr "$stage" --log-format=xml
    assert_failure 100
  done
}

@test "a stage reads no environment" {
  RIAK_MESOS_LOG_FORMAT=nonsense RIAK_MESOS_CONFIG=/nonexistent \
    run rm-offer <<<'{"tick":1}'
  assert_success
}

@test "a line without a newline at the end counts" {
  run bash -c "printf '{\"tick\":7}' | rm-launch"
  assert_success
  assert_output '{"tick":7}'
}
