/**
 * The binary traces of LLFree (github.com/luhsra/llfree-rs, eval/src/bin/replay.rs at 441c8d13):
 * pages of 4096 bytes, little endian. The first holds three u32, of which the second is the number
 * of CPUs and the third the highest pfn. Each other one belongs to a CPU, a u32 at its start, and
 * has 255 entries of 128 bits from byte 16 on. From the lowest bit: 38 of time in microseconds, 24
 * of pfn, 1 that is set for an allocation, 4 of order, 29 of gfp flags, 32 of pid. An entry with
 * pfn 0 is the end of its page. The entries of a CPU are in the order of time.
 */

import { gfpMigrateType } from "../../page-alloc/index.js";
import { MAX_PAGE_ORDER } from "../../units.js";
import { PageEventKind } from "../events.js";
import { expectedGfp, type GfpText, gfpOfText } from "../gfp-text.js";
import { Heap } from "../heap.js";
import { TraceError } from "../trace-error.js";
import { NO_TASK } from "./line-format.js";
import type { EventReader, TraceOutput } from "./text-reader.js";

const PAGE_BYTES = 4096;
const FIRST_ENTRY_BYTES = 16;
const ENTRY_BYTES = 16;
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

/** Entries are kept in chunks, which need not be copied to make room for more. */
const CHUNK_ENTRIES = 65536;
/** The words of an entry, its place in the file in units of an entry, and the next entry of its CPU. */
const WORDS = 6;
const PLACE = 4;
const NEXT = 5;
/** In `NEXT`: the last one. Numbers of entries begin with 1. */
const NONE = 0;

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

/** Keeps all entries, because the pages of the CPUs stand in no order of time. */
export class LlfreeReader implements EventReader {
  readonly format = "LLFree";
  readonly #file: string;
  readonly #output: TraceOutput;
  readonly #page = new Uint8Array(PAGE_BYTES);
  readonly #view = new DataView(this.#page.buffer);
  #filled = 0;
  /** Of the page in the file. */
  #offset = 0;
  #header: Header = { cpus: 0, maxPfn: 0 };
  readonly #entries: Uint32Array[] = [];
  #count = 0;
  #first = new Uint32Array(0);
  #last = new Uint32Array(0);
  /** By the numbers of the trace, which are few. */
  readonly #meanings = new Map<number, GfpText>();

  constructor(file: string, output: TraceOutput) {
    this.#file = file;
    this.#output = output;
  }

  /** @throws TraceError for a page or an entry that cannot be */
  feed(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + PAGE_BYTES - this.#filled);
      this.#page.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === PAGE_BYTES) this.#readPage();
    }
  }

  /** @throws TraceError for a file that ends within a page or has no entry */
  end(): void {
    if (this.#filled !== 0) {
      this.#fail(this.#offset, `${PAGE_BYTES} bytes`, `the end of the file after ${this.#filled}`);
    }
    // The format has no mark: a file without a single entry is more likely to be something else.
    if (this.#count === 0) this.#fail(PAGE_BYTES, "an entry of a CPU", "none in the file");
    // CPUs by the time of their next entry; of equal times the one that stands first in the file.
    const heads = new Heap();
    for (const [cpu, entry] of this.#first.entries()) {
      if (entry !== NONE) heads.push(cpu, this.#timeUs(entry), this.#word(entry, PLACE));
    }
    while (heads.size > 0) {
      const cpu = heads.first;
      const entry = this.#first[cpu]!;
      this.#pass(entry, cpu);
      const next = this.#word(entry, NEXT);
      this.#first[cpu] = next;
      if (next === NONE) heads.pop();
      else heads.replaceFirst(this.#timeUs(next), this.#word(next, PLACE));
    }
  }

  #readPage(): void {
    if (this.#offset === 0) {
      this.#header = headerOf(this.#page);
      this.#first = new Uint32Array(this.#header.cpus);
      this.#last = new Uint32Array(this.#header.cpus);
    } else {
      const cpu = this.#view.getUint32(0, true);
      const { cpus } = this.#header;
      if (cpu >= cpus) this.#fail(this.#offset, `a CPU below ${cpus}`, String(cpu));
      for (let at = FIRST_ENTRY_BYTES; at < PAGE_BYTES; at += ENTRY_BYTES) {
        if (pfnOf(this.#view.getUint32(at + 4, true)) === 0) break;
        this.#check(at);
        this.#keep(at, cpu);
      }
    }
    this.#offset += PAGE_BYTES;
    this.#filled = 0;
  }

  #check(at: number): void {
    const high = this.#view.getUint32(at + 4, true);
    const pfn = pfnOf(high);
    const order = orderOf(high, this.#view.getUint32(at + 8, true));
    const { maxPfn } = this.#header;
    const offset = this.#offset + at;
    if (pfn > maxPfn) this.#fail(offset, `a page frame number up to ${maxPfn}`, String(pfn));
    if (order > MAX_PAGE_ORDER) this.#fail(offset, `an order from 0 to ${MAX_PAGE_ORDER}`, String(order));
    if (pfn % 2 ** order !== 0)
      this.#fail(offset, `an order that pfn ${pfn} is a multiple of`, String(order));
  }

  #keep(at: number, cpu: number): void {
    if (this.#count % CHUNK_ENTRIES === 0) this.#entries.push(new Uint32Array(CHUNK_ENTRIES * WORDS));
    const words = this.#entries.at(-1)!;
    const start = (this.#count % CHUNK_ENTRIES) * WORDS;
    for (let word = 0; word < PLACE; word++) words[start + word] = this.#view.getUint32(at + 4 * word, true);
    words[start + PLACE] = (this.#offset + at) / ENTRY_BYTES;
    const number = ++this.#count;
    const before = this.#last[cpu]!;
    this.#last[cpu] = number;
    if (before === NONE) this.#first[cpu] = number;
    else this.#entries[chunkOf(before)]![startOf(before) + NEXT] = number;
  }

  #word(entry: number, word: number): number {
    return this.#entries[chunkOf(entry)]![startOf(entry) + word]!;
  }

  #timeUs(entry: number): number {
    return this.#word(entry, 0) + (this.#word(entry, 1) & 0x3f) * 2 ** 32;
  }

  #pass(entry: number, cpu: number): void {
    const high = this.#word(entry, 1);
    const flags = this.#word(entry, 2);
    const { blocks, names } = this.#output;
    const pfn = pfnOf(high);
    const order = orderOf(high, flags);
    const task = names.task(NO_TASK.comm, this.#word(entry, 3));
    const timeNs = this.#timeUs(entry) * 1000;
    if (((high >>> 30) & 1) === 1) {
      const gfp = this.#gfp(this.#word(entry, PLACE) * ENTRY_BYTES, (flags >>> 3) & ~PAGE_CACHE_FLAG);
      blocks.append(PageEventKind.alloc, order, gfpMigrateType(gfp), cpu, task, timeNs, pfn, gfp);
    } else {
      blocks.append(PageEventKind.free, order, 0, cpu, task, timeNs, pfn, 0);
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

function chunkOf(entry: number): number {
  return Math.floor((entry - 1) / CHUNK_ENTRIES);
}

function startOf(entry: number): number {
  return ((entry - 1) % CHUNK_ENTRIES) * WORDS;
}

/** @param high the second word of an entry */
function pfnOf(high: number): number {
  return (high >>> 6) & MAX_PFN;
}

/** @param flags the third word of an entry */
function orderOf(high: number, flags: number): number {
  return (high >>> 31) | ((flags & 7) << 1);
}
