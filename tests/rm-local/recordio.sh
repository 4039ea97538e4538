#!/bin/bash
# Turns a RecordIO stream on stdin into lines, as they come.
export LC_ALL=C
while IFS= read -r length; do
  IFS= read -r -N "$length" record || exit 1
  printf '%s\n' "$record"
done
