#!/bin/sh
# follow-node.sh NODE <day.jsonl: one node's life, a line a change: when, what
# its task was, where, and why. Works on a stream that goes on, too.
exec jq --unbuffered -rn --arg node "$1" '
  foreach inputs as $line ({at: 0, last: null};
    .at = ($line.at // $line.tick // .at) |
    if $line.event == "UPDATE" and
      ($line.mesos.update.status.task_id.value | startswith($node + "."))
    then .now = ($line.mesos.update.status | [.task_id.value, .state,
      .source, .reason // "", .message // ""])
    else . end |
    .fresh = (.now != null and .now != .last) | .last = .now;
    select(.fresh) | [(.at | floor | todate)] + .now | @tsv)'
