#!/usr/bin/env bash
# Writes the golden output anew; read the diff before you commit it.
set -eu
cd "$(dirname "$0")"
: "${RM_BIN:=$PWD/../../build/bin}"
export RM_BIN
while read -r session records; do
  ./stages.sh "$session" "$records" >"stages/$session.$records.out.jsonl"
done <stages/cases
