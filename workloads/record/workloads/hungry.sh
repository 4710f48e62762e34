#!/bin/sh
# A service starts: it takes 1 GiB of 2 while it loads, fills some files and gives all of it back. Then
# it waits for two minutes with a heap of 128 MiB, and takes a little more every ten seconds.
heap 1024
for file in 1 2 3 4 5 6 7 8; do
  dd if=/dev/zero of=$file bs=1M count=4 2>/dev/null
done
rm ./?
heap 128 12
