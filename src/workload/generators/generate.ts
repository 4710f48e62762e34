/** Generated workloads, in the form in which recorded ones are replayed. */

import { GiB, MiB, PAGE_SIZE, roundUp } from "../../units.js";
import type { RecordedRequests } from "../after-boot.js";
import type { NamedRange, Recording } from "../recording.js";
import { type ImportReport, RequestKind, type Requests } from "../requests.js";
import type { BeforeRequests, TargetMachine, Workload } from "./generator.js";
import { Random } from "./random.js";
import { type RequestBlock, RequestWriter } from "./request-writer.js";

/** Requests in a block, more or less: a generator stops only after a step of its own. */
const BLOCK_REQUESTS = 65_536;
/** CONFIG_PHYSICAL_START; the initrd of a description lies right behind the image. */
const KERNEL_START: number = 16 * MiB;
const DMA_END: number = 16 * MiB;

/**
 * Requests a block at a time, for those who write them down or use them as they come. A workload of
 * any length takes no more memory than a block and what is alive in it.
 *
 * @param seed 0 to 2^32 - 1
 * @returns the writer with a block of requests; its columns are used again for the next one. The
 *   last one knows all handles and marks, and may hold no request
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
  const blocks: RequestBlock[] = [];
  let last = new RequestWriter();
  for (const writer of generateBlocks(workload, machine, seed)) {
    blocks.push(copyOf(writer));
    last = writer;
  }
  const requests = joined(blocks, last);
  return {
    recording: describe(workload, machine, seed, requests),
    requests,
    report: reportOf(requests),
  };
}

function copyOf(block: RequestBlock): RequestBlock {
  const { count } = block;
  return {
    count,
    kind: block.kind.slice(0, count),
    order: block.order.slice(0, count),
    gfp: block.gfp.slice(0, count),
    cpu: block.cpu.slice(0, count),
    handle: block.handle.slice(0, count),
    offsetBytes: block.offsetBytes.slice(0, count),
    thinkNs: block.thinkNs.slice(0, count),
  };
}

function joined(blocks: readonly RequestBlock[], last: RequestWriter): Requests {
  const count = blocks.reduce((sum, block) => sum + block.count, 0);
  const whole = {
    count,
    kind: new Uint8Array(count),
    order: new Uint8Array(count),
    gfp: new Uint32Array(count),
    cpu: new Uint16Array(count),
    handle: new Int32Array(count),
    offsetBytes: new Float64Array(count),
    thinkNs: new Float64Array(count),
    handleCount: last.handleCount,
    startNs: last.thinkBeforeNs,
    thinkBeforeNs: last.thinkBeforeNs,
    marks: { ...last.marks },
  };
  let at = 0;
  for (const block of blocks) {
    whole.kind.set(block.kind, at);
    whole.order.set(block.order, at);
    whole.gfp.set(block.gfp, at);
    whole.cpu.set(block.cpu, at);
    whole.handle.set(block.handle, at);
    whole.offsetBytes.set(block.offsetBytes, at);
    whole.thinkNs.set(block.thinkNs, at);
    at += block.count;
  }
  return whole;
}

function describe(
  { name, imitates, before }: Workload,
  machine: TargetMachine,
  seed: number,
  { marks }: Requests,
): Recording {
  const early = before?.(machine);
  const source = `generator ${name}: ${imitates}`;
  const milestones =
    early === undefined
      ? { ready: 0 }
      : Object.fromEntries(Object.entries(marks).map(([milestone, { startNs }]) => [milestone, startNs]));
  return {
    schemaVersion: 1,
    name: `generate:${name}`,
    kernel: "6.12.107",
    command: { machine: "none: generated", kernel: "none: generated" },
    recordedWith: `generator ${name}, seed ${seed}`,
    date: "1970-01-01",
    machine: {
      memoryBytes: machine.memoryBytes,
      vcpus: machine.vcpus,
      nodes: machine.nodes,
      zones: [
        { node: 0, name: "DMA", start: PAGE_SIZE, end: DMA_END },
        { node: 0, name: "DMA32", start: DMA_END, end: 4 * GiB },
        { node: 0, name: "Normal", start: 4 * GiB, end: Math.max(machine.memoryBytes, 4 * GiB) + 2 * GiB },
      ],
    },
    clock: {
      statement:
        "Work between requests is meant for hardware of today; see the generator for what is assumed.",
      timeScale: { value: 1, low: 0.3, high: 3, basis: "assumed", source },
    },
    trace: { file: `generate:${name}`, sha256: "0".repeat(64) },
    reserved: early === undefined ? [] : reservedRanges(early),
    milestones,
    modelled: [],
    beforeTracing: { pages: early?.unseenPages ?? 0, source },
    instrument: { pages: 0, source },
  };
}

/** One behind the other from where a kernel lies. */
function reservedRanges({ reserved }: BeforeRequests): NamedRange[] {
  let end = KERNEL_START;
  return reserved.map(({ name, bytes }) => {
    const start = roundUp(end, PAGE_SIZE);
    end = start + bytes;
    return { name, start, end };
  });
}

/** What an import of such a trace would count. */
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
    events: 0,
    lostEvents: 0,
    overwrittenEvents: 0,
    otherEvents: 0,
    innerEvents: 0,
    batchedFrees: 0,
    allocations: handleCount - kinds[RequestKind.allocBulk]!,
    failed: 0,
    inferredBulk: kinds[RequestKind.allocBulk]!,
    inferredOther: 0,
    beforeTracing: 0,
    frees: kinds[RequestKind.free]!,
    partialFrees: 0,
    freeReserved: kinds[RequestKind.freeReserved]!,
    deferredInitFrees: 0,
    grownBlocks: 0,
    acceptedBlocks: 0,
    reallocations: 0,
    stillAllocatedPages: pages,
  };
}
