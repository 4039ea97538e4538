#!/usr/bin/env bash
# place-by-hand.sh PROGRAM <day.jsonl: where nodes would go if only offers for
# which this jq program holds counted, such as '.hostname == "agent-3"'. To do
# it for real, give rm-schedd the same program with --where.
set -euo pipefail
rm-status --log-level=error | rm-cluster --log-level=error |
  rm-offer --log-level=error --where "$1" | rm-launch --log-level=error |
  jq -r 'select(.call == "ACCEPT") | .mesos.accept.operations[] |
    select(.type == "LAUNCH").launch.task_infos[] |
    [.name, .data.Host] | @tsv'
