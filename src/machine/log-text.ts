/** The lines of a kernel's log, whatever has come between them and the kernel: journals, terminals, mails. */

/** One line without what others put around it. */
export interface LogLine {
  /** 1-based line of the text. */
  readonly line: number;
  /** As the kernel printed it, blanks in front included. */
  readonly text: string;
  /** By the kernel's clock; undefined where the line has none, or one of another clock. */
  readonly seconds?: number;
}

const ESCAPE = String.fromCharCode(0x1b);
/** Sequences of ECMA-48 that a serial console has: colours, cursor moves; and what clears firmware's screen. */
const TERMINAL_CODE = new RegExp(`${ESCAPE}(?:\\[[0-9;?=]*[ -/]*[@-~]|[@-Z\\\\_-])`, "g");
/** Quotes of a mail or of an issue. */
const QUOTES = /^(?:\s?[>|] ?)+/;
/** `[    0.000000] `, with the task that `printk.time` and CONFIG_PRINTK_CALLER add; wherever a line has it first. */
const STAMP = /\[ *(\d{1,10}\.\d{6})\](?: ?\[ *[TC]\d+\])? ?/;
/** `dmesg -T`, whose times are guessed from the present. */
const WALL_CLOCK = /^\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] ?/;
/** `dmesg --time-format=iso`. */
const ISO_CLOCK = /^\d{4}-\d\d-\d\dT[\d:,.]+(?:[+-]\d\d:?\d\d|Z)? /;
/** `journalctl -k`: `Nov 30 10:00:00 host kernel: `, or the same with a time of ISO 8601. */
const JOURNAL = /^(?:[A-Z][a-z]{2} [ \d]\d [\d:.]+|\d{4}-\d\d-\d\dT\S+) \S+ kernel(?:\[\d+\])?: ?/;
/** The same behind a stamp: `journalctl -o short-monotonic`. */
const HOST = /^\S+ kernel(?:\[\d+\])?: ?/;
/** `dmesg -r` and `dmesg -x`. */
const LEVEL = /^(?:<\d{1,3}>|[a-z]+ *:(?:emerg|alert|crit|err|warn|notice|info|debug) *: ?)/;

export function logLines(text: string): LogLine[] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((raw, at) => logLine(raw, at + 1));
}

function logLine(raw: string, line: number): LogLine {
  const bare = raw.replaceAll(TERMINAL_CODE, "").replaceAll("\r", "").trimEnd().replace(QUOTES, "");
  const stamp = STAMP.exec(bare);
  if (stamp !== null) {
    const text = bare.slice(stamp.index + stamp[0].length).replace(HOST, "");
    return { line, text, seconds: Number(stamp[1]) };
  }
  const text = bare.replace(LEVEL, "").replace(JOURNAL, "").replace(WALL_CLOCK, "").replace(ISO_CLOCK, "");
  return { line, text: text.replace(LEVEL, "") };
}

/** As `dmesg` prints them, for readers of such a log; a line for each of the text, so that numbers of lines stay. */
export function plainLog(lines: readonly LogLine[]): string {
  return lines
    .map(({ text, seconds }) => (seconds === undefined ? text : `${stampOf(seconds)} ${text}`))
    .join("\n");
}

function stampOf(seconds: number): string {
  return `[${seconds.toFixed(6).padStart(12)}]`;
}
