#!/bin/sh
# deb.sh BUILD VERSION: a Debian package of what `make deb` gathered in
# BUILD/stage, by the platform's own tools.
set -eu
build=$1 version=$2
root=$build/deb/riak-mesos
rm -rf "$build/deb"
mkdir -p "$root/DEBIAN" "$build/deb/debian"
cp -a "$build/stage/usr" "$root/"
gzip -9n "$root"/usr/share/man/man*/*
mkdir -p "$root/usr/share/doc/riak-mesos"
cp README.md "$root/usr/share/doc/riak-mesos/"
# dpkg-shlibdeps reads the libraries' packages off the programs; it wants a
# source tree's control file to stand in.
printf 'Source: riak-mesos\n\nPackage: riak-mesos\nArchitecture: any\n' \
  >"$build/deb/debian/control"
depends=$(cd "$build/deb" &&
  dpkg-shlibdeps -O riak-mesos/usr/bin/* 2>/dev/null |
  sed -n 's/^shlibs:Depends=//p')
cat >"$root/DEBIAN/control" <<CONTROL
Package: riak-mesos
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: the riak-mesos developers <riak-mesos@localhost>
Section: database
Priority: optional
Depends: $depends
Recommends: zookeeper
Description: Riak KV clusters on Apache Mesos
 A toolkit of small programs that runs Riak KV clusters on Apache Mesos: the
 scheduler as a pipeline, the executor, the Erlang port mapper, a proxy for
 clients, and a stand-in for Mesos to try it all on one machine.
CONTROL
dpkg-deb --root-owner-group --build "$root" \
  "$build/riak-mesos_${version}_$(dpkg --print-architecture).deb"
