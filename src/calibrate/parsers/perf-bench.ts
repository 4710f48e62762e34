/** `perf bench mem mmap`, default and simple output (tools/perf/bench/mem-functions.c): `1.812345 GB/sec`. */

import { CalibrateError, found } from "../error.js";

const RATE = /^\s*([\d.]+)\s+([KMGT]?B)\/sec\s*$/m;
const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };

/** @returns bytes a second; the units of perf bench are binary (bench_mem_common) @throws CalibrateError where it tells none */
export function parsePerfBench(text: string, file: string): number {
  const match = RATE.exec(text);
  if (match === null)
    throw new CalibrateError(file, 1, 1, "a rate such as 1.8 GB/sec", found(text.trim().split("\n")[0]!));
  return Number(match[1]) * UNITS[match[2]!]!;
}
