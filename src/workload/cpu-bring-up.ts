/**
 * What one more CPU asks of the page allocator, and requests of a boot on more CPUs than were
 * recorded.
 *
 * smp_init() brings CPUs up one after the other in a TDX or SEV-ES guest (kernel/cpu.c:
 * bringup_nonboot_cpus; arch/x86/kernel/smpboot.c: arch_cpuhp_init_parallel_bringup;
 * arch/x86/coco/tdx/tdx.c: tdx_early_init; Linux 6.12), and every one takes the same steps: its
 * idle thread, its kthreads (kernel/smpboot.c, kernel/workqueue.c), its part of the trace buffers
 * (kernel/trace/ring_buffer.c: trace_rb_cpu_prepare). So the requests that were recorded for one CPU
 * are repeated for each.
 */

import { makesHandle, RequestKind, type RequestMark, type Requests } from "./requests.js";

/** Pages of a kernel stack: THREAD_SIZE of x86_64 (arch/x86/include/asm/page_64_types.h). */
const STACK_PAGES = 4;

/**
 * Requests of one CPU's bring-up, as columns of `Requests`: its `cpu` is 0 for the CPU that boots
 * and 1 for the one that comes up, its handles count from 0.
 */
export type CpuBringUp = Pick<
  Requests,
  "count" | "kind" | "order" | "gfp" | "cpu" | "handle" | "offsetBytes" | "thinkNs" | "handleCount"
>;

/** A CPU whose bring-up is among the requests. */
export interface BroughtUpCpu {
  readonly cpu: number;
  /** The first request that this CPU makes itself, or the first after its bring-up. */
  readonly request: number;
  /** The first request behind its bring-up. */
  readonly endRequest: number;
}

/** Requests of a boot, on more CPUs than were recorded. */
export interface RequestsOnMoreCpus extends Requests {
  /** CPUs beyond those that were recorded, in the order in which they come up. */
  readonly broughtUp: readonly BroughtUpCpu[];
}

/** What may be repeated: allocations, frees of these, and work. */
interface Step {
  readonly kind: RequestKind;
  readonly cpu: number;
  readonly handle: number;
  readonly thinkNs: number;
  /** The recorded request; undefined for one that only separates two calls. */
  readonly from: number | undefined;
}

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
  const pick = (column: ArrayLike<number>): number[] =>
    steps.map(({ from }) => (from === undefined ? 0 : column[from]!));
  return {
    count: steps.length,
    kind: Uint8Array.from(steps, ({ kind }) => kind),
    order: Uint8Array.from(pick(requests.order)),
    gfp: Uint32Array.from(pick(requests.gfp)),
    cpu: Uint16Array.from(steps, ({ cpu }) => cpu),
    handle: Int32Array.from(steps, ({ handle }) => handle),
    offsetBytes: Float64Array.from(pick(requests.offsetBytes)),
    thinkNs: Float64Array.from(steps, ({ thinkNs }) => thinkNs),
    handleCount: steps.filter(({ kind }) => makesHandle(kind)).length,
  };
}

function stepsBetween(requests: Requests, begin: RequestMark, end: RequestMark): Step[] {
  const steps: Step[] = [];
  const handles = new Map<number, number>();
  let started = false;
  let bulkPages = 0;
  for (let from = begin.request; from < end.request; from++) {
    const kind = requests.kind[from]! as RequestKind;
    const recorded = requests.handle[from]!;
    const cpu = requests.cpu[from]! === 0 ? 0 : 1;
    const thinkNs = cpu === 0 || started ? requests.thinkNs[from]! : 0;
    started ||= cpu === 1;
    if (makesHandle(kind)) handles.set(recorded, handles.size);
    bulkPages = kind === RequestKind.allocBulk ? bulkPages + 1 : 0;
    if (bulkPages % STACK_PAGES === 1)
      steps.push({ kind: RequestKind.work, cpu, handle: -1, thinkNs: 0, from: undefined });
    const handle = handles.get(recorded);
    if (handle !== undefined && kind !== RequestKind.freeReserved)
      steps.push({ kind, cpu, handle, thinkNs, from });
  }
  return steps;
}

/**
 * Puts a bring-up for each further CPU where smp_init ends in a recorded boot. All other requests
 * stay as they are, and on their CPUs.
 *
 * @param requests of a boot that tells where smp_init ends
 * @param recordedCpus CPUs of the recorded machine
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
  const place: Place = { at: smpDone.request, times: added, length: bringUp.count };
  const own = bringUp.cpu.indexOf(1);
  const ownFirst = own === -1 ? bringUp.count : own;
  const cpu = repeated(requests.cpu, bringUp.cpu, place);
  const broughtUp = Array.from({ length: added }, (_, index): BroughtUpCpu => {
    const start = place.at + index * bringUp.count;
    for (let i = start; i < start + bringUp.count; i++) if (cpu[i] === 1) cpu[i] = recordedCpus + index;
    return { cpu: recordedCpus + index, request: start + ownFirst, endRequest: start + bringUp.count };
  });
  return {
    ...requests,
    count: requests.count + added * bringUp.count,
    kind: repeated(requests.kind, bringUp.kind, place),
    order: repeated(requests.order, bringUp.order, place),
    gfp: repeated(requests.gfp, bringUp.gfp, place),
    cpu,
    handle: repeatedHandles(requests, bringUp, place),
    offsetBytes: repeated(requests.offsetBytes, bringUp.offsetBytes, place),
    thinkNs: repeated(requests.thinkNs, bringUp.thinkNs, place),
    handleCount: requests.handleCount + added * bringUp.handleCount,
    marks: marksAfter(requests.marks, smpDone, added * bringUp.count),
    broughtUp,
  };
}

/** Where requests are put in: in front of request `at`, `times` times `length`. */
interface Place {
  readonly at: number;
  readonly times: number;
  readonly length: number;
}

type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

function repeated<T extends Column>(column: T, rows: T, { at, times, length }: Place): T {
  const Columns = column.constructor as new (count: number) => T;
  const result = new Columns(column.length + times * length);
  result.set(column.subarray(0, at));
  for (let index = 0; index < times; index++) result.set(rows, at + index * length);
  result.set(column.subarray(at), at + times * length);
  return result;
}

/** Handles stay numbered in the order of the requests. */
function repeatedHandles(requests: Requests, bringUp: CpuBringUp, place: Place): Int32Array {
  const { at, times, length } = place;
  const before = requests.kind.subarray(0, at).reduce((sum, kind) => sum + Number(makesHandle(kind)), 0);
  const handle = repeated(requests.handle, bringUp.handle, place);
  for (let index = 0; index < times; index++) {
    const first = before + index * bringUp.handleCount;
    const start = at + index * length;
    for (let i = start; i < start + length; i++) if (handle[i]! >= 0) handle[i]! += first;
  }
  const shift = times * bringUp.handleCount;
  for (let i = at; i < requests.count; i++) {
    const kind = requests.kind[i]!;
    const made = makesHandle(kind) || kind === RequestKind.free;
    if (made && requests.handle[i]! >= before) handle[i + times * length]! += shift;
  }
  return handle;
}

function marksAfter(marks: Requests["marks"], smpDone: RequestMark, added: number): Requests["marks"] {
  return Object.fromEntries(
    Object.entries(marks).map(([name, mark]) => [
      name,
      mark.startNs > smpDone.startNs ? { ...mark, request: mark.request + added } : mark,
    ]),
  );
}
