#!/bin/sh
# Gets what boot.sh boots: a kernel of Debian's and a static busybox, unpacked into a directory.
# Nothing is installed.
set -eu

usage() {
  cat <<'USAGE'
usage: fetch.sh [DIRECTORY [PACKAGE]]

  DIRECTORY  where to put vmlinuz-*, virtio_blk.ko, busybox and provenance.txt (guest-files)
  PACKAGE    a package with a kernel, or one that depends on it (the newest cloud kernel that apt knows)

Needs Debian's packages apt, dpkg and xz-utils, and package lists (apt-get update).
USAGE
}

fail() {
  echo "fetch.sh: $*" >&2
  exit 1
}

case "${1-}" in
-h | --help)
  usage
  exit 0
  ;;
-*) fail "$1: no such option; see fetch.sh --help" ;;
esac
[ $# -le 2 ] || fail "expected at most a directory and a package; see fetch.sh --help"
for program in apt-get apt-cache dpkg-deb xz; do
  command -v "$program" >/dev/null || fail "$program: not found; see fetch.sh --help"
done

directory=${1:-guest-files}
package=${2:-}
if [ -z "$package" ]; then
  package=$(apt-cache search --names-only '^linux-image-[0-9].*-cloud-amd64$' | cut -d ' ' -f 1 | sort -V | tail -n 1)
  [ -n "$package" ] || fail "apt knows no linux-image-*-cloud-amd64: name a package, or run apt-get update"
fi
# From 7.0 on an image is an empty package that depends on one with the kernel and one with its modules,
# and a package without a version in its name depends on an image.
packages=$package
found=$package
for _ in image parts; do
  # shellcheck disable=SC2086 # a list
  found=$(apt-cache depends $found 2>/dev/null |
    sed -n 's/^ *Depends: \(linux-\(image\|binary\|modules\)-.*\)$/\1/p' | sort -u)
  [ -n "$found" ] || break
  packages="$packages $found"
done

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
trap 'exit 130' INT TERM

# As root, apt would fetch as a user of its own, who cannot write here.
as_root=''
[ "$(id -u)" -ne 0 ] || as_root='-o APT::Sandbox::User=root'
(
  cd "$temporary"
  # shellcheck disable=SC2086 # an option and its value, or nothing; a list
  apt-get -qq $as_root download $packages busybox-static 1>&2
) || fail "cannot download $package and busybox-static"
for deb in "$temporary"/*.deb; do
  dpkg-deb -x "$deb" "$temporary/root"
done

mkdir -p "$directory"
# /boot/vmlinuz-RELEASE, or from 7.0 on /usr/lib/modules/RELEASE/vmlinuz.
kernel=$(find "$temporary/root" -name 'vmlinuz*' | head -n 1)
[ -n "$kernel" ] || fail "$package: no kernel in it, nor in what it depends on"
name=$(basename "$kernel")
[ "$name" != vmlinuz ] || name=vmlinuz-$(basename "$(dirname "$kernel")")
# Debian's cloud kernels have all else compiled in that the workloads need to read a disk.
module=$(find "$temporary/root" -name 'virtio_blk.ko*' | head -n 1)
case "$module" in
*.xz) xz -dc "$module" >"$directory/virtio_blk.ko" ;;
*.ko) cp "$module" "$directory/virtio_blk.ko" ;;
*) echo "fetch.sh: $package has no module virtio_blk; if it is not compiled in, no workload can read a disk" >&2 ;;
esac
cp "$kernel" "$directory/$name"
cp "$(find "$temporary/root" -path '*/bin/busybox')" "$directory/busybox"
for deb in "$temporary"/*.deb; do
  # shellcheck disable=SC2016 # dpkg-deb replaces these
  dpkg-deb -W --showformat='${Package} ${Version} ${Architecture}\n' "$deb"
done >"$directory/provenance.txt"
echo "$directory: $name, busybox"
cat "$directory/provenance.txt"
