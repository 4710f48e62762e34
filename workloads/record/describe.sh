#!/bin/sh
# Writes the recording.yaml of a directory that boot.sh filled, from what the kernel said itself.
# boot.sh runs it at its end; run it again after a change to the trace, whose checksum is in it.
set -eu

usage() {
  cat <<'USAGE'
usage: describe.sh DIRECTORY

Writes DIRECTORY/recording.yaml, over the one that is there, from the boot log, the memory map and the
trace that boot.sh left in DIRECTORY.

Needs awk and gzip.
USAGE
}

fail() {
  echo "describe.sh: $*" >&2
  exit 1
}

case "${1-}" in
-h | --help)
  usage
  exit 0
  ;;
-*) fail "$1: no such option; see describe.sh --help" ;;
esac
[ $# -eq 1 ] || fail "expected a directory that boot.sh made; see describe.sh --help"
directory=$1
about=$directory/provenance.txt
[ -f "$about" ] || fail "$about: no such file; expected a directory that boot.sh made"
name=$(basename "$(readlink -f "$directory")")
trace=run.trace.gz
[ -f "$directory/$trace" ] || trace=boot.trace.gz
for file in "$trace" boot.dmesg.gz boot.iomem.gz boot.zoneinfo.gz; do
  [ -f "$directory/$file" ] || fail "$directory/$file: no such file"
done
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
trap 'exit 130' INT TERM
unpacked() {
  gzip -dc "$directory/$1.gz"
}
unpacked boot.dmesg >"$temporary/dmesg"

# Text for a folded scalar: lines of about 100 columns behind an indent $1.
folded() {
  awk -v indent="$1" '{
    for (i = 1; i <= NF; i++) {
      if (line != "" && length(line) + length($i) > 98) { print indent line; line = "" }
      line = line (line == "" ? "" : " ") $i
    }
  }
  END { print indent line }'
}
# What provenance.txt says of $1.
known() {
  sed -n "s/^$1: //p" "$about"
}
# [mem 0xA-0xB] or [0xA-0xB] as `start: 0xA, end: 0xB + 1`.
half_open() {
  first=${1%-*} last=${1#*-}
  printf 'start: 0x%x, end: 0x%x' "$((first))" "$((last + 1))"
}

release=$(known kernel | awk '{ print $3 }')
machine=$(known machine)
append=$(known "command line")
memory=$(echo "$machine" | sed 's/.* -m \([0-9]*[MG]\) .*/\1iB/')
vcpus=$(echo "$machine" | sed 's/.* -smp \([0-9]*\) .*/\1/')
nodes=$(echo "$machine" | grep -o -- '-numa node' | wc -l)
[ "$nodes" -gt 0 ] || nodes=1
workload=$(known workload | sed 's/,.*//')
# The buffer of the boot CPU is allocated before the first event, those of the others when they come
# online. 256 pages to a MiB, a page to 4 KiB.
buffer=$(echo "$append" | sed 's/.*trace_buf_size=\([0-9]*[KM]\).*/\1/')
case "$buffer" in
*M) instrument=$((${buffer%M} * 256)) ;;
*K) instrument=$((${buffer%K} / 4)) ;;
*) fail "$about: no trace_buf_size in the command line" ;;
esac

zones=$(unpacked boot.zoneinfo | awk '
  function flush() { if (start != "") printf "%d %s %.0f %.0f\n", node, zone, start, start + spanned; start = "" }
  /^Node/ { flush(); node = $2 + 0; zone = $4 }
  $1 == "spanned" { spanned = $2 }
  $1 == "start_pfn:" { start = $2 }
  END { flush() }')

code=$(unpacked boot.iomem | sed -n 's/^ *0*\([0-9a-f]*\)-.* : Kernel code$/\1/p')
image=$(sed -n "s/.* reserved\[0x[0-9a-f]*\].*\[\(0x0*$code-0x[0-9a-f]*\)\],.*/\1/p" "$temporary/dmesg" | head -n 1)
initrd=$(sed -n 's/.*RAMDISK: \[mem \(0x[0-9a-f]*-0x[0-9a-f]*\)\].*/\1/p' "$temporary/dmesg")
[ -n "$image" ] || fail "$directory/boot.dmesg.gz: no kernel image among the reserved regions; was memblock=debug missing?"
[ -n "$initrd" ] || fail "$directory/boot.dmesg.gz: no line with RAMDISK:"

# Moments on the clock of the trace. `milestone` and `modelled` lines, then one with the pages that
# were in use when tracing began: at the "Memory:" line of the boot log the kernel says how many are
# free, and the events say what went to and fro until then.
unpacked "${trace%.gz}" | awk -v dmesg="$temporary/dmesg" -v instrument="$instrument" '
  function between(name, from, to) { if (from != "" && to > from) printf "modelled %s %.6f %.6f\n", name, from, to }
  # From the boot log; until well after tracing begins its clock is that of the trace.
  BEGIN {
    while ((getline line < dmesg) > 0) {
      if (!match(line, /^\[ *[0-9.]+\] /)) continue
      time = substr(line, 2, RLENGTH - 3) + 0
      text = substr(line, RLENGTH + 1)
      if (ended) { memmapEnd = time; ended = 0 }
      if (text ~ /^(Initmem setup node|On node .* unavailable ranges)/) {
        if (memmapStart == "") memmapStart = time
        ended = 1
      }
      if (bounce != "" && bounceEnd == "") bounceEnd = time
      if (text ~ /^(__)?memblock_reserve/ && before ~ /67108864 bytes.* swiotlb_init/) bounce = time
      if (text ~ /^SLUB: /) { freeAll = previous; freeAllEnd = time }
      if (text ~ /^ftrace: allocated /) ftrace = time
      if (text ~ /^Dynamic Preempt: / && ftrace != "") ftraceEnd = time
      if (text ~ /^Freeing .* memory: [0-9]+K/ && available == "") {
        sub(/.* memory: /, "", text); released += text / 4
      }
      if (text ~ /^Memory: /) {
        split(text, part, /[ K\/]+/); available = part[2]; physical = part[3]
        sub(/K reserved.*/, "", text); sub(/.*[ ,]/, "", text); reserved = text; counted = time
      }
      previous = time; before = text
    }
  }
  function value(field) { sub(/.*=/, "", field); return field + 0 }
  {
    cpu = ""
    for (i = 2; i <= NF; i++) if ($i ~ /^\[[0-9]+\]$/) { cpu = i; break }
    if (cpu == "") next
    time = $(cpu + 2) + 0
    if (begin == "") begin = time
    event = $(cpu + 3); pages = 0
    task = $1
    if (event == "mm_page_alloc_zone_locked:" || event == "mm_page_pcpu_drain:" || event == "mm_page_free:")
      pages = 2 ^ value($(cpu + 6))
    refill = event == "mm_page_alloc_zone_locked:" && pages == 1 && $NF == "percpu_refill=1"
    if (refill && refilled && pageset == "") pageset = last
    refilled = refill
    last = time
    if (event == "mm_page_free:" && task ~ /^pgdatinit/) {
      if (deferred == "") deferred = time; else { step = (time - deferred) / ++steps }
    }
    if (deferredEnd == "" || deferredEnd == time) {
      if (event == "mm_page_alloc_zone_locked:") taken += pages
      if (event == "mm_page_pcpu_drain:") taken -= pages
      # Blocks of orders that have no per-CPU list go straight back.
      if (event == "mm_page_free:" && pages > 8 && pages != 512 && task !~ /^(pgdatinit|kworker)/) taken -= pages
    }
    if (event == "console:" && /deferred pages initialised/) deferredEnd = time
    if (event == "console:" && /smp: Brought up/) online = time
    if (event == "console:" && / Run \/init as /) ready = time
    if (event == "initcall_finish:") {
      if (/=init_per_zone_wmark_min/) watermarks = time
      if (/=hugepage_init/) khugepaged = time
      if (/=kswapd_init/) kswapd = time
    }
  }
  END {
    if (pageset != "") printf "milestone setupPerCpuPageset %.6f\n", pageset
    if (online != "") printf "milestone smpDone %.6f\n", online
    if (deferredEnd != "") printf "milestone pageAllocInitLate %.6f\n", deferredEnd
    if (watermarks != "") printf "milestone watermarks %.6f\n", watermarks
    if (khugepaged != "") printf "milestone khugepaged %.6f\n", khugepaged
    if (kswapd != "") printf "milestone kswapd %.6f\n", kswapd
    if (ready != "") printf "milestone ready %.6f\n", ready
    between("memmapInit", memmapStart, memmapEnd)
    between("swiotlb", bounce, bounceEnd)
    between("memblockFreeAll", freeAll, freeAllEnd)
    between("traceBuffer", ftrace, ftraceEnd)
    if (deferred != "") between("deferredInit", deferred - step, deferredEnd)
    inUse = (physical - reserved - available) / 4 - taken - released - instrument
    if (counted > begin && inUse > 0) printf "before %.0f\n", inUse
  }' >"$temporary/found"
grep -q '^milestone ready' "$temporary/found" || fail "$directory/$trace: does not show when init starts"
before=$(sed -n 's/^before //p' "$temporary/found")

{
  if [ -n "$workload" ]; then
    echo "# A boot of an unmodified kernel from the first moment at which it can trace, and the workload"
    echo "# \`$workload\` right behind it, in one trace without a gap."
  else
    echo "# A boot of an unmodified kernel from the first moment at which it can trace until init starts"
    echo "# its first command."
  fi
  echo "# Written by workloads/record/describe.sh."
  echo "schemaVersion: 1"
  echo "name: $name"
  echo "kernel: $release"
  echo "command:"
  echo "  # Paths are without the directories of the machine it ran on."
  echo "  machine: >-"
  echo "$machine" | folded "    "
  echo "  kernel: >-"
  echo "$append" | folded "    "
  echo "recordedWith: >-"
  {
    printf '%s, TCG; workloads/record/boot.sh on %s' "$(known emulator)" "$(known recorded)"
    known package | sed 's/^/, /' | tr -d '\n'
  } | folded "  "
  echo "# On the guest's clock, which -rtc sets."
  echo "date: \"$(echo "$machine" | sed 's/.*-rtc base=\([0-9-]*\).*/\1/')\""
  echo
  echo "machine:"
  echo "  memory: $memory"
  echo "  vcpus: $vcpus"
  echo "  nodes: $nodes"
  echo "  # /proc/zoneinfo: start_pfn and spanned."
  echo "  zones:"
  echo "$zones" | while read -r node zone start end; do
    printf '    - { node: %d, name: %s, start: 0x%x, end: 0x%x }\n' "$node" "$zone" $((start * 4096)) $((end * 4096))
  done
  echo
  echo "clock:"
  echo "  statement: >-"
  {
    printf 'Trace clock "%s" under -icount shift=1: every guest instruction takes 2 ns, whatever it does, and idle ' "$(known "trace clock")"
    printf 'time is skipped to the next timer. '
    [ "$vcpus" -eq 1 ] || printf 'The CPUs take turns, so that what they do at the same time takes the sum of their times. '
    printf 'Order and counts are those of a real kernel; times are not those of hardware.'
  } | folded "    "
  echo "  timeScale:"
  echo "    value: 0.62"
  echo "    low: $(awk -v n="$vcpus" 'BEGIN { printf "%.3g", 0.2 / n }')"
  echo "    high: 1"
  echo "    basis: derived"
  echo "    source: >-"
  {
    printf 'Time of linux-6.12.95-1c4g, whose clock is the same: a plain virtual machine takes 1.724 s from '
    printf 'ExitBootServices to init (TUM CVM_eval tasks/plot_boottime.py, repository of "Confidential VMs '
    printf 'Explained", SIGMETRICS 2025), that recording 2.762 s. Low: 0.4 ns an instruction'
    [ "$vcpus" -eq 1 ] || printf ', and all CPUs busy'
    printf '; high: as recorded.'
  } | folded "      "
  echo
  echo "trace:"
  echo "  file: $trace"
  echo "  sha256: $(sha256sum "$directory/$trace" | cut -d ' ' -f 1)"
  echo
  echo "reserved:"
  echo "  # memblock_reserve of the kernel image with the brk area behind it; dmesg \"RAMDISK:\"."
  echo "  - { name: kernel image, $(half_open "$image") }"
  echo "  - { name: initrd, $(half_open "$initrd") }"
  echo
  echo "# Seconds on the clock of the trace. setupPerCpuPageset: the first refill of more than one page;"
  echo "# smpDone: \"smp: Brought up\"; pageAllocInitLate: \"deferred pages initialised\"; watermarks, khugepaged,"
  echo "# kswapd: the initcalls init_per_zone_wmark_min, hugepage_init and kswapd_init return; ready: \"Run"
  echo "# /init as init process\"."
  echo "milestones:"
  awk '$1 == "milestone" { printf "  %s: %s\n", $2, $3 }' "$temporary/found"
  echo
  echo "# Recorded time that is no work of this guest on another machine: memory map, bounce buffers,"
  echo "# hand-over of memblock and the trace buffer by the lines of dmesg around them; deferred"
  echo "# initialisation of struct pages from one block before its first free to its message."
  echo "modelled:"
  awk '$1 == "modelled" { printf "  - { name: %s, start: %s, end: %s }\n", $2, $3, $4 }' "$temporary/found"
  echo
  echo "beforeTracing:"
  if [ -n "$before" ]; then
    echo "  pages: $before"
    echo "  source: >-"
    {
      printf 'Pages in use at the "Memory:" line of the boot log, less those that the events of refills, drains and '
      printf 'large blocks account for since tracing began, less the trace buffer.'
    } | folded "    "
  else
    echo "  pages: 540"
    echo "  source: As in a boot of Linux 6.12 with 1 CPU; this kernel counts its pages too early to tell."
  fi
  echo "instrument:"
  echo "  pages: $instrument"
  if [ "$vcpus" -eq 1 ]; then
    echo "  source: trace_buf_size; allocated before the first event"
  else
    echo "  source: >-"
    echo "trace_buf_size of the first CPU; the others take as much each when they come online, and the trace shows it" |
      folded "    "
  fi
} >"$directory/recording.yaml"
