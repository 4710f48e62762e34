#!/bin/sh
# Redis under its own load generator: values of 1000 bytes are set, read and pushed on lists, and a
# snapshot is saved by a child process. Needs Debian's packages redis-server and redis-tools.
set -eu
temporary=$(mktemp -d)
server=''
finish() {
  trap '' INT TERM
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  rm -rf "$temporary"
}
trap finish EXIT
trap 'exit 130' INT TERM
redis-server --port 0 --unixsocket "$temporary/socket" --dir "$temporary" --save '' --logfile "$temporary/log" &
server=$!
for wait in 1 2 3 4 5 6 7 8 9 10; do
  redis-cli -s "$temporary/socket" ping >/dev/null 2>&1 && break
  [ "$wait" -lt 10 ] || { echo "redis.sh: the server does not answer" >&2 && exit 1; }
  sleep 0.5
done
redis-benchmark -s "$temporary/socket" -q -c 20 -P 16 -n 30000 -r 15000 -d 1000 -t set,get,lpush
redis-cli -s "$temporary/socket" save
redis-cli -s "$temporary/socket" bgsave
sleep 2
redis-cli -s "$temporary/socket" shutdown nosave || true
wait "$server" || true
server=''
