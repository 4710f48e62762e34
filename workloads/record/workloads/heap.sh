#!/bin/sh
# A heap grows to 1 GiB, with transparent huge pages as the kernel gives them.
cat /sys/kernel/mm/transparent_hugepage/enabled
heap 1024
