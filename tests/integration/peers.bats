# Peers that take connections and never say a word: whoever is waited for, for
# how long, and what is said then. Each waits for its deadline.
# shellcheck shell=bash
# run sets status, output and stderr: shellcheck disable=SC2154

load ../helper
load ../api
load ../peers

# meanwhile NAME COMMAND…: in the background; its end is in NAME.end, all that it
# said in NAME.
meanwhile() {
  local name=$1
  shift
  (
    code=0
    timeout 120 "$@" >"$name" 2>&1 </dev/null 3>&- || code=$?
    echo "$code" >"$name.end"
  ) 3>&- &
  track $!
}

# ends NAME CODE WORDS: soon, with this code and these words.
ends() {
  wait_for 100 test -s "$1.end"
  cat "$1"
  assert_equal "$1 $(cat "$1.end")" "$1 $2"
  grep -qF "$3" "$1"
}

@test "a ZooKeeper that never answers: 111 and which, or going on without" {
  local zk api=$API_PORT
  dawdle zk 0
  zk=127.0.0.1:$PORT
  export RIAK_MESOS_ZK=$zk
  meanwhile get rm-state get settings
  meanwhile dump rm-state dump
  meanwhile watch rm-state watch
  meanwhile apply rm-state apply
  meanwhile schedd rm-schedd --master 127.0.0.1:1 --resource e=http://127.0.0.1:1/e
  meanwhile events rm-mesos events --master 127.0.0.1:1
  meanwhile leader rm-mesos events --master "zk://$zk/mesos" --role riak
  meanwhile clean riak-mesos framework clean-metadata --force
  rm-api --port 0 --port-file port 2>api.log 3>&- &
  track $!
  wait_for 10 test -s port
  api=127.0.0.1:$(cat port)
  run curl -s -m 5 "http://$api/healthcheck"
  assert_output --partial '"zookeeper":"away"'
  for name in get dump watch apply schedd events leader clean; do
    ends "$name" 111 "$zk"
  done
}

@test "a master that never answers: the next one is asked" {
  local second
  unset RIAK_MESOS_ZK
  "$TOOLS/fake_master" --log second.log --subscribe status=503 >second 2>&1 3>&- &
  track $!
  wait_for 10 test -s second
  second=127.0.0.1:$(head -n 1 second)
  dawdle first 0
  meanwhile known rm-mesos events --master "127.0.0.1:$PORT,$second" --role riak \
    --framework-id F-1
  meanwhile fresh rm-mesos events --master "127.0.0.1:$PORT,$second" --role riak
  asked() { grep -q "\"type\":\"$1\"" second.log; }
  wait_for 60 asked SUBSCRIBE
  wait_for 60 asked GET_FRAMEWORKS
  grep -q "127.0.0.1:$PORT: not a word for 30 s" known
}

@test "an API, a Marathon, an executor that never answers: 111, and whether it may be done" {
  settings
  start_api
  create kv
  ask POST clusters/kv/nodes
  dawdle executor 0
  run_node kv 1 "$PORT"
  wait_for 10 status_of kv "$F-kv-1" started
  meanwhile question curl -s "$API/api/v1/clusters/kv/nodes/$F-kv-1/status"
  dawdle hung 0
  cat >config.json <<'JSON'
{"riak": {"zk": "z:1", "master": "m:1"}, "resources": {"scheduler": "http://h/s"}}
JSON
  meanwhile list riak-mesos --api "127.0.0.1:$PORT" cluster list
  meanwhile create riak-mesos --api "127.0.0.1:$PORT" cluster create kw riak-kv-2-2
  meanwhile install env RIAK_MESOS_CONFIG="$PWD/config.json" \
    riak-mesos --marathon "127.0.0.1:$PORT" framework install
  # It keeps nobody from being answered.
  run get clusters
  assert_output --partial '"kv"'
  ends list 111 "GET http://127.0.0.1:$PORT/api/v1/clusters"
  ends create 111 "it may be done all the same"
  ends install 111 "it may be done all the same"
  wait_for 30 test -s question.end
  grep -q "$F-kv-1: GET http://127.0.0.1:" question
}
