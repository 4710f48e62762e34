/**
 * Requests of one more CPU to the page allocator, and of a boot on more CPUs than were recorded.
 *
 * smp_init() brings CPUs up one after the other in a TDX or SEV-ES guest (kernel/cpu.c:
 * bringup_nonboot_cpus; arch/x86/kernel/smpboot.c: arch_cpuhp_init_parallel_bringup;
 * arch/x86/coco/tdx/tdx.c: tdx_early_init; Linux 6.12), and every one takes the same steps: its
 * idle thread, its kthreads (kernel/smpboot.c, kernel/workqueue.c), its part of the trace buffers
 * (kernel/trace/ring_buffer.c: trace_rb_cpu_prepare). So the requests that were recorded for one CPU
 * are repeated for each.
 */

import { type Columns, joinRows, newColumns, rowsBetween } from "../columns.js";
import { makesHandle, REQUEST_COLUMNS, RequestKind, type RequestMark, type Requests } from "./requests.js";
import { STACK_PAGES } from "./vmalloc.js";

/**
 * Requests of one CPU's bring-up, as columns of `Requests`: its `cpu` is 0 for the CPU that boots
 * and 1 for the one that comes up, its handles count from 0.
 */
export interface CpuBringUp extends Columns<typeof REQUEST_COLUMNS> {
  readonly count: number;
  readonly handleCount: number;
}

export interface BroughtUpCpu {
  readonly cpu: number;
  /** The first request that this CPU makes itself, or the first after its bring-up. */
  readonly request: number;
  /** The first request after its bring-up. */
  readonly endRequest: number;
}

export interface RequestsOnMoreCpus extends Requests {
  /** CPUs beyond those that were recorded, in the order in which they come up. */
  readonly broughtUp: readonly BroughtUpCpu[];
}

/** A step that may be repeated: an allocation, a free of one, or work. */
type Step = Readonly<Record<keyof typeof REQUEST_COLUMNS, number>>;

/**
 * Takes the bring-up of one CPU out of the recorded boot of a machine with two: the requests from
 * smp_init's beginning to its end.
 *
 * Frees of what was allocated before are left out. Pages of alloc_pages_bulk() are stacks, and each
 * stack is a call of its own (kernel/fork.c: alloc_thread_stack_node), which a `work` in front marks.
 * How long the boot CPU waits for the other to start is not known, so that CPU begins with no work.
 *
 * @returns undefined if the recording does not tell where smp_init begins and ends
 */
export function cpuBringUp(requests: Requests): CpuBringUp | undefined {
  const { smpInit, smpDone } = requests.marks;
  if (smpInit === undefined || smpDone === undefined) return undefined;
  const steps = stepsBetween(requests, smpInit, smpDone);
  const rows = newColumns(REQUEST_COLUMNS, steps.length);
  for (const name of Object.keys(rows) as (keyof Step)[]) rows[name].set(steps.map((step) => step[name]));
  const handleCount = steps.filter(({ kind }) => makesHandle(kind)).length;
  return { ...rows, count: steps.length, handleCount };
}

function stepsBetween(requests: Requests, begin: RequestMark, end: RequestMark): Step[] {
  const steps: Step[] = [];
  const handles = new Map<number, number>();
  let started = false;
  let bulkPages = 0;
  for (let from = begin.request; from < end.request; from++) {
    const kind = requests.kind[from]!;
    const recorded = requests.handle[from]!;
    const cpu = requests.cpu[from]! === 0 ? 0 : 1;
    const thinkNs = cpu === 0 || started ? requests.thinkNs[from]! : 0;
    started ||= cpu === 1;
    if (makesHandle(kind)) handles.set(recorded, handles.size);
    bulkPages = kind === RequestKind.allocBulk ? bulkPages + 1 : 0;
    if (bulkPages % STACK_PAGES === 1)
      steps.push({ kind: RequestKind.work, order: 0, gfp: 0, cpu, handle: -1, offsetBytes: 0, thinkNs: 0 });
    const handle = handles.get(recorded);
    if (handle === undefined || kind === RequestKind.freeReserved) continue;
    const [order, gfp, offsetBytes] = [
      requests.order[from]!,
      requests.gfp[from]!,
      requests.offsetBytes[from]!,
    ];
    steps.push({ kind, order, gfp, cpu, handle, offsetBytes, thinkNs });
  }
  return steps;
}

/**
 * Puts a bring-up for each further CPU where smp_init ends in a recorded boot. All other requests
 * stay as they are, and on their CPUs.
 *
 * @param requests of a boot that tells where smp_init ends
 * @param cpus CPUs that the boot shall have; with no more than were recorded nothing changes
 */
export function withCpuBringUp(
  requests: Requests,
  bringUp: CpuBringUp,
  recordedCpus: number,
  cpus: number,
): RequestsOnMoreCpus {
  const { smpDone } = requests.marks;
  if (smpDone === undefined) throw new Error("workload: no place where further CPUs come up");
  if (cpus <= recordedCpus) return { ...requests, broughtUp: [] };
  const added = cpus - recordedCpus;
  const at = smpDone.request;
  const { count } = bringUp;
  const own = bringUp.cpu.indexOf(1);
  const ownFirst = own === -1 ? count : own;
  const rows = joinRows(REQUEST_COLUMNS, [
    rowsBetween(REQUEST_COLUMNS, requests, 0, at),
    ...Array.from({ length: added }, () => rowsBetween(REQUEST_COLUMNS, bringUp, 0, count)),
    rowsBetween(REQUEST_COLUMNS, requests, at, requests.count),
  ]);
  const broughtUp = Array.from({ length: added }, (_, index): BroughtUpCpu => {
    const cpu = recordedCpus + index;
    const start = at + index * count;
    for (let i = start; i < start + count; i++) if (rows.cpu[i] === 1) rows.cpu[i] = cpu;
    return { cpu, request: start + ownFirst, endRequest: start + count };
  });
  renumberHandles(rows, requests, bringUp, at, added);
  return {
    ...requests,
    ...rows,
    count: rows.kind.length,
    handleCount: requests.handleCount + added * bringUp.handleCount,
    marks: marksAfter(requests.marks, smpDone, added * count),
    broughtUp,
  };
}

/** Handles stay numbered in the order of the requests. */
function renumberHandles(
  { kind, handle }: Columns<typeof REQUEST_COLUMNS>,
  requests: Requests,
  bringUp: CpuBringUp,
  at: number,
  times: number,
): void {
  const before = requests.kind.subarray(0, at).reduce((sum, kind) => sum + Number(makesHandle(kind)), 0);
  const end = at + times * bringUp.count;
  for (let i = at; i < end; i++) {
    const first = before + Math.floor((i - at) / bringUp.count) * bringUp.handleCount;
    if (handle[i]! >= 0) handle[i]! += first;
  }
  for (let i = end; i < handle.length; i++) {
    const hasHandle = makesHandle(kind[i]!) || kind[i] === RequestKind.free;
    if (hasHandle && handle[i]! >= before) handle[i]! += times * bringUp.handleCount;
  }
}

function marksAfter(marks: Requests["marks"], smpDone: RequestMark, added: number): Requests["marks"] {
  return Object.fromEntries(
    Object.entries(marks).map(([name, mark]) => [
      name,
      mark.startNs > smpDone.startNs ? { ...mark, request: mark.request + added } : mark,
    ]),
  );
}
