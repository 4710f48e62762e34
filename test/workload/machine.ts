/** A recorded machine for tests, and requests as short texts. */

import { buildRequests } from "../../src/workload/build-requests.js";
import type { PageEvents } from "../../src/workload/events.js";
import type { Recording } from "../../src/workload/recording.js";
import { type ImportReport, RequestKind, type Requests } from "../../src/workload/requests.js";

/** One node of 4 GiB with two zones, an initrd at pfn 0x2000 and an image that starts and ends within pages. */
export const RECORDING: Recording = {
  schemaVersion: 1,
  name: "test",
  kernel: "6.12",
  command: { machine: "qemu", kernel: "quiet" },
  recordedWith: "a text editor",
  date: "2026-01-01",
  machine: {
    memoryBytes: 2 ** 32,
    vcpus: 2,
    nodes: 1,
    zones: [
      { node: 0, name: "DMA32", start: 0x1000, end: 0x100000000 },
      { node: 0, name: "Normal", start: 0x100000000, end: 0x180000000 },
    ],
  },
  clock: { statement: "exact", timeScale: { value: 1, low: 1, high: 1, basis: "measured", source: "test" } },
  trace: { file: "test.trace", sha256: "0".repeat(64) },
  reserved: [
    { name: "initrd", start: 0x2000000, end: 0x2010000 },
    { name: "kernel image", start: 0x3000800, end: 0x3003800 },
  ],
  milestones: {},
  modelled: [],
  beforeTracing: { pages: 0, source: "test" },
  instrument: { pages: 0, source: "test" },
};

const KIND_NAMES = Object.keys(RequestKind);

/** One request: kind, order or `order@offset in pages`, and handle: `alloc 3 #0`, `free 0@2 #0`. */
function describe(requests: Requests, index: number): string {
  const kind = KIND_NAMES[requests.kind[index]!]!;
  const offsetPages = requests.offsetBytes[index]! / 4096;
  const place = offsetPages === 0 ? "" : `@${offsetPages}`;
  return `${kind} ${requests.order[index]}${place} #${requests.handle[index]}`;
}

/** Requests of a trace as texts, and the counts that are not 0 besides the number of events. */
export function requestsOf(
  events: PageEvents,
  recording: Recording = RECORDING,
): { list: string[]; counts: Partial<ImportReport>; requests: Requests } {
  const { requests, report } = buildRequests(events, recording);
  const list = Array.from({ length: requests.count }, (_, index) => describe(requests, index));
  const { events: _, ...rest } = report;
  const counts = Object.fromEntries(Object.entries(rest).filter(([, count]) => count !== 0));
  return { list, counts, requests };
}

/** Pages still allocated after all requests; throws if a request frees what is not allocated. */
export function heldPages(requests: Requests): number {
  const blocks: Set<number>[] = [];
  for (let i = 0; i < requests.count; i++) {
    const handle = requests.handle[i]!;
    const start = requests.kind[i] === RequestKind.free ? requests.offsetBytes[i]! / 4096 : 0;
    const pages = Array.from({ length: 2 ** requests.order[i]! }, (_, n) => start + n);
    switch (requests.kind[i]) {
      case RequestKind.alloc:
      case RequestKind.allocBulk:
        if (handle !== blocks.length) throw new Error(`request ${i}: handle ${handle} out of turn`);
        blocks.push(new Set(pages));
        break;
      case RequestKind.free:
        for (const page of pages) {
          if (blocks[handle]?.delete(page) !== true) throw new Error(`request ${i}: page ${page} is free`);
        }
        break;
      default:
    }
  }
  return blocks.reduce((sum, block) => sum + block.size, 0);
}
