#!/bin/sh
# A storm of short processes: 30 times 12 at once, of which every third starts a program that touches
# 256 KiB and the others are copies of the shell that touch a little and end.
round=0
while [ $round -lt 30 ]; do
  child=0
  while [ $child -lt 12 ]; do
    if [ $((child % 3)) -eq 0 ]; then
      dd if=/dev/zero of=/dev/null bs=256k count=1 2>/dev/null &
    else
      (echo "$round $child" >"$child") &
    fi
    child=$((child + 1))
  done
  wait
  round=$((round + 1))
done
