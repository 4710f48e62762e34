#!/usr/bin/env bash
# Tries the Slurm array for real, on one machine: installs Debian's slurm-wlm, starts munge, slurmctld and
# slurmd, runs a sweep as an array, kills one task in the middle, submits again what is missing, merges,
# and compares every byte with the same sweep in one process.
#
#   workloads/cluster/try-slurm.sh [STUDY]
#
# Needs Debian and root. Exit 0 if all bytes are the same, 1 if not, 3 if Slurm cannot be had or started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
case "${1:-}" in -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac

readonly shards=8
study="$(realpath "${1:-workloads/studies/sweep.yaml}")"
work="$(mktemp -d)"
readonly study work

cannot() {
  echo "try-slurm.sh: Slurm cannot be tried here: $1" >&2
  exit 3
}

stop() {
  for daemon in slurmd slurmctld munged; do
    [ -f "$work/$daemon.pid" ] && kill "$(cat "$work/$daemon.pid")" 2>/dev/null || true
  done
  sleep 1
  rm -rf "$work"
}
trap stop EXIT

[ "$(id -u)" -eq 0 ] || cannot "it needs root to install and start the daemons"
if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
  command -v apt-get >/dev/null || cannot "there is neither Slurm nor apt-get"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    slurm-wlm munge; } >"$work/apt.log" 2>&1 </dev/null || cannot "apt-get: $(tail -n 1 "$work/apt.log")"
fi
[ -f dist/cli/main.js ] || npm run -s build

# Daemons with everything they write in one directory, so that nothing of the machine's own is touched.
chmod 755 "$work"
mkdir -m 700 "$work/munge"
mkdir "$work/state" "$work/spool"
head -c 128 /dev/urandom >"$work/munge/key"
chmod 400 "$work/munge/key"
munged --key-file="$work/munge/key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
  --log-file="$work/munge/log" --seed-file="$work/munge/seed" --force 2>"$work/munged.err" ||
  cannot "munged: $(tail -n 1 "$work/munged.err")"
host="$(hostname -s)"
cat >"$work/slurm.conf" <<CONF
ClusterName=trial
SlurmctldHost=$host
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CryptoType=crypto/munge
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=trial Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$work/slurm.conf"
slurmctld 2>"$work/slurmctld.err" || cannot "slurmctld: $(tail -n 1 "$work/slurmctld.err")"
slurmd 2>"$work/slurmd.err" || cannot "slurmd: $(tail -n 1 "$work/slurmd.err")"
for _ in $(seq 60); do
  [ "$(sinfo -h -o %T 2>/dev/null)" = idle ] && break
  sleep 0.5
done
[ "$(sinfo -h -o %T 2>/dev/null)" = idle ] ||
  cannot "the node is '$(sinfo -h -o %T 2>&1 | head -n 1)': $(tail -n 1 "$work/slurmctld.log")"
echo "Slurm $(sinfo --version | cut -d' ' -f2): one node, $(nproc) CPUs"

export STUDY="$study" OUT="$work/array" SHARDS="$shards" UNACCEPTED="node $PWD/dist/cli/main.js"
submit() { sbatch --parsable --array="$1" --output="$work/task-%A_%a.log" workloads/cluster/sweep.sbatch; }
wait_for() { while [ -n "$(squeue -h -j "$1" 2>/dev/null)" ]; do sleep 0.5; done; }
parts() { find "$OUT/parts" -name '*.jsonl' 2>/dev/null | wc -l; }

job="$(submit "0-$((shards - 1))")"
# One task is killed in the middle of its work: not cancelled in order, but dead.
for _ in $(seq 600); do
  [ "$(parts)" -ge 2 ] && break
  sleep 0.1
done
victim="$(squeue -h -j "$job" -t RUNNING -o '%K' | head -n 1)"
pkill -KILL -f "sweep .*--shard $victim/$shards" || cannot "no task ran long enough to be killed"
echo "killed task $victim after $(parts) chunks"
wait_for "$job"
rounds=0
while ! missing="$($UNACCEPTED sweep "$STUDY" --out "$OUT" --shard "0/$shards" --missing)"; do
  rounds=$((rounds + 1))
  [ "$rounds" -le 3 ] || { echo "try-slurm.sh: shards $missing are missing after 3 rounds" >&2; exit 1; }
  echo "missing: shards $missing; submitted again"
  wait_for "$(submit "$missing")"
done
[ "$rounds" -ge 1 ] || { echo "try-slurm.sh: the killed task left nothing missing" >&2; exit 1; }

$UNACCEPTED merge "$OUT" --out "$work/merged" --quiet
$UNACCEPTED sweep "$STUDY" --out "$work/single" --jobs 1 --quiet
for name in runs.jsonl runs.csv runs.parquet; do
  cmp "$work/merged/$name" "$work/single/$name"
done
echo "$(wc -l <"$work/merged/runs.jsonl") runs: the array's results are byte for byte those of one process"
