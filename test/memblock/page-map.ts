import * as fc from "fast-check";
import * as assert from "uvu/assert";
import { Memblock } from "../../src/memblock/memblock.js";
import type { MemblockType } from "../../src/memblock/regions.js";
import { pairs } from "./helpers.js";

/*
 * memblock against the simplest thing that could be right: an array with one entry for each byte
 * of a small address space right above page 0, searched one byte after the other.
 */
const FIRST = 4096;
const SPAN = 256;

interface Model {
  readonly memory: (string | undefined)[];
  readonly reserved: boolean[];
}

export type Step =
  | { readonly kind: "add"; readonly at: number; readonly size: number; readonly nid: number }
  | {
      readonly kind: "remove" | "reserve" | "free" | "nomap" | "map";
      readonly at: number;
      readonly size: number;
    }
  | { readonly kind: "alloc"; readonly size: number; readonly align: number; readonly nid: number }
  | { readonly kind: "direction"; readonly bottomUp: boolean };

const at = fc.integer({ min: 0, max: SPAN - 1 });
const size = fc.integer({ min: 1, max: 64 });
const nid = fc.integer({ min: 0, max: 2 });
/** One operation. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), at, size, nid }),
  fc.record({ kind: fc.constantFrom("remove", "reserve", "free", "nomap", "map"), at, size }),
  fc.record({ kind: fc.constant("alloc" as const), size, align: fc.constantFrom(1, 2, 8, 32), nid }),
  fc.record({ kind: fc.constant("direction" as const), bottomUp: fc.boolean() }),
) as fc.Arbitrary<Step>;

/** First fit in the direction of the search, one candidate start after the other. */
function naiveFind(
  model: Model,
  { size, align }: { size: number; align: number },
  nid: number,
  up: boolean,
): number {
  const starts = Array.from({ length: SPAN }, (_, index) => (up ? index : SPAN - 1 - index));
  for (const start of starts) {
    if (start % align !== 0 || start + size > SPAN) continue;
    const cells = model.memory.slice(start, start + size);
    const oneRegion = cells.every((cell) => cell !== undefined && cell === cells[0]);
    const usable = cells[0] === `${nid}` || (nid === -1 && cells[0] !== undefined && !cells[0].endsWith("n"));
    const free = model.reserved.slice(start, start + size).every((taken) => !taken);
    if (oneRegion && usable && free) return FIRST + start;
  }
  return 0;
}

function applyToModel(model: Model, action: Step, bottomUp: boolean): number {
  if (action.kind === "direction") return 0;
  if (action.kind === "alloc") {
    const found = naiveFind(model, action, action.nid, bottomUp) || naiveFind(model, action, -1, bottomUp);
    if (found !== 0) model.reserved.fill(true, found - FIRST, found - FIRST + action.size);
    return found;
  }
  const end = Math.min(action.at + action.size, SPAN);
  for (let cell = action.at; cell < end; cell++) {
    const old = model.memory[cell];
    if (action.kind === "add") model.memory[cell] = old ?? `${action.nid}`;
    else if (action.kind === "remove") model.memory[cell] = undefined;
    else if (action.kind === "nomap") model.memory[cell] = old && `${old[0]}n`;
    else if (action.kind === "map") model.memory[cell] = old?.[0];
    else model.reserved[cell] = action.kind === "reserve";
  }
  return 0;
}

function applyToMemblock(memblock: Memblock, action: Step): number {
  switch (action.kind) {
    case "direction":
      memblock.bottomUp = action.bottomUp;
      return 0;
    case "alloc":
      return memblock.allocNode(action.size, action.align, action.nid);
    default: {
      const size = Math.min(action.size, SPAN - action.at);
      const base = FIRST + action.at;
      if (action.kind === "add") memblock.addNode(base, size, action.nid);
      else if (action.kind === "remove") memblock.remove(base, size);
      else if (action.kind === "reserve") memblock.reserve(base, size);
      else if (action.kind === "free") memblock.free(base, size);
      else if (action.kind === "nomap") memblock.markNomap(base, size);
      else memblock.clearNomap(base, size);
      return 0;
    }
  }
}

/** The cells of an array, and a check that it is sorted, disjoint and maximally merged. */
function cellsOf(
  type: MemblockType,
  describe: (nid: number, flags: number) => string,
): (string | undefined)[] {
  const cells: (string | undefined)[] = Array.from({ length: SPAN });
  let previous: { end: number; text: string } | undefined;
  let total = 0;
  for (const { base, size, nid, flags } of type.regions) {
    const text = describe(nid, flags);
    assert.ok(size > 0);
    if (previous !== undefined) {
      assert.ok(base > previous.end || (base === previous.end && text !== previous.text), "not merged");
    }
    cells.fill(text, base - FIRST, base - FIRST + size);
    previous = { end: base + size, text };
    total += size;
  }
  assert.is(type.totalSize, total);
  return cells;
}

/** Free ranges of the map: cells of one region that are not taken and not NOMAP. */
function naiveFree(model: Model): [number, number][] {
  const free: [number, number][] = [];
  let open: string | undefined;
  for (let cell = 0; cell < SPAN; cell++) {
    const here = model.reserved[cell] || model.memory[cell]?.endsWith("n") ? undefined : model.memory[cell];
    if (here !== undefined && here === open) free.at(-1)![1] = FIRST + cell + 1;
    else if (here !== undefined) free.push([FIRST + cell, FIRST + cell + 1]);
    open = here;
  }
  return free;
}

/** Runs operations on a memblock and on the map; throws at the first difference in a returned address or a byte. */
export function compareWithMap(steps: readonly Step[]): void {
  const memblock = new Memblock();
  const model: Model = {
    memory: Array.from({ length: SPAN }, () => undefined),
    reserved: Array.from({ length: SPAN }, () => false),
  };
  for (const action of steps) {
    const expected = applyToModel(model, action, memblock.bottomUp);
    assert.is(applyToMemblock(memblock, action), expected, JSON.stringify(action));
    const memory = cellsOf(memblock.memory, (nid, flags) => `${nid}${flags ? "n" : ""}`);
    const taken = cellsOf(memblock.reserved, () => "taken");
    for (let cell = 0; cell < SPAN; cell++) {
      if (memory[cell] === model.memory[cell] && (taken[cell] !== undefined) === model.reserved[cell])
        continue;
      assert.unreachable(`byte ${FIRST + cell} differs after ${JSON.stringify(action)}`);
    }
    assert.equal(pairs(memblock.freeMemRanges()), naiveFree(model));
  }
}
