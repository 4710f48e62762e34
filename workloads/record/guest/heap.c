/*
 * usage: heap MIB [ROUNDS]
 *
 * Grows a heap to MIB MiB: asks the kernel for arenas of 64 MiB, as the heaps of servers do, and
 * writes to every page of them in order. Then, ROUNDS times, waits ten seconds and takes 256 KiB more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, ARENA = 64 << 20, MORE = 256 << 10 };

static void take(size_t size) {
  char *arena = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (arena == MAP_FAILED) {
    perror("heap: mmap");
    exit(1);
  }
  for (size_t at = 0; at < size; at += PAGE) arena[at] = 1;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: heap MIB [ROUNDS]\n", stderr);
    return 2;
  }
  size_t left = (size_t)atol(argv[1]) << 20;
  while (left > 0) {
    size_t size = left < ARENA ? left : ARENA;
    take(size);
    left -= size;
  }
  for (long rounds = argc > 2 ? atol(argv[2]) : 0; rounds > 0; rounds--) {
    sleep(10);
    take(MORE);
  }
  return 0;
}
