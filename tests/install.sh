#!/bin/sh
# install.sh PACKAGE…: installs Debian packages when it may, and prints the
# line to type when it may not.
set -eu
line="apt-get install -y --no-install-recommends $*"
if ! command -v apt-get >/dev/null; then
  echo "missing: $*; this is no Debian: install what they hold" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    exec sudo sh "$0" "$@"
  fi
  echo "missing packages; run as root: $line" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=600 update -q >/dev/null
echo "installing: $*"
exec apt-get -o DPkg::Lock::Timeout=600 install -qq -y \
  --no-install-recommends "$@" >/dev/null
