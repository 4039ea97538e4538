#!/bin/sh
# bundle.sh ROOT PROGRAM…: lays programs under ROOT so that they need nothing
# of their host but a kernel and sh: with the shared libraries they were linked
# with, and the loader, which a wrapper in ROOT/bin starts them by, wherever
# ROOT comes to be. The loader stands in bin/, because a program finds its
# neighbours beside /proc/self/exe, which is then the loader; it is started by
# a link of the program's name, which is what ps and pgrep then show.
# STRIP: what takes the symbols off the copies.
set -eu
root=$1
shift
mkdir -p "$root/bin" "$root/libexec" "$root/lib/by-name"
cp "$@" "$root/libexec/"
${STRIP-strip} "$root"/libexec/*
# "name => /path (0x…)" are libraries, "/path (0x…)" is the loader.
ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u |
  while read -r library; do cp -L "$library" "$root/lib/"; done
loader=$(ldd "$1" | awk '$1 ~ /^\// {print $1; exit}')
cp -L "$loader" "$root/bin/ld.so"
for program; do
  name=${program##*/}
  ln -s ../../bin/ld.so "$root/lib/by-name/$name"
  cat >"$root/bin/$name" <<'WRAPPER'
#!/bin/sh
# Starts the program of this name with the libraries that came with it.
own=$(readlink -f "$0")
root=${own%/bin/*} name=${own##*/}
exec "$root/lib/by-name/$name" --library-path "$root/lib" \
  --argv0 "${0##*/}" "$root/libexec/$name" "$@"
WRAPPER
  chmod 755 "$root/bin/$name"
done
