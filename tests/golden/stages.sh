#!/usr/bin/env bash
# stages.sh SESSION RECORDS [CHUNK]: a recorded session through the four pure
# stages; with CHUNK, every stage gets its input in pieces of that many bytes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
chunk() {
  if [ -n "$1" ]; then "$RM_TOOLS/rechunk" "$1"; else cat; fi
}
"$here/replay.sh" "$1" "$2.jsonl" |
  chunk "${3-}" | "$RM_BIN/rm-status" --log-level=error |
  chunk "${3-}" | "$RM_BIN/rm-cluster" --log-level=error |
  chunk "${3-}" | "$RM_BIN/rm-offer" --log-level=error |
  chunk "${3-}" | "$RM_BIN/rm-launch" --log-level=error
