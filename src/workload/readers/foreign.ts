/** Files that people have in place of a trace, and how to get at what is in them. */

/** Records what a replay needs. */
export const RECORD_COMMAND = "perf record -e kmem:mm_page_alloc -e kmem:mm_page_free -a";

const TEXT: readonly (readonly [line: RegExp, advice: string])[] = [
  [
    /^Page allocated via order \d+, mask /,
    `a dump of page_owner, which has no frees: record with \`${RECORD_COMMAND}\``,
  ],
  [
    /^\[[\d:. -]+\] \(\+[?\d.]+\) /,
    `the text of babeltrace: record with \`${RECORD_COMMAND}\` in place of LTTng`,
  ],
  [
    /^(?:Attaching \d+ probes?\.\.\.|Attached \d+ probes?|@\w*(?:\[.*\])?: (?:\d+|count .*))$/,
    `the output of bpftrace: record with \`${RECORD_COMMAND}\``,
  ],
  [
    /^SUMMARY \((?:page|SLAB) allocator\)|^ *PFN +\| Total alloc/,
    "the summary of perf kmem: print the events with `perf script --ns -F comm,tid,cpu,time,event,trace`",
  ],
  [
    /^# (?:Overhead|Samples: )/,
    "the text of perf report: print the events with `perf script --ns -F comm,tid,cpu,time,event,trace`",
  ],
  [
    /^ *(?:\{ *"(?:traceEvents|displayTimeUnit)"|\[? *\{ *"(?:ph|name|pid|ts)":)/,
    `a Chrome trace, which has no page events: record with \`${RECORD_COMMAND}\``,
  ],
  [/^ *\[? *\{ *(?:"|$)/, "JSON; give the text that the tool printed"],
  [
    /^\S+ +\d+ +\d+ \d+\/\d+ +\[[0-9a-f]+\] +\d+\.\d+ms|^ *\S+ +\d+ +\d+ \d+ [0-9a-f]{8} [0-9a-f]{8} \[[0-9a-f]+\]/,
    "the verbose latency format: `echo noverbose > trace_options` and `echo nolatency-format > trace_options` first",
  ],
];

/** What atrace prints before the trace. */
const ATRACE_HEAD = /^[\w .\r\n]{0,200}?TRACE:\r?\n/;
/** How data of zlib begin, by how hard it tried (RFC 1950, 2.2). */
const ZLIB: readonly string[] = ["x\x01", "x\x5e", "x\x9c", "x\xda"];

/** What to do with a file that begins so, or undefined. @param text one character for each byte */
export function foreignBytes(text: string): string | undefined {
  const head = ATRACE_HEAD.exec(text)?.[0].length;
  if (head !== undefined && ZLIB.includes(text.slice(head, head + 2)))
    return "the output of `atrace -z`: record without -z";
  return undefined;
}

/** The first line that tells what a text is, and what to do with it. */
export function foreignText(
  lines: readonly string[],
): { readonly line: number; readonly advice: string } | undefined {
  for (const [index, line] of lines.entries()) {
    const advice = TEXT.find(([pattern]) => pattern.test(line.trimEnd()))?.[1];
    if (advice !== undefined) return { line: index + 1, advice };
  }
  return undefined;
}
