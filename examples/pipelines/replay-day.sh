#!/usr/bin/env bash
# replay-day.sh <day.jsonl: what the scheduler decided on a recorded day, as it
# decides it again: records to write, and calls to the master. day.jsonl is
# what `rm-state watch` puts out in the line of rm-schedd(8): type that line
# with `tee day.jsonl` behind it.
set -euo pipefail
rm-status | rm-cluster | rm-offer | rm-launch |
  jq -c 'select(.write or .call)'
