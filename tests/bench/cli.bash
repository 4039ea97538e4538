# The processor time that riak-mesos itself has: for --help, for a completion
# that asks, and for a reading command, of a cluster of a hundred nodes.
# shellcheck shell=bash

# own COMMAND…: user and system time in ms, the middle of 21 runs.
own() {
  local _ TIMEFORMAT='%3U %3S'
  for _ in {1..21}; do
    { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{print 1000 * ($1 + $2)}'
  done | median 21
}

command_line() {
  start_zookeeper || return 1
  settings | state put settings || return 1
  start_api || return 1
  riak-mesos cluster create kv "$RIAK_VERSION" >/dev/null || return 1
  riak-mesos cluster add-node kv --nodes 100 >/dev/null || return 1
  # A measure is of what works.
  [ "$(riak-mesos node info --completion-words | grep -c '^riak-kv-')" = 100 ] &&
    riak-mesos status kv | grep -q '^riak-kv-100 ' || return 1
  bench cli-help "$(own riak-mesos --help)" ms 20
  bench cli-completion "$(own riak-mesos node info --completion-words)" ms 20
  bench cli-read "$(own riak-mesos cluster list)" ms 20
  bench cli-status "$(own riak-mesos status kv)" ms 20
}
