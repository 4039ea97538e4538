#!/bin/sh
# dist.sh BUILD VERSION: one archive that needs nothing of its host but a
# kernel: the programs, the shared libraries they were linked with, and the
# loader. A wrapper starts each by that loader, wherever the archive is
# unpacked. The loader stands in bin/, because a program finds its neighbours
# beside /proc/self/exe, which is then the loader.
set -eu
build=$1 name=riak-mesos-$2
root=$build/dist/$name
rm -rf "$build/dist"
mkdir -p "$root/bin" "$root/libexec" "$root/lib"
cp "$build"/bin/* "$root/libexec/"
cp "$build"/ebin/*.beam "$build/rm-executor.tar.gz" "$root/lib/"
cp -r man completions "$root/"
cp README.md "$root/"
strip "$root"/libexec/*
# "name => /path (0x…)" are libraries, "/path (0x…)" is the loader.
ldd "$root"/libexec/* | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u |
  while read -r library; do cp -L "$library" "$root/lib/"; done
loader=$(ldd "$root/libexec/riak-mesos" | awk '$1 ~ /^\// {print $1; exit}')
cp -L "$loader" "$root/bin/ld.so"
for program in "$root"/libexec/*; do
  cat >"$root/bin/${program##*/}" <<'WRAPPER'
#!/bin/sh
# Starts the program of this name with the libraries that came with it.
own=$(readlink -f "$0")
root=${own%/bin/*}
exec "$root/bin/ld.so" --library-path "$root/lib" --argv0 "${0##*/}" \
  "$root/libexec/${own##*/}" "$@"
WRAPPER
  chmod 755 "$root/bin/${program##*/}"
done
tar -C "$build/dist" --owner=0 --group=0 --sort=name -czf \
  "$build/$name.tar.gz" "$name"
