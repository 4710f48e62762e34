#!/bin/sh
# Copies 50 MiB of files from a disk into tmpfs and reads the copy.
mkdir copy
cp /disk/files/1* /disk/files/2* copy
cat copy/* >/dev/null
