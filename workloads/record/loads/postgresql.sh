#!/bin/sh
# PostgreSQL under its own load generator: a new cluster, pgbench's tables at scale 1 and 400
# transactions by 4 clients. Needs Debian's packages postgresql and postgresql-contrib, and util-linux
# where it runs as root, since the server then runs as the user postgres.
set -eu
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort | tail -n 1)
[ -n "$bin" ] || { echo "postgresql.sh: no server in /usr/lib/postgresql" >&2 && exit 1; }
temporary=$(mktemp -d)
as=''
if [ "$(id -u)" -eq 0 ]; then
  as='runuser -u postgres --'
  chown postgres "$temporary"
fi
cd "$temporary"
finish() {
  trap '' INT TERM
  $as "$bin/pg_ctl" -D "$temporary/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$temporary"
}
trap finish EXIT
trap 'exit 130' INT TERM
# shellcheck disable=SC2086 # a command with its options, or nothing
{
  $as "$bin/initdb" -D data -A trust -N >log.initdb
  $as "$bin/pg_ctl" -D data -s -w -l "$temporary/log" -o "-k $temporary -c listen_addresses= -c shared_buffers=32MB" start
  $as "$bin/pgbench" -h "$temporary" -i -q -s 1 postgres
  $as "$bin/pgbench" -h "$temporary" -c 4 -j 2 -t 100 postgres
  $as "$bin/pg_ctl" -D data -s -m fast stop
}
