/** How a block of events of version 2 is laid out, which its encoder and its decoder share. See workloads/FORMAT.md. */

import { PageEventKind, TRACED_ORDER_MAX } from "../events.js";

/** Where the head of a payload has what. */
export const HeadAt = {
  /** Of the first event. */
  pfn: 0,
  timeNs: 8,
  unitNs: 16,
  shapes: 20,
  /** Numbers of far steps. */
  farPages: 24,
  farTimes: 28,
  /** A byte for each column of `PLANES_MAX`, zeros behind them. */
  planes: 32,
} as const;
export const HEAD_BYTES = 40;

/** A kind of event with all that it says but of its page: u32 detail, u8 kind, order, migrate type, 0. */
export const ShapeAt = { detail: 0, kind: 4, order: 5, migrateType: 6, unused: 7 } as const;
export const SHAPE_BYTES = 8;
export const SHAPE_COLUMNS = {
  detail: "u32",
  kind: "u8",
  order: "u8",
  migrateType: "u8",
  /** Page frame number of the last event of the shape, in blocks of its order. */
  lastBlock: "f64",
  /** Pages of a block of its order. */
  blockPages: "f64",
} as const;

/**
 * The columns behind the shapes, in their order, with the least and the most bytes that a number of each takes. All but
 * those of far steps have a number for each event.
 */
const COLUMNS = {
  shape: [0, 2],
  pageStep: [1, 1],
  farPage: [0, 7],
  timeStep: [1, 1],
  farTime: [0, 7],
  task: [0, 4],
  caller: [0, 4],
  cpu: [0, 2],
} as const;
export type StoredColumn = keyof typeof COLUMNS;
export const STORED_COLUMNS: ReadonlyMap<StoredColumn, readonly [least: number, most: number]> = new Map(
  Object.entries(COLUMNS) as [StoredColumn, readonly [number, number]][],
);

/** A step that is written as its own byte is below it; it stands for the next far step. */
export const FAR = 255;
/** Planes of far steps that hold their low halves: the sign in the lowest bit, 31 bits of the size. */
export const LOW_PLANES = 4;
/** The size of a step is `LOW_SIZES` times its high half and what its low half says. */
export const LOW_SIZES: number = 2 ** 31;

export function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** Payload of a block in which everything takes as many bytes as it can. */
export function columnsBytesMax(count: number): number {
  return padded(HEAD_BYTES + count * EVENT_BYTES_MAX);
}

const EVENT_BYTES_MAX: number = Object.values(COLUMNS).reduce(
  (sum: number, [, most]) => sum + most,
  SHAPE_BYTES,
);

const LAST_KIND: number = PageEventKind.extfrag;
/** Largest detail by kind; see workloads/FORMAT.md. */
const DETAIL_MAX: readonly number[] = [0xffffffff, 0, 0, 0xff, 0, 0xffffff];

/** The first thing that no event has, of those that make its shape; undefined if there is none. */
export function shapeFault(
  kind: number,
  order: number,
  migrateType: number,
  detail: number,
): string | undefined {
  if (kind > LAST_KIND) return "kind";
  if (order > (kind === PageEventKind.freeBatched ? 0 : TRACED_ORDER_MAX)) return "order";
  if (migrateType !== 0 && (kind === PageEventKind.free || kind === PageEventKind.freeBatched))
    return "migrate type";
  return detail > DETAIL_MAX[kind]! ? "detail" : undefined;
}
