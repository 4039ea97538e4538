#!/usr/bin/env bash
# dry-run-constraint.sh '[["rack", "LIKE", "r1"]]' <day.jsonl: how placement
# would have gone under these constraints: for each node without a place and
# each agent that offered, the first step that failed, or that it fits.
set -euo pipefail
jq -c --argjson constraints "$1" '
  if .record == "settings" then .value.constraints = $constraints else . end' |
  rm-status --log-level=error | rm-cluster --log-level=error |
  rm-offer --log-level=error --explain |
  jq -r 'select(.agent) | [.explain, .hostname, .step,
    (.constraint // empty | tojson)] | @tsv'
