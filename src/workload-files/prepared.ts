/**
 * Recordings as requests, ready to be replayed: what becomes of a description and its trace, kept beside the program that
 * made it, so that nobody parses them again. Such a file is of no use to another program, and is not one of ours to
 * exchange (workloads/FORMAT.md).
 */

import { columnsIn, rowBytes } from "../columns.js";
import type { RecordedRequests } from "../workload/after-boot.js";
import { REQUEST_COLUMNS, type Requests } from "../workload/requests.js";

/** The columns in the order in which they are kept: the widest first, so that each begins at a multiple of its width. */
const KEPT_COLUMNS = Object.fromEntries(
  Object.entries(REQUEST_COLUMNS).toSorted(([, a], [, b]) => rowBytes({ b }) - rowBytes({ a })),
) as typeof REQUEST_COLUMNS;

/** What stands in front of the columns, as JSON. */
interface Head extends Omit<RecordedRequests, "requests"> {
  /** Of the description's text, which names the trace by its digest. */
  readonly descriptionSha256: string;
  readonly requests: Omit<Requests, keyof typeof REQUEST_COLUMNS>;
}

/** Bytes of the length of the head; of the head's own, with spaces behind it, a multiple. */
const ALIGNMENT = 8;

/**
 * @param descriptionSha256 of the text of the description that the requests come from, in hex
 * @returns what `preparedRequests` takes
 */
export function prepared(
  { recording, requests, report, remarks }: RecordedRequests,
  descriptionSha256: string,
): Uint8Array<ArrayBuffer> {
  const { kind, order, gfp, cpu, handle, offsetBytes, thinkNs, ...others } = requests;
  const columns = { kind, order, gfp, cpu, handle, offsetBytes, thinkNs };
  const head: Head = {
    descriptionSha256,
    recording,
    requests: others,
    report,
    ...(remarks === undefined ? {} : { remarks }),
  };
  const json = new TextEncoder().encode(JSON.stringify(head));
  const start = ALIGNMENT + Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(start + requests.count * rowBytes(KEPT_COLUMNS)).fill(0x20, ALIGNMENT, start);
  new DataView(bytes.buffer).setUint32(0, start, true);
  bytes.set(json, ALIGNMENT);
  const kept = columnsIn(KEPT_COLUMNS, bytes.buffer, requests.count, start);
  for (const name of Object.keys(columns) as (keyof typeof columns)[]) kept[name].set(columns[name]);
  return bytes;
}

/**
 * @param bytes that `prepared` has given, which the requests are views of from now on
 * @param descriptionSha256 of the text of the description whose requests are wanted
 * @returns undefined where the bytes are of another description
 */
export function preparedRequests(
  { buffer, byteOffset, length }: Uint8Array,
  descriptionSha256: string,
): RecordedRequests | undefined {
  // Columns need their alignment, which a part of a larger buffer may not have.
  const whole =
    byteOffset === 0 && buffer.byteLength === length ? buffer : buffer.slice(byteOffset, byteOffset + length);
  const start = new DataView(whole).getUint32(0, true);
  const json = new TextDecoder().decode(new Uint8Array(whole, ALIGNMENT, start - ALIGNMENT));
  const { recording, requests, report, remarks, ...head } = JSON.parse(json) as Head;
  if (head.descriptionSha256 !== descriptionSha256) return undefined;
  const { count, handleCount, ...others } = requests;
  const { kind, order, gfp, cpu, handle, offsetBytes, thinkNs } = columnsIn(
    KEPT_COLUMNS,
    whole,
    count,
    start,
  );
  return {
    recording,
    // In the order in which they were made: digests are taken of all of it.
    requests: { count, kind, order, gfp, cpu, handle, handleCount, offsetBytes, thinkNs, ...others },
    report,
    ...(remarks === undefined ? {} : { remarks }),
  };
}
