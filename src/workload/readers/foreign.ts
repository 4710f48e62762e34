/** Advice on files that people pass in place of a trace. */

/** Records the events that a replay needs. */
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

/** Output of atrace before the trace. */
const ATRACE_HEAD = /^[\w .\r\n]{0,200}?TRACE:\r?\n/;
/** First bytes of zlib data, by effort of compression (RFC 1950, 2.2). */
const ZLIB: readonly string[] = ["x\x01", "x\x5e", "x\x9c", "x\xda"];

/** Advice for a file that begins so, or undefined. @param text one character for each byte */
export function foreignBytes(text: string): string | undefined {
  const head = ATRACE_HEAD.exec(text)?.[0].length;
  if (head !== undefined && ZLIB.includes(text.slice(head, head + 2)))
    return "the output of `atrace -z`: record without -z";
  return undefined;
}

/** The first line that identifies a text, with advice. */
export function foreignText(
  lines: readonly string[],
): { readonly line: number; readonly advice: string } | undefined {
  for (const [index, line] of lines.entries()) {
    const advice = TEXT.find(([pattern]) => pattern.test(line.trimEnd()))?.[1];
    if (advice !== undefined) return { line: index + 1, advice };
  }
  return undefined;
}

/** Advice by the first bytes, one character for each byte. Sources: the formats' own definitions; file(1). */
const MAGICS: readonly (readonly [advice: string, ...magics: readonly string[]])[] = [
  // tools/perf/util/header.c: __perf_magic1, PERF_MAGIC2, also with the bytes in the other order.
  [
    "perf.data: print it with `perf script --ns -F comm,tid,cpu,time,event,trace`",
    "PERFILE2",
    "2ELIFREP",
    "PERFFILE",
  ],
  ["trace.dat: print it with `trace-cmd report -t`", "\x17\x08Dtracing"],
  ["a gzip file within another one: unpack it first", "\x1f\x8b"],
  ["a zstd file within another one: unpack it first", "\x28\xb5\x2f\xfd"],
  ["a bzip2 file: unpack it first, with `bzip2 -dc`", "BZh"],
  ["an xz file: unpack it first, with `xz -dc`", "\xfd7zXZ\0"],
  ["an lzma file: unpack it first, with `xz -dc`", "\x5d\0\0"],
  ["lz4; unpack it first, with `lz4 -dc`", "\x04\x22\x4d\x18", "\x02\x21\x4c\x18"],
  ["lzip; unpack it first, with `lzip -dc`", "LZIP"],
  ["lzop; unpack it first, with `lzop -dc`", "\x89LZO\0\r\n\x1a\n"],
  ["compress; unpack it first, with `gzip -dc`", "\x1f\x9d"],
  ["snappy; unpack it first", "\xff\x06\0\0sNaPpY"],
  ["zip; unpack it first, with `unzip -p`", "PK\x03\x04", "PK\x07\x08"],
  ["zip, an empty one", "PK\x05\x06"],
  ["7z; unpack it first, with `7z x -so`", "7z\xbc\xaf\x27\x1c"],
  ["rar; unpack it first", "Rar!\x1a\x07"],
  ["cpio; unpack it first", "070701", "070702", "070707"],
  ["ar; unpack it first", "!<arch>\n"],
  ["UTF-32; make it UTF-8 first, with `iconv -t UTF-8`", "\xff\xfe\0\0", "\0\0\xfe\xff"],
  // diamon.org/ctf, sections 5.1 and 7.1: packets and packets of metadata, in both byte orders; metadata as text.
  [
    "CTF, as LTTng records it; record kmem events with trace-cmd or perf",
    "\xc1\x1f\xfc\xc1",
    "\xc1\xfc\x1f\xc1",
  ],
  [
    "CTF metadata, as LTTng records it; record kmem events with trace-cmd or perf",
    "\x57\x1d\xd1\x75",
    "\x75\xd1\x1d\x57",
    "/* CTF 1.8 */",
  ],
  ["ELF, a program or a crash dump; in a dump, `trace show` of crash prints the trace", "\x7fELF"],
  ["a crash dump of makedumpfile; `trace show` of crash prints the trace", "KDUMP   "],
  [
    "pcap, packets of a network, not events of a kernel",
    "\xd4\xc3\xb2\xa1",
    "\xa1\xb2\xc3\xd4",
    "\x4d\x3c\xb2\xa1",
  ],
  ["pcapng, packets of a network, not events of a kernel", "\x0a\x0d\x0d\x0a"],
  ["an SQLite database; export what was recorded as text", "SQLite format 3\0"],
];

/** POSIX, ustar Interchange Format: field magic. */
const TAR_MAGIC = "ustar";
const TAR_MAGIC_OFFSET = 257;

const TAB = 0x09;
/** perfetto/trace/trace.proto: field 1, a message. */
const PERFETTO_PACKET = 0x0a;
/** A number of consistent packets that is not a coincidence. */
const PERFETTO_PACKETS = 3;

/** The kind of a file that is known but not itself a trace, and what to do about it. */
export function containerOf(text: string): string | undefined {
  const known = MAGICS.find(([, ...magics]) => magics.some((magic) => text.startsWith(magic)));
  if (known !== undefined) return known[0];
  if (text.startsWith(TAR_MAGIC, TAR_MAGIC_OFFSET)) return "tar; unpack it first, with `tar -xO`";
  if (isPerfetto(text)) return "a perfetto trace; print it with `traceconv systrace`";
  return undefined;
}

/** A perfetto trace has no magic: it is a list of packets, each with its length. */
function isPerfetto(text: string): boolean {
  // Text may begin with a newline, but has no bytes such as the small numbers in a packet.
  const isBinary = Array.from(text.slice(0, 64)).some((character) => character.charCodeAt(0) < TAB);
  if (!isBinary) return false;
  let at = 0;
  for (let packet = 0; packet < PERFETTO_PACKETS && at < text.length; packet++) {
    if (text.charCodeAt(at) !== PERFETTO_PACKET) return false;
    let length = 0;
    let byte = 0x80;
    for (let shift = 1; byte >= 0x80 && shift < 2 ** 35; shift *= 128) {
      byte = text.charCodeAt(++at);
      length += (byte % 128) * shift;
    }
    at += 1 + length;
  }
  return true;
}
