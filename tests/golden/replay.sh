#!/usr/bin/env bash
# replay.sh NAME RECORDS: a recorded session of a real master
# (mesos-1.12/NAME.events.jsonl) as the stages see it: the snapshot of RECORDS,
# then the events as they came, a tick at each full second, and ticks for 90
# seconds after the end.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cat "$here/stages/$2"
jq -rn '
  def ticks($from; $to): range($from; $to) | "{\"tick\":\(.)}";
  def shown: (.raw | fromjson) as $m |
    "{\"event\":\"\($m.type)\",\"at\":\(.at)," +
    (if $m.type == "SUBSCRIBED"
     then "\"master\":\"127.0.0.1:5050\",\"stream_id\":\"s\"," else "" end) +
    "\"mesos\":\(.raw)}";
  foreach (inputs, null) as $e ({t: null, out: []};
    .t as $t |
    if $e == null then .out = [ticks($t; $t + 90)]
    else ($e.at | ceil) as $next |
      .out = [ticks($t // $next; $next), ($e | shown)] | .t = $next
    end;
    .out[])
' "$here/mesos-1.12/$1.events.jsonl"
