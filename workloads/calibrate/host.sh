#!/bin/sh
# Readings on the host of a guest: when its boot comes how far, what its exits take, with which pages it is backed.
# Writes records (JSONL) and the raw text of perf, bpftrace and strace; `unaccepted calibrate` makes prices of them.
# Goes to its machine alone, and so has what it shares with guest.sh in it.
set -eu

usage() {
  cat <<'USAGE'
usage: host.sh [OPTION]... READING...
       host.sh [OPTION]... boot -- COMMAND [ARGUMENT]...

Reads what a host can tell of one guest, into DIRECTORY (--out).

  machine    processor, kernel, module or firmware, memory
  boot       runs the VMM, whose stdout is the guest's serial console, and notes when it starts, the guest first
             runs, the EFI stub ends, the kernel begins, init runs (H5); with --measured also its ioctls (H3)
  exits      time of exits by reason, for some seconds (H1); needs perf
  functions  time of functions of KVM and the TDX module or the RMP, for some seconds (H2); needs bpftrace
  sizes      pages of each size that map the guest (H4); needs debugfs
  all        machine exits functions sizes, in this order

  --out DIRECTORY   where to write (readings)
  --boot NAME       name of the boot, the same as for guest.sh (guest); boot gives it to nobody: say calibrate=NAME on
                    the kernel's command line
  --pid PID         the VMM, for exits, functions and sizes
  --seconds N       how long exits and functions look (20)
  --during WHAT     what the guest does meanwhile: drain (guest.sh blocks or curve --workers 1), exits (guest.sh
                    exits), or boot (drain)
  --prefaulted      the host backs this boot's memory ahead of the guest (H6)
  --measured BYTES  what the VMM measures into the guest, such as the size of its firmware; runs it under strace

All but boot need root, and boot says less without. What cannot be read is recorded as missing and is no error.
USAGE
}

fail() {
  echo "host.sh: $*" >&2
  exit 1
}

out=readings boot=guest pid='' seconds=20 during=drain prefaulted='' measured='' readings='' has_command=''
while [ $# -gt 0 ]; do
  case "$1" in
  -h | --help)
    usage
    exit 0
    ;;
  --out | --boot | --pid | --seconds | --during | --measured)
    [ $# -ge 2 ] || fail "$1: expected a value"
    case "$1" in
    --out) out=$2 ;;
    --boot) boot=$2 ;;
    --pid) pid=$2 ;;
    --seconds) seconds=$2 ;;
    --during) during=$2 ;;
    --measured) measured=$2 ;;
    esac
    shift
    ;;
  --prefaulted) prefaulted=yes ;;
  --)
    shift
    has_command=yes
    break
    ;;
  machine | boot | exits | functions | sizes) readings="$readings $1" ;;
  all) readings="$readings machine exits functions sizes" ;;
  *) fail "$1: no such option or reading; see host.sh --help" ;;
  esac
  shift
done
[ -n "$readings" ] || fail "expected a reading; see host.sh --help"
case "$boot" in '' | *[!A-Za-z0-9._-]*) fail "--boot $boot: expected letters, digits, dots and dashes" ;; esac
case "$seconds" in '' | *[!0-9]* | 0*) fail "--seconds $seconds: expected a number of seconds" ;; esac
case "$measured" in *[!0-9]* | 0*) fail "--measured $measured: expected bytes" ;; esac
case "$during" in drain | exits | boot) ;; *) fail "--during $during: expected drain, exits or boot" ;; esac
case " $readings " in
*' boot '*) [ $# -gt 0 ] || fail "boot: expected -- and the command of the VMM" ;;
*) [ -z "$has_command" ] || fail "--: only boot runs a command" ;;
esac
case " $readings " in
*' exits '* | *' functions '* | *' sizes '*)
  case "$pid" in '' | *[!0-9]*) fail "--pid $pid: expected the process id of the VMM" ;; esac
  [ -d "/proc/$pid" ] || fail "--pid $pid: no such process"
  ;;
esac

mkdir -p "$out"
records=$out/host-$boot.jsonl
# Files of other runs for the same boot stay.
run=1
while [ -e "$out/host-$boot-$run.mark" ]; do run=$((run + 1)); done
: >"$out/host-$boot-$run.mark"
prefix=host-$boot-$run
instance=''
# shellcheck disable=SC2317,SC2329 # called by the trap
finish() {
  trap '' INT TERM
  [ -z "$instance" ] || rmdir "$instance" 2>/dev/null || true
  rm -f "$out/$prefix.bt"
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
  echo "host.sh: $1 is not read: $2" >&2
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

event() {
  now_ns
  record H5 "\"event\":\"$1\",\"ns\":$now"
}

machine() {
  processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
  memory=''
  while read -r name value _; do
    [ "$name" != MemTotal: ] || memory="$((value / 1048576)) GiB"
  done </proc/meminfo
  module=$(dmesg 2>/dev/null | sed -n 's/.*virt\/tdx: \(.*module.*\(version\|initialized\).*\)/\1/p; s/.*ccp.*: \(SEV.*API:.*\)/\1/p' | tail -n 1)
  read -r _ _ kernel _ </proc/version
  printf '{"reading":"machine","side":"host","processor":"%s","kernel":"%s","date":"%s","memory":"%s","module":"%s"}\n' \
    "$(escaped "$processor")" "$(escaped "$kernel")" "$(date +%Y-%m-%d)" "$memory" "$(escaped "$module")" >>"$records"
}

# The first entry of the guest is the first event of an instance that keeps the oldest ones.
watch_entry() {
  tracing=/sys/kernel/tracing
  [ -e $tracing/events/kvm/kvm_entry/enable ] || mount -t tracefs nodev $tracing 2>/dev/null || true
  instance=$tracing/instances/unaccepted-$$
  if ! [ -e $tracing/events/kvm/kvm_entry/enable ] || ! mkdir $instance 2>/dev/null; then
    instance=''
    missing H5 "tracefs with kvm:kvm_entry, so nothing says when the guest first runs"
    return 0
  fi
  echo 0 >$instance/options/overwrite
  echo 1 >$instance/options/event-fork
  echo mono >$instance/trace_clock
  echo 64 >$instance/buffer_size_kb
}

entered() {
  [ -n "$instance" ] || return 0
  first=$(sed -n 's/.* \([0-9]*\)\.\([0-9]*\): kvm_entry.*/\1\2/p' "$instance/trace" | sort -n | head -n 1)
  # Microseconds; the list of timers has nanoseconds of the same clock.
  [ -z "$first" ] || record H5 "\"event\":\"entry\",\"ns\":${first}000"
  rmdir "$instance"
  instance=''
}

boot() {
  watch_entry
  [ -z "$prefaulted" ] || record H6 '"prefault":"memory"'
  if [ -n "$measured" ]; then
    if command -v strace >/dev/null; then
      set -- strace -f -T -e trace=ioctl,fallocate -o "$out/$prefix-strace.txt" "$@"
    else
      missing H3 strace
      measured=''
    fi
  fi
  event start
  # The VMM is to be watched from its first thread on.
  # shellcheck disable=SC2016 # of the inner shell
  sh -c '
    if [ -n "$0" ]; then
      echo $$ >"$0/set_event_pid"
      echo 1 >"$0/events/kvm/kvm_entry/enable"
    fi
    exec "$@"' "$instance" "$@" 2>"$out/$prefix-vmm.txt" </dev/null | {
    seen=''
    while IFS= read -r line; do
      [ -n "$seen" ] || event firmware
      seen=yes
      case "$line" in
      *'EFI stub: '*) event stub ;;
      *'Linux version '*) event kernel ;;
      *'Run /'*' as init process'*) event init ;;
      esac
      printf '%s\n' "$line"
    done
  } >"$out/$prefix-console.txt"
  entered
  [ -z "$measured" ] || record H3 "\"file\":\"$prefix-strace.txt\",\"measuredBytes\":$measured"
  if [ -s "$out/$prefix-vmm.txt" ]; then tail -n 3 "$out/$prefix-vmm.txt" >&2; fi
}

exits() {
  if ! command -v perf >/dev/null; then
    missing H1 perf
    return 0
  fi
  if ! perf kvm -o "$out/$prefix.perf" stat record -p "$pid" sleep "$seconds" >/dev/null 2>"$out/$prefix-vmm.txt" ||
    ! perf kvm -i "$out/$prefix.perf" stat report >"$out/$prefix-exits.txt" 2>>"$out/$prefix-vmm.txt"; then
    missing H1 "perf kvm stat: $(tail -n 1 "$out/$prefix-vmm.txt")"
    rm -f "$out/$prefix-exits.txt"
  elif ! grep -q VM-EXIT "$out/$prefix-exits.txt"; then
    missing H1 "exits in what perf kvm stat saw"
    rm -f "$out/$prefix-exits.txt"
  else
    record H1 "\"during\":\"$during\",\"file\":\"$prefix-exits.txt\""
  fi
  rm -f "$out/$prefix.perf"
}

# Which of them there are differs from kernel to kernel.
functions='tdh_mem_page_aug tdh_mem_sept_add tdh_mem_range_block tdh_mem_track tdh_mem_page_remove tdx_pamt_get
  rmpupdate kvm_gmem_get_pfn clear_page_erms clear_page_rep clear_page_orig kvm_vm_set_mem_attributes'

functions() {
  if ! command -v bpftrace >/dev/null; then
    missing H2 bpftrace
    return 0
  fi
  {
    ends=''
    # shellcheck disable=SC2016 # the language of bpftrace
    for function in $functions; do
      grep -q " [tT] $function\$" /proc/kallsyms || grep -q " [tT] $function	" /proc/kallsyms || continue
      printf 'kprobe:%s { @at_%s[tid] = nsecs; }\n' "$function" "$function"
      printf 'kretprobe:%s /@at_%s[tid]/ { $ns = nsecs - @at_%s[tid]; delete(@at_%s[tid]);\n' \
        "$function" "$function" "$function" "$function"
      printf '  @ns["%s"] = stats($ns); @spread["%s"] = hist($ns); }\n' "$function" "$function"
      ends="$ends clear(@at_$function);"
    done
    if [ -e /sys/kernel/tracing/events/kvm/kvm_vmgexit_enter ]; then
      # Page state changes of an SNP guest (GHCB specification, 0x80000010).
      cat <<'PROGRAM'
tracepoint:kvm:kvm_vmgexit_enter /args->exit_reason == 0x80000010/ { @psc[args->vcpu_id] = nsecs; }
tracepoint:kvm:kvm_vmgexit_exit /@psc[args->vcpu_id]/ { $ns = nsecs - @psc[args->vcpu_id]; delete(@psc[args->vcpu_id]);
  @ns["psc"] = stats($ns); @spread["psc"] = hist($ns); }
PROGRAM
      ends="$ends clear(@psc);"
    fi
    printf 'interval:s:%s { exit(); }\nEND {%s }\n' "$seconds" "$ends"
  } >"$out/$prefix.bt"
  if bpftrace "$out/$prefix.bt" >"$out/$prefix-functions.txt" 2>"$out/$prefix-vmm.txt"; then
    record H2 "\"file\":\"$prefix-functions.txt\""
  else
    missing H2 "bpftrace: $(tail -n 1 "$out/$prefix-vmm.txt")"
    rm -f "$out/$prefix-functions.txt"
  fi
}

sizes() {
  total=0
  for size in 4k 2m 1g; do
    count=0
    for file in /sys/kernel/debug/kvm/"$pid"-*/pages_"$size"; do
      [ -r "$file" ] || continue
      read -r pages <"$file"
      count=$((count + pages))
    done
    total=$((total + count))
    case $size in 4k) pages4k=$count ;; 2m) pages2m=$count ;; 1g) pages1g=$count ;; esac
  done
  if [ "$total" -eq 0 ]; then
    missing H4 "/sys/kernel/debug/kvm/$pid-*/pages_4k"
    return 0
  fi
  now_ns
  record H4 "\"ns\":$now,\"pages4k\":$pages4k,\"pages2m\":$pages2m,\"pages1g\":$pages1g"
}

for reading in $readings; do
  case $reading in
  boot) boot "$@" ;;
  *) "$reading" ;;
  esac
done
rm -f "$out/$prefix-vmm.txt"
echo "host.sh: wrote $records and $out/$prefix-*"
