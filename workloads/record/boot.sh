#!/bin/bash
# Records what a kernel asks of its page allocator from the first moment at which it can trace: boots
# it in QEMU under software emulation, runs a workload if one is named, and writes a recording.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")

usage() {
  cat <<'USAGE'
usage: boot.sh [OPTION]... DIRECTORY

Boots a kernel in QEMU, with the events of its page allocator traced, and makes DIRECTORY a recording.

  --memory SIZE    RAM, such as 2G or 512M (2G)
  --vcpus N        CPUs, 1 to 64 (1)
  --nodes N        NUMA nodes, each with an equal share of RAM and CPUs (1)
  --workload NAME  what init runs when the boot is over, in the same trace: cache, compile, copy, fork,
                   heap, hungry, tar, or the path of a shell script of your own (nothing)
  --guest DIR      what fetch.sh got (guest-files)
  --buffer SIZE    trace buffer of each CPU (16M, for 450 000 events); a small one disturbs less
  --limit SECONDS  gives up after so long (900)

Needs Debian's packages qemu-system-x86, cpio and gzip; for copy and cache also e2fsprogs, for heap
and hungry gcc and libc6-dev.
USAGE
}

fail() {
  echo "boot.sh: $*" >&2
  exit 1
}

memory=2G vcpus=1 nodes=1 workload='' guest=guest-files buffer=16M limit=900 directory=''
while [ $# -gt 0 ]; do
  case "$1" in
  -h | --help)
    usage
    exit 0
    ;;
  --memory | --vcpus | --nodes | --workload | --guest | --buffer | --limit)
    [ $# -ge 2 ] || fail "$1: expected a value"
    printf -v "${1#--}" '%s' "$2"
    shift
    ;;
  -*) fail "$1: no such option; see boot.sh --help" ;;
  *)
    [ -z "$directory" ] || fail "$1: expected one directory"
    directory=$1
    ;;
  esac
  shift
done

[ -n "$directory" ] || fail "expected a directory for the recording; see boot.sh --help"
[ ! -e "$directory" ] || fail "$directory: already there"
parent=$(dirname "$directory")
[ -d "$parent" ] || fail "$parent: no such directory"
[[ $memory =~ ^([1-9][0-9]{0,5})([MG])$ ]] || fail "--memory $memory: expected a size such as 2G or 512M"
mib=${BASH_REMATCH[1]}
[ "${BASH_REMATCH[2]}" = M ] || mib=$((mib * 1024))
[[ $vcpus =~ ^([1-9]|[1-5][0-9]|6[0-4])$ ]] || fail "--vcpus $vcpus: expected 1 to 64"
[[ $nodes =~ ^[1-9]$ ]] || fail "--nodes $nodes: expected 1 to 9"
((vcpus % nodes == 0 && mib % nodes == 0)) || fail "--nodes $nodes: CPUs and RAM cannot be shared evenly"
[[ $buffer =~ ^[1-9][0-9]*[KM]$ ]] || fail "--buffer $buffer: expected a size such as 64M"
[[ $limit =~ ^[1-9][0-9]*$ ]] || fail "--limit $limit: expected seconds"
script='' name=''
if [ -n "$workload" ]; then
  script=$workload
  case "$workload" in */*) ;; *) script=$here/workloads/$workload.sh ;; esac
  [ -f "$script" ] || fail "--workload $workload: no such file: $script"
  name=$(basename "$script" .sh)
  [[ $name =~ ^[A-Za-z0-9_-]+$ ]] || fail "--workload $workload: expected a name of letters, digits, - and _"
fi
for program in qemu-system-x86_64 cpio gzip sha256sum timeout; do
  command -v "$program" >/dev/null || fail "$program: not found; see boot.sh --help"
done
kernels=("$guest"/vmlinuz-*)
for file in "${kernels[0]}" "$guest/busybox"; do
  [ -f "$file" ] || fail "$file: not there; run fetch.sh $guest first"
done
[ ${#kernels[@]} -eq 1 ] || fail "$guest: more than one kernel in it"
kernel=${kernels[0]}

temporary=$(mktemp -d)
guest_pid=''
# shellcheck disable=SC2317 # called by the trap
finish() {
  # A second Ctrl-C does not stop it half-way.
  trap '' INT TERM
  [ -z "$guest_pid" ] || { kill "$guest_pid" && wait "$guest_pid"; } 2>/dev/null || true
  rm -rf "$temporary"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The first user space: busybox under all its names, init and the workload.
root=$temporary/root
mkdir -p "$root"/{bin,dev,disk,out,proc,sys,tmp,trace,work}
cp "$guest/busybox" "$root/bin/busybox"
"$guest/busybox" --list | while read -r applet; do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
cp "$here/guest/init" "$root/init"
chmod 755 "$root/init" "$root/bin/busybox"
disk=()
if [ -n "$script" ]; then
  cp "$script" "$root/workload"
  if grep -qE '^ *heap ' "$script"; then
    command -v gcc >/dev/null || fail "gcc: not found; see boot.sh --help"
    gcc -O1 -static -s -o "$root/bin/heap" "$here/guest/heap.c"
  fi
  if grep -q /disk "$script"; then
    command -v mkfs.ext4 >/dev/null || fail "mkfs.ext4: not found; see boot.sh --help"
    [ ! -f "$guest/virtio_blk.ko" ] || cp "$guest/virtio_blk.ko" "$root/"
    # 40 files of 1 to 4 MiB, 100 MiB in all.
    mkdir -p "$temporary/disk/files"
    for ((file = 10; file < 50; file++)); do
      # seq is stopped by head, which is no failure.
      (set +o pipefail && seq -f "line %.0f of file $file" 9999999 | head -c $((file % 4 + 1))M >"$temporary/disk/files/$file")
    done
    truncate -s 160M "$temporary/disk.img"
    # Always the same file system: an image that differs would be read in another way.
    E2FSPROGS_FAKE_TIME=1767225600 mkfs.ext4 -q -O ^has_journal -U 00000000-0000-4000-8000-000000000000 \
      -E hash_seed=00000000-0000-4000-8000-000000000000,root_owner=0:0 -d "$temporary/disk" "$temporary/disk.img"
    disk=(-drive "file=disk.img,format=raw,if=none,id=d0,readonly=on" -device "virtio-blk-pci,ioeventfd=off,drive=d0")
  fi
fi
find "$root" -exec touch -h -d @1767225600 {} +
(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet --reproducible | gzip -9n) >"$temporary/initrd.gz"
cp "$kernel" "$temporary/"

events=kmem:mm_page_alloc,kmem:mm_page_free,kmem:mm_page_free_batched
events+=,kmem:mm_page_pcpu_drain,kmem:mm_page_alloc_zone_locked,kmem:mm_page_alloc_extfrag
# What the kernel makes of its free pages as they change; from 6.16 on.
release=${kernel##*/vmlinuz-}
if printf '6.16\n%s\n' "$release" | sort -CV; then
  events+=,kmem:mm_setup_per_zone_wmarks,kmem:mm_setup_per_zone_lowmem_reserve,kmem:mm_calculate_totalreserve_pages
fi
# These three say on the clock of the trace when the boot reaches its milestones.
events+=,initcall:initcall_start,initcall:initcall_finish,printk:console
append="console=ttyS0 panic=-1 loglevel=7 memblock=debug nokaslr norandmaps trace_event=$events trace_buf_size=$buffer"
threads=''
if [ "$vcpus" -gt 1 ]; then
  threads=,thread=single
  # The default clock of the trace is that of each CPU.
  append+=" trace_clock=global"
fi
[ -z "$name" ] || append+=" workload=$name"
# With an ioeventfd, QEMU would answer the guest from another thread, sooner or later.
qemu=(
  qemu-system-x86_64 -accel "tcg$threads" -icount "shift=1,sleep=off" -cpu "max,-rdrand,-rdseed,-la57"
  -rtc "base=2026-01-01,clock=vm" -machine pc-q35-7.1 -smp "$vcpus" -m "$memory"
  -kernel "$(basename "$kernel")" -initrd initrd.gz -nodefaults -display none -no-reboot -serial file:console.log
  -device "virtio-serial-pci,ioeventfd=off" -chardev "file,id=c1,path=data.bin" -device "virtserialport,chardev=c1,name=data"
)
qemu+=("${disk[@]}")
if [ "$nodes" -gt 1 ]; then
  each=$((vcpus / nodes))
  for ((node = 0; node < nodes; node++)); do
    cpus=$((node * each))
    [ $each -eq 1 ] || cpus+=-$((node * each + each - 1))
    qemu+=(-object "memory-backend-ram,id=m$node,size=$((mib / nodes))M" -numa "node,nodeid=$node,cpus=$cpus,memdev=m$node")
  done
fi

echo "boot.sh: $(basename "$kernel"), $memory, $vcpus CPUs, $nodes nodes, workload ${name:-none}" >&2
started=$SECONDS
status=0
# In the background, so that a signal ends it at once.
(cd "$temporary" && exec timeout --foreground "$limit" nice "${qemu[@]}" -append "$append") &
guest_pid=$!
wait $guest_pid || status=$?
guest_pid=''
# The guest sent the text of the trace, a line that ends it, and an archive of small files.
end_line='# end of the trace'
end=$(LC_ALL=C grep -abx -m 1 "$end_line" "$temporary/data.bin" 2>/dev/null | cut -d : -f 1) || true
if [ -n "$end" ]; then
  tail -c "+$((end + ${#end_line} + 2))" "$temporary/data.bin" >"$temporary/files.tar"
fi
if ! tar -tf "$temporary/files.tar" ./stats >/dev/null 2>&1; then
  tail -n 5 "$temporary/console.log" >&2 || true
  [ "$status" -ne 124 ] || fail "the guest was not done after $limit seconds (--limit)"
  fail "the guest did not send all; QEMU ended with $status, and the last lines of its console are above"
fi

# Made here and moved when it is whole.
made=$temporary/made/$(basename "$directory")
mkdir -p "$made"
tar -xf "$temporary/files.tar" -C "$made"
base=boot
[ -z "$name" ] || base=run
# Of the other events only those that describe.sh reads; a message of several lines is not taken apart.
LC_ALL=C grep -E "^#|^CPU:|: (mm_(page|setup|calculate)_[a-z_]+|tracing_mark_write): |: initcall_(start|finish): func=(init_per_zone_wmark_min|hugepage_init|kswapd_init)\+|: console: (Run /init as|node [0-9]+ deferred pages|smp: Brought up)" \
  <(head -c "$end" "$temporary/data.bin") >"$made/$base.trace"
LC_ALL=C grep -q 'mm_page_alloc: ' "$made/$base.trace" || fail "no event in the trace; is kmem compiled in?"

# What is known of the recording, in one file of `key: value` lines.
{
  echo "kernel: $(cat "$made/version")"
  echo "command line: $(cat "$made/cmdline")"
  echo "machine: ${qemu[*]}"
  echo "emulator: $(qemu-system-x86_64 --version | head -n 1)"
  sed 's/^/package: /' "$guest/provenance.txt"
  echo "recorded: $(date -u +%F)"
  echo "trace clock: $(grep -o '\[[a-z_]*\]' "$made/trace_clock" | tr -d '[]')"
  [ -z "$name" ] || echo "workload: $name, exit status $(cat "$made/workload.status")"
  sed -n 's#.*/\(cpu[0-9]*\)/stats:\(.*overrun\|dropped events\): \(.*\)#\1: \2 \3#p' "$made/stats"
} >"$made/provenance.txt"
lost=$(awk '/^cpu[0-9]+: (overrun|commit overrun|dropped events) / { lost += $NF } END { print lost + 0 }' "$made/provenance.txt")
[ "$lost" -eq 0 ] || fail "$lost events were lost, the first of the boot among them: try a larger --buffer"
if [ -n "$name" ] && [ "$(cat "$made/workload.status")" != 0 ]; then
  echo "boot.sh: the workload ended with $(cat "$made/workload.status"); it said:" >&2
  tail -n 5 "$made/workload.log" >&2
fi
rm -f "$made"/{version,cmdline,trace_clock,stats,workload.status}
[ -s "$made/workload.log" ] || rm -f "$made/workload.log"
find "$made" -type f ! -name provenance.txt -exec gzip -9n {} +
"$here/describe.sh" "$made"
mv "$made" "$directory"
count=$(gzip -dc "$directory/$base.trace.gz" | grep -c ' mm_page_')
echo "boot.sh: $directory: $count events, $(du -sk "$directory" | cut -f 1) KiB, in $((SECONDS - started)) s" >&2
