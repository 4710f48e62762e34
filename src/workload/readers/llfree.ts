/**
 * The binary traces of LLFree (github.com/luhsra/llfree-rs, eval/src/bin/replay.rs at 441c8d13):
 * pages of 4096 bytes, little endian. The first holds three u32, of which the second is the number
 * of CPUs and the third the highest pfn. Each other one belongs to a CPU, a u32 at its start, and
 * has 255 entries of 128 bits from byte 16 on. From the lowest bit: 38 of time in microseconds, 24
 * of pfn, 1 that is set for an allocation, 4 of order, 29 of gfp flags, 32 of pid. An entry with
 * pfn 0 is the end of its page. The entries of a CPU are in the order of time.
 */

import { gfpMigrateType } from "../../page-alloc/gfp.js";
import { MAX_PAGE_ORDER } from "../../units.js";
import { PageEventKind } from "../events.js";
import { expectedGfp, type GfpText, gfpOfText } from "../gfp-text.js";
import { TraceError } from "../trace-error.js";
import { NO_TASK } from "./line-format.js";
import type { TraceOutput } from "./text-reader.js";

const PAGE_BYTES = 4096;
const FIRST_ENTRY_BYTES = 16;
const ENTRY_BYTES = 16;
const ENTRIES_PER_PAGE: number = (PAGE_BYTES - FIRST_ENTRY_BYTES) / ENTRY_BYTES;
const MAX_PFN: number = 2 ** 24 - 1;
const MAX_CPUS = 65536;
/**
 * LLFree's own mark for the page cache, above the flags that Linux 6.12 has. The kernels with LLFree
 * are of 6.x, which number the flags that decide anything in one way.
 */
const PAGE_CACHE_FLAG = 0x10000000;

interface Header {
  readonly cpus: number;
  readonly maxPfn: number;
}

function headerOf(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { cpus: view.getUint32(4, true), maxPfn: view.getUint32(8, true) };
}

/** Whether a file may be such a trace; it has no mark of its own. */
export function looksLikeLlfree(bytes: Uint8Array): boolean {
  if (bytes.length < FIRST_ENTRY_BYTES || !bytes.subarray(0, FIRST_ENTRY_BYTES).includes(0)) return false;
  const { cpus, maxPfn } = headerOf(bytes);
  return cpus > 0 && cpus <= MAX_CPUS && maxPfn > 0 && maxPfn <= MAX_PFN;
}

/** Keeps the whole file, because the pages of the CPUs stand in no order of time. */
export class LlfreeReader {
  readonly #file: string;
  readonly #output: TraceOutput;
  readonly #chunks: Uint8Array[] = [];
  /** By the numbers of the trace, which are few. */
  readonly #meanings = new Map<number, GfpText>();

  constructor(file: string, output: TraceOutput) {
    this.#file = file;
    this.#output = output;
  }

  feed(chunk: Uint8Array): void {
    this.#chunks.push(chunk.slice());
  }

  /** @throws TraceError for a file that ends within a page or has no entry, or an entry that cannot be */
  end(): void {
    const bytes = joined(this.#chunks);
    const rest = bytes.length % PAGE_BYTES;
    if (rest !== 0) {
      this.#fail(bytes.length - rest, `${PAGE_BYTES} bytes`, `the end of the file after ${rest}`);
    }
    const cpus = this.#cpus(bytes);
    // The format has no mark: a file without a single entry is more likely to be something else.
    if (cpus.every(({ isDone }) => isDone)) this.#fail(PAGE_BYTES, "an entry of a CPU", "none in the file");
    for (;;) {
      let next: CpuEntries | undefined;
      for (const cpu of cpus) {
        if (!cpu.isDone && (next === undefined || cpu.isBefore(next))) next = cpu;
      }
      if (next === undefined) return;
      this.#entry(bytes, next);
      next.advance();
    }
  }

  #cpus(bytes: Uint8Array): CpuEntries[] {
    const view = new DataView(bytes.buffer);
    const { cpus } = headerOf(bytes);
    const pages = new Map<number, number[]>();
    for (let page = PAGE_BYTES; page < bytes.length; page += PAGE_BYTES) {
      const cpu = view.getUint32(page, true);
      if (cpu >= cpus) this.#fail(page, `a CPU below ${cpus}`, String(cpu));
      const own = pages.get(cpu);
      if (own === undefined) pages.set(cpu, [page]);
      else own.push(page);
    }
    return [...pages].map(([cpu, own]) => new CpuEntries(view, cpu, own));
  }

  #entry(bytes: Uint8Array, { view, cpu, at, timeUs }: CpuEntries): void {
    const { maxPfn } = headerOf(bytes);
    const pfn = pfnAt(view, at);
    if (pfn > maxPfn) this.#fail(at, `a page frame number up to ${maxPfn}`, String(pfn));
    const high = view.getUint32(at + 4, true);
    const flags = view.getUint32(at + 8, true);
    const isAlloc = (high >>> 30) & 1;
    const order = (high >>> 31) | ((flags & 7) << 1);
    if (order > MAX_PAGE_ORDER) this.#fail(at, `an order from 0 to ${MAX_PAGE_ORDER}`, String(order));
    if (pfn % 2 ** order !== 0) {
      this.#fail(at, `an order that pfn ${pfn} is a multiple of`, String(order));
    }
    const task = this.#output.names.task(NO_TASK.comm, view.getUint32(at + 12, true));
    const timeNs = timeUs * 1000;
    if (isAlloc === 1) {
      const gfp = this.#gfp(at, (flags >>> 3) & ~PAGE_CACHE_FLAG);
      const type = gfpMigrateType(gfp);
      this.#output.blocks.append(PageEventKind.alloc, order, type, cpu, task, timeNs, pfn, gfp);
    } else {
      this.#output.blocks.append(PageEventKind.free, order, 0, cpu, task, timeNs, pfn, 0);
    }
  }

  #gfp(at: number, number: number): number {
    const { names, counts } = this.#output;
    let meaning = this.#meanings.get(number);
    if (meaning === undefined) {
      const text = `0x${number.toString(16)}`;
      meaning = gfpOfText(text, names.gfpTable);
      if (meaning === undefined) this.#fail(at, expectedGfp(names.gfpTable), text);
      this.#meanings.set(number, meaning);
      names.noteGfp(text, meaning.flags);
    }
    if (meaning.unknownBits) counts.unknownFlags++;
    return meaning.flags;
  }

  #fail(offset: number, expected: string, found: string): never {
    throw new TraceError(this.#file, { offset }, expected, found);
  }
}

/** The entries of one CPU, page after page. */
class CpuEntries {
  readonly view: DataView;
  readonly cpu: number;
  isDone = false;
  /** Offset and time of the next entry. */
  at = 0;
  timeUs = 0;
  readonly #pages: readonly number[];
  #page = 0;
  #entry = -1;

  constructor(view: DataView, cpu: number, pages: readonly number[]) {
    this.view = view;
    this.cpu = cpu;
    this.#pages = pages;
    this.advance();
  }

  /** The page that stands first in the file goes first where times are equal. */
  isBefore(other: CpuEntries): boolean {
    return this.timeUs < other.timeUs || (this.timeUs === other.timeUs && this.at < other.at);
  }

  advance(): void {
    this.#entry++;
    for (; this.#page < this.#pages.length; this.#page++, this.#entry = 0) {
      this.at = this.#pages[this.#page]! + FIRST_ENTRY_BYTES + this.#entry * ENTRY_BYTES;
      if (this.#entry < ENTRIES_PER_PAGE && pfnAt(this.view, this.at) !== 0) {
        this.timeUs = this.view.getUint32(this.at, true) + (this.view.getUint8(this.at + 4) & 0x3f) * 2 ** 32;
        return;
      }
    }
    this.isDone = true;
  }
}

function pfnAt(view: DataView, at: number): number {
  return (view.getUint32(at + 4, true) >>> 6) & MAX_PFN;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
