# What every bats file shares: where the programs are, and servers.bash: free
# ports, waiting for conditions, servers that are stopped whatever happens.

# shellcheck shell=bash
bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${RM_BIN:=$TOP/build/bin}"
export RM_BIN TOP
PATH=$RM_BIN:$PATH
# shellcheck source-path=SCRIPTDIR source=servers.bash
. "$TOP/tests/servers.bash"

# not_sanitized WHY: this test has nothing to say of a build under a sanitizer.
not_sanitized() {
  [ -z "${RM_SANITIZE-}" ] || skip "$1"
}
