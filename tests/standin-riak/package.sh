#!/bin/sh
# package.sh OUT.tar.gz: compile, and pack what a Riak package holds under one directory riak/.
set -eu

[ $# -eq 1 ] || { echo "usage: package.sh OUT.tar.gz" >&2; exit 100; }
here=$(cd "$(dirname "$0")" && pwd -P)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

top=$tmp/riak
lib=$top/lib/standin_riak-3.2.3
mkdir -p "$lib/ebin" "$top/lib/patches" "$top/releases/3.2.3" "$top/data/ring" "$top/log"
cp -R "$here/bin" "$here/etc" "$here/share" "$top"
cp "$here/src/standin_riak.app.src" "$lib/ebin/standin_riak.app"
# Deterministic: the beams must not say where they were made.
(cd "$here" && erlc +deterministic -Wall -Werror -o "$lib/ebin" src/*.erl)
echo "13.1.5 3.2.3" > "$top/releases/start_erl.data"
echo '[{release, "riak", "3.2.3", "13.1.5", [], permanent}].' > "$top/releases/RELEASES"

# To a neighbour, then renamed: whoever looks meanwhile sees the old package or the new one.
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u+w,go-w -C "$tmp" -cf - riak | gzip -n > "$1.new"
mv "$1.new" "$1"
