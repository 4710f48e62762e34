#!/bin/sh
# Imitates a build: for each of 20 sources a preprocessor, a compiler with a heap of some MiB and an
# assembler, all short processes; as many at a time as there are CPUs; one linker at the end.
units=20
jobs=$(grep -c ^processor /proc/cpuinfo)

unit() {
  seq "$((1500 + $1 % 7 * 500))" | sed -e 's/^/int function_/' -e 's/$/(void);/' >"$1.i"
  awk '{ table[NR] = $0 " "; for (i = 0; i < 4; i++) tree[NR, i] = $0 i }
       END { for (i = 1; i <= NR; i++) print "call " table[i] tree[i, i % 4] }' "$1.i" >"$1.s"
  gzip -1 <"$1.s" >"$1.o"
  rm "$1.i" "$1.s"
}

job() {
  at=$1
  while [ "$at" -lt $units ]; do
    # A subshell, as make starts a shell for every recipe.
    (unit "$at")
    at=$((at + jobs))
  done
}

number=0
while [ $number -lt "$jobs" ]; do
  job $number &
  number=$((number + 1))
done
wait
cat ./*.o >program
rm ./*.o
