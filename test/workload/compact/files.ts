/** Compact traces for tests: of version 2 as the program writes them, of version 1 as it once did. */

import { rowBytes } from "../../../src/columns.js";
import {
  type CompactMetadata,
  CompactWriter,
  checksum,
  fourCharacters,
} from "../../../src/workload/compact/format.js";
import { BLOCK_EVENTS, type EventBlock, EventBlocks } from "../../../src/workload/event-blocks.js";
import { BLOCK_COLUMNS, EVENT_COLUMNS } from "../../../src/workload/events.js";
import { newTraceCounts, type TraceCounts, TraceNames } from "../../../src/workload/trace-names.js";
import type { OneEvent } from "../readers/traces.js";

export const METADATA: CompactMetadata = { kernel: "6.12.95", clock: "local", source: ["tracefs"] };

/** Calls `add` with events in blocks of at most so many, and with names that are complete for each block. */
function blocksOf(
  list: readonly OneEvent[],
  names: TraceNames,
  blockEvents: number,
  add: (block: EventBlock) => void,
): void {
  const blocks = new EventBlocks(add);
  list.forEach((event, index) => {
    if (index % blockEvents === 0) blocks.flush();
    const { kind, order, migrateType, cpu, timeNs, pfn, detail, comm, pid, caller } = event;
    blocks.append(kind, order, migrateType, cpu, names.task(comm, pid), timeNs, pfn, detail);
    if (caller !== "") blocks.setCaller(names.caller(caller));
  });
  blocks.flush();
}

/** Writes events as a compact trace, in blocks of at most so many. */
export function written(
  list: readonly OneEvent[],
  counts: TraceCounts = newTraceCounts(),
  blockEvents: number = BLOCK_EVENTS,
): Uint8Array {
  const names = new TraceNames();
  const pieces: Uint8Array[] = [];
  const writer = new CompactWriter(names, (bytes) => pieces.push(bytes.slice()));
  blocksOf(list, names, blockEvents, (block) => writer.add(block));
  names.noteGfp("GFP_KERNEL", 0xcc0);
  writer.end(METADATA, counts);
  return new Uint8Array(Buffer.concat(pieces));
}

/** A block with its checksum; zeros or spaces are put behind the payload. */
export function sealed(type: string, count: number, payload: Uint8Array, filler = 0): Uint8Array {
  const payloadBytes = Math.ceil(payload.length / 8) * 8;
  const bytes = new Uint8Array(16 + payloadBytes).fill(filler);
  bytes.set(payload, 16);
  const head = new DataView(bytes.buffer);
  head.setUint32(0, fourCharacters(type), true);
  head.setUint32(4, payloadBytes, true);
  head.setUint32(8, count, true);
  const words = new Int32Array(bytes.buffer, 16, payloadBytes / 4);
  head.setUint32(12, checksum(fourCharacters(type), payloadBytes, count, words), true);
  return bytes;
}

/** The same file in version 1, written without the program: what FORMAT.md says of its columns, one after the other. */
export function writtenAsVersion1(
  list: readonly OneEvent[],
  counts: TraceCounts = newTraceCounts(),
  blockEvents: number = BLOCK_EVENTS,
): Uint8Array {
  const names = new TraceNames();
  const json = (type: string, count: number, value: unknown): Uint8Array =>
    sealed(type, count, new TextEncoder().encode(JSON.stringify(value)), 0x20);
  const header = new Uint8Array(16);
  header.set(Buffer.from("\x89UATRC\r\n\x01", "latin1"));
  const pieces: Uint8Array[] = [header];
  let [tasks, callers] = [0, 0];
  blocksOf(list, names, blockEvents, (block) => {
    const [newTasks, newCallers] = [names.tasks.slice(tasks), names.callers.slice(callers)];
    [tasks, callers] = [names.tasks.length, names.callers.length];
    const pairs = newTasks.map(({ comm, pid }) => [comm, pid]);
    if (pairs.length > 0) pieces.push(json("TASK", pairs.length, pairs));
    if (newCallers.length > 0) pieces.push(json("CALL", newCallers.length, newCallers));
    const types = block.hasCallers ? BLOCK_COLUMNS : EVENT_COLUMNS;
    const payload = new Uint8Array(block.count * rowBytes(types));
    let at = 0;
    for (const name of Object.keys(types) as (keyof typeof EVENT_COLUMNS)[]) {
      const column = block[name].slice(0, block.count);
      payload.set(new Uint8Array(column.buffer), at);
      at += column.byteLength;
    }
    pieces.push(sealed(block.hasCallers ? "EVNC" : "EVNT", block.count, payload));
  });
  const end = { events: list.length, counts, gfpTexts: [["GFP_KERNEL", 0xcc0]] };
  pieces.push(json("META", 1, METADATA), json("DONE", 1, end));
  return new Uint8Array(Buffer.concat(pieces));
}
