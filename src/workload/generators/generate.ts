import { type Columns, firstRows, joinRows } from "../../columns.js";
import { GiB, MiB, PAGE_SIZE, roundUp } from "../../units.js";
import { bareDescription, type RecordedRequests, zonesUpTo } from "../after-boot.js";
import type { NamedRange, Recording } from "../recording.js";
import {
  type ImportReport,
  NOTHING_IMPORTED,
  REQUEST_COLUMNS,
  RequestKind,
  type Requests,
} from "../requests.js";
import { type BeforeRequests, Random, type TargetMachine, type Workload } from "./generator.js";
import { RequestWriter } from "./request-writer.js";

/** Requests in a block, more or less: a generator stops only after a step of its own. */
const BLOCK_REQUESTS = 65_536;
/** CONFIG_PHYSICAL_START; the initrd of a description lies right after the image. */
const KERNEL_START: number = 16 * MiB;

/**
 * Requests a block at a time, so that a workload of any length takes no more memory than a block and
 * what is alive in it. The columns of a block are used again for the next one; the last one knows all
 * handles and marks, and may hold no request.
 */
export function* generateBlocks(
  workload: Workload,
  machine: TargetMachine,
  seed: number,
): Iterable<RequestWriter> {
  const writer = new RequestWriter();
  for (const _ of workload.requests(machine, writer, new Random(seed))) {
    if (writer.count < BLOCK_REQUESTS) continue;
    yield writer;
    writer.clear();
  }
  yield writer;
}

/**
 * All requests of a workload with the description that a recording would have, to be run in its
 * place: a boot as `recording`, any other workload as `afterBoot`.
 *
 * @param seed 0 to 2^32 - 1; the same workload, machine and seed give the same requests
 */
export function generate(workload: Workload, machine: TargetMachine, seed: number): RecordedRequests {
  const pieces: Columns<typeof REQUEST_COLUMNS>[] = [];
  let last = new RequestWriter();
  for (const writer of generateBlocks(workload, machine, seed)) {
    pieces.push(firstRows(REQUEST_COLUMNS, writer.rows, writer.count));
    last = writer;
  }
  const rows = joinRows(REQUEST_COLUMNS, pieces);
  const { handleCount, thinkBeforeNs, marks } = last;
  const requests: Requests = {
    ...rows,
    count: rows.kind.length,
    handleCount,
    startNs: thinkBeforeNs,
    thinkBeforeNs,
    marks: { ...marks },
  };
  return {
    recording: describe(workload, machine, seed, requests),
    requests,
    report: reportOf(requests),
  };
}

function describe(
  { name, imitates, before }: Workload,
  machine: TargetMachine,
  seed: number,
  { marks }: Requests,
): Recording {
  const early = before?.(machine);
  const source = `generator ${name}: ${imitates}`;
  const { memoryBytes, vcpus, nodes } = machine;
  const zones = zonesUpTo(Math.max(memoryBytes, 4 * GiB) + 2 * GiB);
  const bare = bareDescription(`generate:${name}`, { memoryBytes, vcpus, nodes, zones });
  const ends = Object.entries(marks).map(([milestone, { startNs }]) => [milestone, startNs]);
  return {
    ...bare,
    kernel: "6.12.107",
    command: { machine: "none: generated", kernel: "none: generated" },
    recordedWith: `generator ${name}, seed ${seed}`,
    clock: {
      statement:
        "Work between requests is meant for hardware of today; see the generator for what is assumed.",
      timeScale: { value: 1, low: 0.3, high: 3, basis: "assumed", source },
    },
    reserved: early === undefined ? [] : reservedRanges(early),
    milestones: early === undefined ? bare.milestones : Object.fromEntries(ends),
    beforeTracing: { pages: early?.unseenPages ?? 0, source },
    instrument: { pages: 0, source },
  };
}

/** One after the other from the kernel's address on. */
function reservedRanges({ reserved }: BeforeRequests): NamedRange[] {
  let end = KERNEL_START;
  return reserved.map(({ name, bytes }) => {
    const start = roundUp(end, PAGE_SIZE);
    end = start + bytes;
    return { name, start, end };
  });
}

function reportOf({ count, kind, order, handleCount }: Requests): ImportReport {
  const kinds = new Float64Array(Object.keys(RequestKind).length);
  let pages = 0;
  for (let i = 0; i < count; i++) {
    const one = kind[i]!;
    kinds[one]!++;
    if (one === RequestKind.alloc || one === RequestKind.allocBulk) pages += 2 ** order[i]!;
    else if (one === RequestKind.free) pages -= 2 ** order[i]!;
  }
  return {
    ...NOTHING_IMPORTED,
    allocations: handleCount - kinds[RequestKind.allocBulk]!,
    inferredBulk: kinds[RequestKind.allocBulk]!,
    frees: kinds[RequestKind.free]!,
    freeReserved: kinds[RequestKind.freeReserved]!,
    stillAllocatedPages: pages,
  };
}
