#!/bin/sh
# dist.sh BUILD VERSION: one archive of all programs that runs on any glibc
# host of this architecture, wherever it is unpacked.
set -eu
build=$1 name=riak-mesos-$2
root=$build/dist/$name
rm -rf "$build/dist"
examples/bundle.sh "$root" "$build"/bin/*
cp "$build"/ebin/*.beam "$build/rm-executor.tar.gz" "$root/lib/"
cp -r man completions README.md "$root/"
tar -C "$build/dist" --owner=0 --group=0 --sort=name -czf \
  "$build/$name.tar.gz" "$name"
