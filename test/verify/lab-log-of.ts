import { type LabLog, readLabLog } from "../../src/workload/lab-log.js";

type Field = "order" | "type" | "cpu" | "a" | "pfn" | "b" | "allocFlags";

/** A log of records given by kind and what else matters. */
export function logOf(
  ...records: (readonly [kind: number, fields: Partial<Record<Field, number>>])[]
): LabLog {
  const bytes = new Uint8Array(records.length * 24);
  const view = new DataView(bytes.buffer);
  for (const [index, [kind, fields]] of records.entries()) {
    const { order = 0, type = 0, cpu = 0, a = 0, pfn = 0, b = 0, allocFlags = 0 } = fields;
    bytes.set([kind, order, type, cpu], index * 24);
    view.setUint32(index * 24 + 4, a, true);
    view.setBigInt64(index * 24 + 8, BigInt(pfn), true);
    view.setUint32(index * 24 + 16, b, true);
    view.setUint32(index * 24 + 20, allocFlags, true);
  }
  return readLabLog(bytes);
}
