#!/bin/sh
# Readings inside of a guest: how its kernel accepts memory, and what that takes. Writes records (JSONL) and the raw
# text of the kernel's own files; `unaccepted calibrate` makes prices of them. Needs nothing but a shell and busybox.
# Goes to its machine alone, and so has what it shares with host.sh in it.
set -eu

usage() {
  cat <<'USAGE'
usage: guest.sh [OPTION]... READING...

Reads what a guest can tell of its memory, into DIRECTORY (--out).

  static   what this boot is: command line, map, zones, boot log (G1, G7); always done first
  curve    nr_unaccepted while processes touch memory (G2)
  blocks   time of accept_memory() for each block while one process touches memory (G3)
  exits    exits that do nothing, alone, beside idle CPUs and beside busy ones (G4)
  drain    memory touched by 1, 2, 4, ... processes, and once more (G5)
  bench    perf bench mem mmap (G6)
  all      static exits blocks drain bench, in this order

  --out DIRECTORY  where to write (readings)
  --boot NAME      name of this boot, the same as for host.sh (calibrate=NAME of the command line, or guest)
  --workers N      processes of curve (as many as there are CPUs, 4 at most)
  --share PERCENT  of the memory that is unaccepted, how much a reading may use up (40)

curve, blocks and drain use unaccepted memory up: best is a fresh boot for each. Root is needed for blocks and exits.
What cannot be read is recorded as missing and is no error.
USAGE
}

fail() {
  echo "guest.sh: $*" >&2
  exit 1
}

out=readings boot='' workers='' share=40 readings=''
while [ $# -gt 0 ]; do
  case "$1" in
  -h | --help)
    usage
    exit 0
    ;;
  --out | --boot | --workers | --share)
    [ $# -ge 2 ] || fail "$1: expected a value"
    case "$1" in
    --out) out=$2 ;;
    --boot) boot=$2 ;;
    --workers) workers=$2 ;;
    --share) share=$2 ;;
    esac
    shift
    ;;
  static | curve | blocks | exits | drain | bench) readings="$readings $1" ;;
  all) readings="$readings exits blocks drain bench" ;;
  *) fail "$1: no such option or reading; see guest.sh --help" ;;
  esac
  shift
done
[ -n "$readings" ] || fail "expected a reading; see guest.sh --help"
case "$workers" in *[!0-9]* | 0*) fail "--workers $workers: expected a number of processes" ;; esac
case "$share" in '' | *[!0-9]* | 0*) fail "--share $share: expected percent from 1 to 90" ;; esac
[ "$share" -le 90 ] || fail "--share $share: expected percent from 1 to 90"
[ -r /proc/vmstat ] || fail "/proc is not mounted"

command_line=$(cat /proc/cmdline)
if [ -z "$boot" ]; then
  boot=guest
  for word in $command_line; do
    case "$word" in calibrate=*) boot=${word#calibrate=} ;; esac
  done
fi
case "$boot" in '' | *[!A-Za-z0-9._-]*) fail "--boot $boot: expected letters, digits, dots and dashes" ;; esac
mkdir -p "$out"
records=$out/guest-$boot.jsonl
# Files of other runs for the same boot stay.
run=1
while [ -e "$out/guest-$boot-$run.mark" ]; do run=$((run + 1)); done
: >"$out/guest-$boot-$run.mark"
prefix=guest-$boot-$run

temporary=$out/.guest-$boot-$run
mkdir "$temporary"
holders=''
tracing=''
thp=''
# shellcheck disable=SC2317,SC2329 # called by the trap
finish() {
  trap '' INT TERM
  release
  [ -z "$tracing" ] || stop_tracing || true
  [ -z "$thp" ] || echo "$thp" >/sys/kernel/mm/transparent_hugepage/enabled
  rm -rf "$temporary"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Text inside of a JSON string.
escaped() {
  printf '%s' "$1" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g'
}

# record READING FIELDS: appends one line.
record() {
  printf '{"reading":"%s","boot":"%s",%s}\n' "$1" "$boot" "$2" >>"$records"
}

missing() {
  printf '{"reading":"%s","missing":"%s"}\n' "$1" "$(escaped "$2")" >>"$records"
  echo "guest.sh: $1 is not read: $2" >&2
}

# Nanoseconds of CLOCK_MONOTONIC in $now; the kernel's own list of timers begins with them. Without root, hundredths
# of a second of the uptime. Starts no process.
now_ns() {
  if [ -r /proc/timer_list ]; then
    while read -r a b now c; do
      [ "$a $b $c" != "now at nsecs" ] || return 0
    done 2>/dev/null </proc/timer_list
  fi
  read -r now _ </proc/uptime
  now=${now%.*}${now#*.}0000000
}

# Pages of nr_unaccepted in $unaccepted and of nr_free_pages in $free; 0 where the kernel knows of none.
pages() {
  unaccepted=0 free=0
  while read -r name value; do
    case "$name" in
    nr_free_pages) free=$value ;;
    nr_unaccepted)
      unaccepted=$value
      ;;
    esac
  done </proc/vmstat
}

nap() {
  sleep 0.1 2>/dev/null || usleep 100000 2>/dev/null || sleep 1
}

# Pids that hold memory.
release() {
  for holder in $holders; do kill "$holder" 2>/dev/null || true; done
  holders=''
}

cpus=0
while read -r name _; do
  case "$name" in cpu[0-9]*) cpus=$((cpus + 1)) ;; esac
done </proc/stat

# Pins what follows to one CPU where that can be done.
pin_to() {
  pin=''
  if command -v taskset >/dev/null && [ "$1" -lt 62 ]; then pin="taskset $(printf '%x' $((1 << $1)))"; fi
}

# start N BYTES: N processes, one a CPU, each touch so much memory, page after page, and keep it. A read of /dev/zero
# into a buffer that nobody has used touches it; the FIFO that it is written to is full at once, so the buffer stays.
# A reader of each FIFO ends when the first byte comes, and with nothing when the process dies.
start() {
  count=$1 each=$2 readers='' worker=0
  now_ns
  began=$now
  while [ "$worker" -lt "$count" ]; do
    fifo=$temporary/fifo.$worker
    rm -f "$fifo" "$temporary/got.$worker"
    mkfifo "$fifo"
    dd bs=1 count=1 <"$fifo" >"$temporary/got.$worker" 2>/dev/null &
    readers="$readers $!"
    pin_to "$worker"
    # shellcheck disable=SC2086 # a command, or nothing
    $pin dd if=/dev/zero bs="$each" count=1 1<>"$fifo" 2>/dev/null &
    holders="$holders $!"
    worker=$((worker + 1))
  done
}

# Waits for all that were started; whether each has its memory. $took is how long that was.
all_full() {
  for reader in $readers; do wait "$reader" || true; done
  now_ns
  took=$((now - began))
  worker=0
  while [ "$worker" -lt "$count" ]; do
    [ -s "$temporary/got.$worker" ] || return 1
    worker=$((worker + 1))
  done
}

is_running() {
  worker=0
  while [ "$worker" -lt "$count" ]; do
    [ -s "$temporary/got.$worker" ] || return 0
    worker=$((worker + 1))
  done
  return 1
}

# Memory that the readings may use, in MiB: a share of what is unaccepted, or of what is available where nothing is.
budget() {
  pages
  if [ "$unaccepted" -gt 0 ]; then
    mib=$((unaccepted * share / 25600))
  else
    while read -r name value _; do
      [ "$name" != MemAvailable: ] || mib=$((value * share / 102400))
    done </proc/meminfo
  fi
}

small_pages() {
  enabled=/sys/kernel/mm/transparent_hugepage/enabled
  [ -w $enabled ] || return 0
  thp=$(sed 's/.*\[\(.*\)\].*/\1/' $enabled)
  echo never >$enabled
}

usual_pages() {
  [ -z "$thp" ] || echo "$thp" >/sys/kernel/mm/transparent_hugepage/enabled
  thp=''
}

platform_of() {
  platform=none
  if grep -qw tdx_guest /proc/cpuinfo; then
    platform=tdx
  elif dmesg | grep -q 'Memory Encryption Features active:.*SEV-SNP'; then
    platform=snp
  fi
}

static() {
  # The ring buffer of a boot with initcall_debug is larger than what dmesg asks for by itself.
  dmesg -s 4000000 >"$out/$prefix-dmesg.txt" 2>/dev/null || dmesg >"$out/$prefix-dmesg.txt" || {
    missing G1 "permission for dmesg"
    rm -f "$out/$prefix-dmesg.txt"
  }
  ram=0
  for entry in /sys/firmware/memmap/*; do
    [ -r "$entry/type" ] || continue
    read -r first <"$entry/start"
    read -r last <"$entry/end"
    read -r type <"$entry/type"
    [ "$type" != 'System RAM' ] || ram=$((ram + last - first + 1))
    printf '%s %s %s\n' "$first" "$last" "$type"
  done >"$out/$prefix-memmap.txt"
  if [ "$ram" -eq 0 ]; then
    while read -r name value _; do
      [ "$name" != MemTotal: ] || ram=$((value * 1024))
    done </proc/meminfo
  fi
  read -r _ _ kernel _ </proc/version
  record boot "\"platform\":\"$platform\",\"ramBytes\":$ram,\"vcpus\":$cpus,\"kernel\":\"$(escaped "$kernel")\",\"commandLine\":\"$(escaped "$command_line")\""
  processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
  printf '{"reading":"machine","side":"guest","processor":"%s","kernel":"%s","date":"%s"}\n' \
    "$(escaped "$processor")" "$(escaped "$kernel")" "$(date +%Y-%m-%d)" >>"$records"
  [ ! -e "$out/$prefix-dmesg.txt" ] || record G7 "\"file\":\"$prefix-dmesg.txt\""
  [ ! -s "$out/$prefix-memmap.txt" ] || record G1 "\"what\":\"memmap\",\"file\":\"$prefix-memmap.txt\""
  for file in zoneinfo buddyinfo meminfo vmstat iomem; do
    if cat "/proc/$file" >"$out/$prefix-$file.txt" 2>/dev/null; then
      record G1 "\"what\":\"$file\",\"file\":\"$prefix-$file.txt\""
    fi
  done
  # From edk2 2025.08 and Linux 6.17 on.
  log=/sys/firmware/efi/ovmf_debug_log
  if [ -r $log ] && cat $log >"$out/$prefix-ovmf.txt"; then
    record G1 "\"what\":\"ovmf\",\"file\":\"$prefix-ovmf.txt\""
  fi
}

look() {
  pages
  now_ns
  record G2 "\"ns\":$now,\"unacceptedPages\":$unaccepted,\"freePages\":$free,\"workers\":$1"
}

curve() {
  [ -n "$workers" ] || workers=$((cpus < 4 ? cpus : 4))
  budget
  each=$((mib / workers))
  if [ "$each" -lt 16 ]; then
    missing G2 "memory, $mib MiB for $workers processes"
    return 0
  fi
  look "$workers"
  start "$workers" "${each}M"
  while is_running; do
    look "$workers"
    nap
    # One that died will never be full.
    for holder in $holders; do kill -0 "$holder" 2>/dev/null || break 2; done
  done
  all_full || missing G2 "memory, a process was killed"
  look "$workers"
  release
}

trace=/sys/kernel/tracing
# shellcheck disable=SC2016 # the kernel's own words
arguments='a=$arg1:x64 b=$arg2:x64'

# An option of a tracer is there only as long as the tracer is.
stop_tracing() {
  echo 0 >$trace/tracing_on
  case "$tracing" in
  function_graph)
    echo nofuncgraph-tail >$trace/trace_options
    echo nop >$trace/current_tracer
    echo >$trace/set_ftrace_filter
    ;;
  kprobe)
    echo 0 >$trace/events/kprobes/enable
    echo >$trace/kprobe_events
    ;;
  esac
  tracing=''
}

blocks() {
  if ! [ -w $trace/current_tracer ]; then
    mount -t tracefs nodev $trace 2>/dev/null || true
  fi
  if ! [ -w $trace/current_tracer ]; then
    missing G3 "tracefs, or root"
    return 0
  fi
  echo 0 >$trace/tracing_on
  if grep -qw function_graph $trace/available_tracers; then
    # Only these, each where this kernel has it: what is traced costs time.
    echo >$trace/set_ftrace_filter
    for function in accept_memory tdx_accept_memory snp_accept_memory vmgexit_psc pvalidate_pages; do
      echo $function >>$trace/set_ftrace_filter 2>/dev/null || true
    done
    # An empty filter stands for all functions.
    if ! grep -q '^accept_memory' $trace/set_ftrace_filter; then
      echo >$trace/set_ftrace_filter
      missing G3 "accept_memory() in this kernel"
      return 0
    fi
    echo function_graph >$trace/current_tracer
    echo funcgraph-tail >$trace/trace_options
    tracing=function_graph
  elif echo "p:acc accept_memory $arguments" >$trace/kprobe_events 2>/dev/null; then
    echo 'r:accret accept_memory' >>$trace/kprobe_events
    echo 1 >$trace/events/kprobes/enable
    tracing=kprobe
  else
    missing G3 "function_graph, or a kprobe on accept_memory()"
    return 0
  fi
  echo >$trace/trace
  echo 1 >$trace/tracing_on
  budget
  start 1 "$((mib < 1024 ? mib : 1024))M"
  all_full || missing G3 "memory, a process was killed"
  echo 0 >$trace/tracing_on
  cat $trace/trace >"$out/$prefix-blocks.txt"
  record G3 "\"file\":\"$prefix-blocks.txt\",\"tracer\":\"$tracing\""
  stop_tracing
  release
}

# batches WAY OTHERS CPUS: 10 times so many reads in a row from the driver of CPU 0.
batches() {
  batch=0
  while [ "$batch" -lt 10 ]; do
    pin_to 0
    now_ns
    began=$now
    # shellcheck disable=SC2086 # a command, or nothing
    $pin dd if=/dev/cpu/0/$1 of=/dev/null bs=$block skip=$skip count=$turns 2>/dev/null || {
      missing G4 "an answer of /dev/cpu/0/$1"
      return 1
    }
    now_ns
    record G4 "\"way\":\"$1\",\"others\":\"$2\",\"cpus\":$3,\"exits\":$number,\"ns\":$((now - began))"
    batch=$((batch + 1))
  done
}

exits() {
  # An SNP guest has a table that answers CPUID, so there it is the first MTRR that is read, by 8 bytes at 0x200; others
  # read leaf 0x40000000 and those after it, by 16 bytes. Both drivers seek by the number, not by bytes.
  way=cpuid block=65536 skip=16384 turns=24 number=98304
  [ "$platform" != snp ] || { way=msr block=8 skip=64 turns=100000 number=100000; }
  [ -r /dev/cpu/0/$way ] || modprobe $way 2>/dev/null || true
  if [ ! -r /dev/cpu/0/$way ]; then
    missing G4 "/dev/cpu/0/$way (root and the module $way)"
    return 0
  fi
  case " $command_line " in
  *' nohz=off '*) batches $way tick $((cpus - 1)) || return 0 ;;
  *) batches $way none 0 || return 0 ;;
  esac
  busy=1
  while [ "$busy" -lt "$cpus" ]; do
    spinners=''
    cpu=1
    while [ "$cpu" -le "$busy" ]; do
      pin_to "$cpu"
      # shellcheck disable=SC2086 # a command, or nothing
      $pin sh -c 'while :; do :; done' &
      spinners="$spinners $!"
      cpu=$((cpu + 1))
    done
    holders="$holders $spinners"
    batches $way spin $busy || true
    release
    busy=$((busy * 2))
  done
}

# step PASS N MIB
step() {
  pages
  before=$unaccepted
  start "$2" "$(($3 / $2))M"
  all_full || {
    missing G5 "memory, a process was killed"
    return 1
  }
  pages
  record G5 "\"pass\":$1,\"workers\":$2,\"touchedBytes\":$(($3 / $2 * $2 * 1048576)),\"acceptedBytes\":$(((before - unaccepted) * 4096)),\"ns\":$took"
}

drain() {
  # Each number of processes twice, so that it shows how far one is like the other.
  steps=0 number=1
  while [ "$number" -le "$cpus" ]; do steps=$((steps + 2)) number=$((number * 2)); done
  budget
  own=$((mib / steps))
  if [ "$own" -lt $((8 * cpus)) ]; then
    missing G5 "memory, $mib MiB for $steps steps"
    return 0
  fi
  small_pages
  # All keep their memory until the last step has ended, so that each finds some that is unaccepted.
  number=1
  while [ "$number" -le "$cpus" ]; do
    for _ in 1 2; do step 1 "$number" "$own" || break 2; done
    number=$((number * 2))
  done
  release
  sleep 1
  number=1
  while [ "$number" -le "$cpus" ]; do
    for _ in 1 2 3; do
      step 2 "$number" "$own" || break 2
      release
      sleep 1
    done
    number=$((number * 2))
  done
  usual_pages
}

bench() {
  if ! perf bench mem mmap -s 64MB -p 4KB -f demand >/dev/null 2>&1; then
    missing G6 "perf of 6.18 or later"
    return 0
  fi
  for way in demand populate; do
    perf bench mem mmap -s 1GB -p 4KB -f $way >"$out/$prefix-bench-$way.txt" 2>&1
    record G6 "\"pageKiB\":4,\"way\":\"$way\",\"file\":\"$prefix-bench-$way.txt\""
  done
}

platform_of
static
for reading in $readings; do
  [ "$reading" = static ] || "$reading"
done
echo "guest.sh: wrote $records and $out/$prefix-*"
