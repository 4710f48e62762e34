import type { KernelBuild } from "../linux/kernel-build.js";
import type { KernelRules } from "../linux/rules.js";
import { Memblock } from "../memblock/memblock.js";
import { MemblockFlags } from "../memblock/regions.js";
import { EarlyBoot, type EarlyMachine } from "../x86/early-machine.js";
import { earlySteps } from "../x86/early-memblock.js";
import { type Comparison, compareInOrder, Tally } from "./tally.js";

/** From 6.16 on reservations show their node and flags too. */
const RANGE =
  /^(?:__)?memblock_(add|reserve|phys_free|remove): \[0x([0-9a-f]+)-0x([0-9a-f]+)\](?: nid=(-?\d+) flags=([0-9a-f]+))?/;
const REQUEST =
  /^memblock_(\w+): (\d+) bytes align=0x([0-9a-f]+)(?: nid=(-?\d+))? from=0x([0-9a-f]+) max_addr=0x([0-9a-f]+)/;
const REGION =
  /^ (memory|reserved)\[0x[0-9a-f]+\]\t\[0x([0-9a-f]+)-0x([0-9a-f]+)\], 0x[0-9a-f]+ bytes(?: on node (\d+))? flags: 0x([0-9a-f]+)/;

/** No node asked for (NUMA_NO_NODE). */
const ANY_NODE = -1;

/** The kernel prints both arrays at the end of these steps (memblock_dump_all). */
const DUMP_AFTER: readonly string[] = ["e820__memblock_setup", "initmem_init"];

export interface MemblockResult {
  readonly comparison: Comparison;
  /** Of each line with the model's own, where these differ in the log of a known kernel. */
  readonly ownLines?: Comparison;
  /** Takes the steps from the log. Absent when the model's own steps gave every line. */
  readonly earlySteps?: (boot: EarlyBoot) => void;
}

/** Lines that `memblock=debug` prints, with their callers but without time stamps. */
function memblockLines(bootLog: string): string[] {
  return bootLog
    .split("\n")
    .map((line) => line.replace(/^\[ *[\d.]+\] /, ""))
    .filter((line) => /^((__)?memblock_|MEMBLOCK| memory| reserved)/.test(line));
}

/**
 * Runs the early steps of a known kernel and compares each line with the log. When they differ, or
 * the kernel is another one, the requests of the log are repeated instead and the addresses that
 * memblock finds for them are compared.
 */
export function compareMemblock(
  bootLog: string,
  machine: EarlyMachine,
  build: KernelBuild,
  rules: KernelRules,
): MemblockResult {
  const recorded = memblockLines(bootLog);
  let ownLines: Comparison | undefined;
  if (build.release === /Linux version (\S+)/.exec(bootLog)?.[1]) {
    const lines = recorded.map((line) => line.replace(/ \S+\+0x\w+\/0x\w+( \[\w+\])?$/, ""));
    const comparison = compareInOrder(lines, modelLines(machine, build, rules), {
      isSame: (line, other) => line === other,
      text: String,
      eventAt: (at) => at,
      context: (at) => `line ${at + 1} of memblock=debug`,
    });
    if (comparison.equal === comparison.compared) return { comparison };
    ownLines = comparison;
  }
  return {
    ...(ownLines && { ownLines }),
    comparison: replayRequests(recorded, new Memblock({ rules: rules.memblock })),
    earlySteps: (boot) => {
      replayRequests(recorded, boot.memblock);
      const ends = Array.from(bootLog.matchAll(/last_pfn = 0x([0-9a-f]+)/g), ([, pfn]) =>
        Number.parseInt(pfn!, 16),
      );
      boot.maxPfn = Math.max(...ends);
    },
  };
}

function modelLines(machine: EarlyMachine, build: KernelBuild, rules: KernelRules): string[] {
  const lines: string[] = [];
  let commandLineParsed = false;
  const memblock = new Memblock({
    rules: rules.memblock,
    debug: (line) => {
      if (commandLineParsed) lines.push(line);
    },
  });
  const boot = new EarlyBoot(memblock, machine, build, rules.boot);
  for (const step of earlySteps(rules.boot)) {
    step.run(boot);
    if (step.name === "early_reserve_memory") commandLineParsed = true;
    if (DUMP_AFTER.includes(step.name)) lines.push(...memblock.dump());
  }
  return lines;
}

/**
 * Repeats the requests that a boot log shows from the first dump of both arrays on, which is where
 * their state before is known from. Compared is the address that memblock finds for each allocation.
 *
 * @param memblock empty; afterwards in the state in which the kernel hands over
 */
function replayRequests(lines: readonly string[], memblock: Memblock): Comparison {
  const addresses = new Tally();
  const compare = (event: number, expected: number, found: number, context: string): void =>
    addresses.same(`0x${expected.toString(16)}`, `0x${found.toString(16)}`, context, event);
  const dumps = lines.flatMap((line, at) => (line === "MEMBLOCK configuration:" ? [at] : []));
  memblock.allowResize();
  // Nodes are known from the second dump on; before it nobody asks for one.
  for (const line of lines.slice(dumps[1])) addDumped(memblock, "memory", REGION.exec(line));
  for (const line of lines.slice(dumps[0], dumps[1])) addDumped(memblock, "reserved", REGION.exec(line));
  for (let at = dumps[0] ?? lines.length; at < lines.length; at++) {
    const line = lines[at]!;
    const request = REQUEST.exec(line);
    if (request !== null) {
      // The reservation that follows is this allocation's, and says where it was found.
      const reserved = RANGE.exec(lines[at + 1] ?? "");
      if (reserved?.[1] !== "reserve") continue;
      at++;
      compare(at, Number.parseInt(reserved[2]!, 16), allocate(memblock, request), line);
      continue;
    }
    const range = RANGE.exec(line);
    if (range === null) continue;
    if (line.includes(" memblock_alloc_range_nid+")) {
      // memblock_phys_alloc_try_nid() prints no request: the descriptor of a node.
      const base = Number.parseInt(range[2]!, 16);
      const sizeBytes = sizeOf(range[2]!, range[3]!);
      compare(at, base, memblock.physAllocTryNid(sizeBytes, CACHE_LINE_BYTES, nodeAt(memblock, base)), line);
    } else applyRange(memblock, range);
  }
  return addresses;
}

/** SMP_CACHE_BYTES, what a node's descriptor is aligned to. */
const CACHE_LINE_BYTES = 64;

function sizeOf(first: string, last: string): number {
  return Number.parseInt(last, 16) + 1 - Number.parseInt(first, 16);
}

function nodeAt(memblock: Memblock, address: number): number {
  const region = memblock.memory.regions.find(({ base, size }) => address >= base && address < base + size);
  return region?.nid ?? ANY_NODE;
}

function addDumped(memblock: Memblock, wanted: "memory" | "reserved", region: RegExpExecArray | null): void {
  if (region?.[1] !== wanted) return;
  const base = Number.parseInt(region[2]!, 16);
  const sizeBytes = sizeOf(region[2]!, region[3]!);
  if (wanted === "reserved") reserve(memblock, base, sizeBytes, ANY_NODE, region[5]!);
  else memblock.addNode(base, sizeBytes, Number(region[4] ?? 0), 0);
}

function allocate(memblock: Memblock, [, name, size, align, nid, from, max]: RegExpExecArray): number {
  const [alignBytes, minAddr, maxAddr] = [align, from, max].map((text) => Number.parseInt(text!, 16));
  const sizeBytes = Number(size);
  const node = nid === undefined ? ANY_NODE : Number(nid);
  switch (name) {
    case "phys_alloc_range":
      return memblock.physAllocRange(sizeBytes, alignBytes!, minAddr!, maxAddr!);
    case "alloc_exact_nid_raw":
      return memblock.allocExactNidRaw(sizeBytes, alignBytes!, minAddr!, maxAddr!, node);
    default:
      return memblock.allocTryNid(sizeBytes, alignBytes!, minAddr!, maxAddr!, node);
  }
}

function reserve(memblock: Memblock, base: number, sizeBytes: number, nid: number, flags: string): void {
  if ((Number.parseInt(flags, 16) & MemblockFlags.RSRV_KERN) === 0) memblock.reserve(base, sizeBytes);
  else memblock.reserveKern(base, sizeBytes, nid);
}

function applyRange(
  memblock: Memblock,
  [, name, first, last, nid = `${ANY_NODE}`, flags = "0"]: RegExpExecArray,
): void {
  const base = Number.parseInt(first!, 16);
  const sizeBytes = sizeOf(first!, last!);
  if (name === "add") memblock.add(base, sizeBytes);
  else if (name === "reserve") reserve(memblock, base, sizeBytes, Number(nid), flags);
  else if (name === "remove") memblock.remove(base, sizeBytes);
  else memblock.free(base, sizeBytes);
}
