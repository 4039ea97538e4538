#!/bin/sh
# deb.sh BUILD VERSION: a Debian package by the platform's own tools, built
# from a copy of the sources, so that the tree stays as it is; leaves it in
# BUILD. Ends in failure when lintian finds anything to warn of.
set -eu
build=$1 version=$2
tree=$build/deb/riak-mesos-$version
rm -rf "$build/deb"
mkdir -p "$tree"
cp -a Makefile README.md cmd lib man completions examples "$tree/"
mv "$tree/examples/debian" "$tree/"
has=$(dpkg-parsechangelog -l "$tree/debian/changelog" -S Version)
[ "$has" = "$version" ] || {
  echo "deb.sh: debian/changelog is of $has, the Makefile of $version" >&2
  exit 1
}
# The variables of the make that runs this are not that build's.
(cd "$tree" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u B -u SANITIZE \
  dpkg-buildpackage -us -uc -b -j"$(nproc)")
lintian --fail-on error,warning "$build/deb"/*.changes
cp "$build/deb"/riak-mesos_*.deb "$build/"
