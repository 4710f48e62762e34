/** Lists of CPUs as the kernel and QEMU write them: `0-3,8`. */

/** @returns the numbers in the order of the text; undefined for text that is no such list, or names a CPU twice */
export function cpusOf(text: string): number[] | undefined {
  const parts = text.split(",").map((part) => /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()));
  const cpus: number[] = [];
  for (const part of parts) {
    if (part === null) return undefined;
    const [first, last] = [Number(part[1]), Number(part[2] ?? part[1])];
    if (last < first) return undefined;
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
  }
  return new Set(cpus).size === cpus.length ? cpus : undefined;
}

/** The shortest such text. @param cpus ascending */
export function cpuListText(cpus: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const cpu of cpus) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === cpu - 1) run[1] = cpu;
    else runs.push([cpu, cpu]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}
