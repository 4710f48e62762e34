#!/bin/sh
# Fills the page cache: reads the 100 MiB of files on a disk once, some of them again.
cat /disk/files/* >/dev/null
cat /disk/files/1* >/dev/null
