#!/bin/bash
# Records what one command asks of the page allocator of the machine it runs on, and makes a
# recording of it. Changes nothing but for as long as it runs: tracefs is mounted in a namespace of its
# own, and the events go to an instance of their own.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: live.sh [OPTION]... DIRECTORY COMMAND [ARGUMENT]...

Runs COMMAND with the events of the kernel's page allocator traced, and makes DIRECTORY a recording.
What COMMAND and the processes that it starts allocate is kept, and when that is freed by whomever.

  --all          keeps the events of all tasks; those that COMMAND did not start are called "other"
  --perf         uses perf instead of tracefs
  --buffer SIZE  trace buffer of each CPU (64M, for 1.4 million events)

Needs root, a kernel with tracepoints, and Debian's packages util-linux and gzip; --perf needs linux-perf.
USAGE
}

fail() {
  echo "live.sh: $*" >&2
  exit 1
}

all=0 perf=0 buffer=64M
while [ $# -gt 0 ]; do
  case "$1" in
  -h | --help)
    usage
    exit 0
    ;;
  --all) all=1 ;;
  --perf) perf=1 ;;
  --buffer)
    [ $# -ge 2 ] || fail "--buffer: expected a size such as 64M"
    buffer=$2
    shift
    ;;
  -*) fail "$1: no such option; see live.sh --help" ;;
  *) break ;;
  esac
  shift
done
[ $# -ge 2 ] || fail "expected a directory and a command; see live.sh --help"
directory=$1
shift
[ ! -e "$directory" ] || fail "$directory: already there"
parent=$(dirname "$directory")
[ -d "$parent" ] || fail "$parent: no such directory"
[[ $buffer =~ ^([1-9][0-9]{0,4})M$ ]] || fail "--buffer $buffer: expected a size such as 64M"
mib=${BASH_REMATCH[1]}
[ "$(id -u)" -eq 0 ] || fail "needs root, for the events of the kernel"
command -v "$1" >/dev/null || fail "$1: command not found"
[ $perf -eq 0 ] || command -v perf >/dev/null || fail "perf: not found; see live.sh --help"


temporary=$(mktemp -d)
instance='' keeper=''
# shellcheck disable=SC2317 # called by the trap
# The instance is gone at the end, whatever happens, and with it its buffers and its tracepoints.
finish() {
  # A second Ctrl-C does not stop it half-way.
  trap '' INT TERM
  [ -z "$instance" ] || { echo 0 >"$instance/tracing_on" && rmdir "$instance"; } || true
  [ -z "$keeper" ] || kill "$keeper" 2>/dev/null || true
  rm -rf "$temporary"
}
trap finish EXIT
trap 'exit 130' INT TERM

capture() {
  local file
  for file in zoneinfo buddyinfo pagetypeinfo vmstat meminfo; do
    cat "/proc/$file" >"$temporary/$1.$file"
  done
}
# Writes its own process id, which all that COMMAND starts descends from, and becomes COMMAND.
run_command() {
  capture boot
  # shellcheck disable=SC2016 # for the shell that is started
  "$@" sh -c 'echo $$ >"$0" && exec "$@"' "$temporary/root" "${command[@]}" || status=$?
  capture end
}

command=("$@") status=0
if [ $perf -eq 1 ]; then
  events=kmem:mm_page_alloc,kmem:mm_page_free,sched:sched_process_fork
  run_command perf record -q -a -k mono -m "${mib}M" -e "$events" -o "$temporary/perf.data" --
  perf script --ns -F comm,pid,tid,cpu,time,event,trace -i "$temporary/perf.data" --show-lost-events \
    >"$temporary/trace" 2>"$temporary/messages" || fail "perf script: $(tail -n 1 "$temporary/messages")"
  lost=$(awk '/PERF_RECORD_LOST/ { lost += $NF } END { print lost + 0 }' "$temporary/trace")
  tool="$(perf --version), perf record -a -k mono -m ${mib}M -e $events"
else
  mkdir "$temporary/tracing"
  # A process with a mount namespace of its own holds the mount; its files are reached through /proc.
  # shellcheck disable=SC2016 # for the shell that is started
  unshare -m --propagation private sh -c 'mount -t tracefs nodev "$0" && : >"$0.mounted" && exec sleep infinity' \
    "$temporary/tracing" &
  keeper=$!
  for ((wait = 0; wait < 100; wait++)); do
    [ ! -e "$temporary/tracing.mounted" ] || break
    kill -0 $keeper 2>/dev/null || fail "tracefs cannot be mounted; is the kernel built without tracing?"
    sleep 0.05
  done
  [ -e "$temporary/tracing.mounted" ] || fail "tracefs was not mounted in 5 seconds"
  instance=/proc/$keeper/root$temporary/tracing/instances/unaccepted-$$
  mkdir "$instance" || {
    instance=''
    fail "tracefs does not let an instance be made"
  }
  echo 0 >"$instance/tracing_on"
  echo $((mib * 1024)) >"$instance/buffer_size_kb"
  echo mono >"$instance/trace_clock"
  for event in kmem/mm_page_alloc kmem/mm_page_free sched/sched_process_fork; do
    [ -d "$instance/events/$event" ] || fail "this kernel has no event $event"
    echo 1 >"$instance/events/$event/enable"
  done
  echo 1 >"$instance/tracing_on"
  run_command env --
  echo 0 >"$instance/tracing_on"
  cat "$instance/trace" >"$temporary/trace"
  lost=$(awk -F ': ' '/overrun|dropped events/ { lost += $2 } END { print lost + 0 }' "$instance"/per_cpu/cpu*/stats)
  tool="tracefs, clock mono, events kmem:mm_page_alloc kmem:mm_page_free sched:sched_process_fork"
fi
[ -s "$temporary/root" ] || fail "${command[0]}: did not start"
[ $status -eq 0 ] || echo "live.sh: ${command[0]} ended with $status" >&2
[ "$lost" -eq 0 ] || echo "live.sh: $lost events were lost: try a larger --buffer" >&2

# One form for both tools, that of tracefs, with the times from the first event on.
made=$temporary/made
mkdir "$made"
awk -v root="$(cat "$temporary/root")" -v all=$all -v counts="$temporary/counts" '
  function number(text, i, value) {
    if (text !~ /^0x/) return text + 0
    for (i = 3; i <= length(text); i++) value = value * 16 + index("123456789abcdef", substr(text, i, 1))
    return value
  }
  function field(name, i) {
    for (i = event + 1; i <= NF; i++) if (index($i, name "=") == 1) return substr($i, length(name) + 2)
  }
  BEGIN { own[root] = 1 }
  {
    # comm, pid and CPU: "comm-12 [000] .....  1.5: event:" or "comm 12/12 [000]  1.5: system:event:".
    cpu = 0
    for (i = 2; i <= NF; i++) if ($i ~ /^\[[0-9]+\]$/) { cpu = i; break }
    if (!cpu || /^#/) next
    for (event = cpu + 1; event < NF && $event !~ /^[0-9]+\.[0-9]+:$/; event++);
    time = substr($event, 1, length($event) - 1)
    event++
    kind = $event
    sub(/^[a-z]+:/, "", kind)
    comm = $0
    sub(/ *\[[0-9]+\].*/, "", comm)
    sub(/^ */, "", comm)
    pid = comm
    sub(/.*[-\/ ]/, "", pid)
    sub(comm ~ /-[0-9]+$/ ? "-[0-9]+$" : " +[0-9]+/[0-9]+$", "", comm)
    if (kind == "sched_process_fork:") {
      if (pid in own) own[field("child_pid")] = 1
      next
    }
    if (kind != "mm_page_alloc:" && kind != "mm_page_free:") next
    pages = 2 ^ field("order")
    pfn = number(field("pfn"))
    keep = all
    if (kind == "mm_page_alloc:") {
      # What was taken again has been given back, even if nobody saw it.
      for (page = pfn; page < pfn + pages; page++) delete held[page]
      if (pid in own) {
        keep = 1
        if (pfn > 0) for (page = pfn; page < pfn + pages; page++) held[page] = 1
      }
    } else {
      for (page = pfn; page < pfn + pages; page++) if (page in held) { keep = 1; delete held[page] }
    }
    if (!keep) { left++; next }
    kept++
    split(time, part, ".")
    if (first == "") { first = part[1]; fraction = "0." part[2] }
    text = $0
    # The address says nothing without the machine, and random digits do not compress.
    sub(/.* page=[^ ]* /, "page=(____ptrval____) ", text)
    if (!(pid in own)) comm = "other"
    printf "%16s-%-7d %s ..... %12.6f: %s %s\n", comm, pid, $cpu, part[1] - first + ("0." part[2]) - fraction, kind, text
  }
  END { printf "%d %d\n", kept, left > counts }' "$temporary/trace" >"$made/run.trace"
read -r kept left <"$temporary/counts"
[ "$kept" -gt 0 ] || fail "${command[0]}: allocated no page that was traced"
gzip -9n "$made/run.trace"
for file in "$temporary"/{boot,end}.*; do
  gzip -9nc "$file" >"$made/$(basename "$file").gz"
done

release=$(uname -r) today=$(date -u +%F) cpus=$(nproc)
total=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
sha256=$(sha256sum "$made/run.trace.gz" | cut -d ' ' -f 1)
# In YAML a quote within single quotes is doubled.
quoted() {
  local text=${*//\'/\'\'}
  printf "'%s'" "$text"
}
scope='of the command and what it started'
[ $all -eq 0 ] || scope='of all tasks'
nodes=$(grep -c '^Node .* zone *DMA$' /proc/zoneinfo || true)
{
  echo "# What one command asked of the allocator of a machine that was running. Written by"
  echo "# workloads/record/live.sh. Kept are the events $scope: $kept; not kept: $left; lost: $lost."
  echo "schemaVersion: 1"
  echo "name: $(basename "$(readlink -f "$directory")")"
  echo "kernel: $release"
  echo "command:"
  echo "  machine: $(quoted "live.sh: ${command[*]}")"
  echo "  kernel: not known; the machine was running"
  echo "recordedWith: $(quoted "$tool")"
  echo "date: \"$today\""
  echo
  echo "machine:"
  echo "  memory: ${total}MiB"
  echo "  vcpus: $cpus"
  echo "  nodes: $((nodes > 0 ? nodes : 1))"
  echo "  zones:"
  awk '
    function flush() {
      if (start != "") printf "    - { node: %d, name: %s, start: %.0f, end: %.0f }\n", node, zone, start * 4096, (start + spanned) * 4096
      start = ""
    }
    /^Node/ { flush(); node = $2 + 0; zone = $4 }
    $1 == "spanned" { spanned = $2 }
    $1 == "start_pfn:" { start = $2 }
    END { flush() }' /proc/zoneinfo
  echo
  echo "clock:"
  echo "  statement: Time of the machine it ran on, from the first event on."
  echo "  timeScale:"
  echo "    value: 1"
  echo "    low: 0.5"
  echo "    high: 2"
  echo "    basis: measured"
  echo "    source: The same clock; low and high for machines twice and half as fast."
  echo
  echo "trace:"
  echo "  file: run.trace.gz"
  echo "  sha256: $sha256"
  echo
  echo "reserved: []"
  echo "# The trace begins on a machine that is up."
  echo "milestones:"
  echo "  ready: 0"
  echo "modelled: []"
  echo "beforeTracing:"
  echo "  pages: 0"
  echo "  source: A command by itself; what the machine had allocated before is no part of it."
  echo "instrument:"
  echo "  pages: 0"
  echo "  source: The trace buffer was allocated before the first event."
} >"$made/recording.yaml"
mv "$made" "$directory"
echo "live.sh: $directory: $kept events kept, $left not, $(du -sk "$directory" | cut -f 1) KiB" >&2
exit $status
