/** The fields of an event, whatever their order and whoever added some of his own. */

import type { LineFormat } from "./line-format.js";

/** A value and where it stands. */
export interface Field {
  readonly name: string;
  readonly value: string;
  readonly column: number;
  readonly valueColumn: number;
  /** Whether a record begins with it, so that it tells output of records from that of TP_printk. */
  readonly isFirstOfRecord: boolean;
}

/** The printf of some kernels pads `(null)` and `(ptrval)`, which then stands apart from its name. */
const PRINTK_FIELD = /^ *(\w+)=(?: *(\((?:null|nil|ptrval)\))(?=\s|$)|(\S*))/i;
const PERF_TRACE_FIELD = /^,? *(\w+): ([^\s,()]*)()/;
/** trace-cmd says so where it does not understand TP_printk, and goes on with the record. */
const UNPARSED = /^ *\[FAILED TO PARSE\] */;

/** Fields from the start of a text, and what is left behind them. */
export function fieldsOf(
  text: string,
  column: number,
  style: LineFormat["fields"],
): { fields: Field[]; rest: { text: string; column: number } } {
  const pattern = style === "printk" ? PRINTK_FIELD : PERF_TRACE_FIELD;
  const fields: Field[] = [];
  let at = UNPARSED.exec(text)?.[0].length ?? 0;
  const isUnparsed = at > 0;
  for (let match = pattern.exec(text.slice(at)); match !== null; match = pattern.exec(text.slice(at))) {
    const name = match[1]!;
    const value = match[2] || match[3]!;
    const end = column + at + match[0].length;
    fields.push({
      name,
      value,
      column: column + at + match[0].indexOf(name),
      valueColumn: end - value.length,
      isFirstOfRecord: isUnparsed || (fields.length === 0 && name === "pfn"),
    });
    at += match[0].length;
  }
  const rest = style === "printk" ? text.slice(at) : text.slice(at).replace(/^\)$/, "");
  return { fields, rest: { text: rest.trim(), column: column + at + rest.length - rest.trimStart().length } };
}
