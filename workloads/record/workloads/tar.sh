#!/bin/sh
# 1200 small files on tmpfs are packed, removed and unpacked again.
mkdir tree
directory=0
while [ $directory -lt 30 ]; do
  mkdir "tree/$directory"
  file=0
  while [ $file -lt 40 ]; do
    # 100 bytes to 20 kB.
    lines=$((1 + (directory * 40 + file) % 200))
    while [ $lines -gt 0 ]; do
      echo "line $lines of file $file in directory $directory of the tree that is packed and unpacked again; 100 chars"
      lines=$((lines - 1))
    done >"tree/$directory/$file"
    file=$((file + 1))
  done
  directory=$((directory + 1))
done
tar -c tree | gzip >tree.tar.gz
rm -r tree
gunzip <tree.tar.gz | tar -x
