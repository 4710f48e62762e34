/**
 * Text of the function_graph tracer, and of a kprobe and a kretprobe on accept_memory(): how long each call took
 * (kernel/trace/trace_functions_graph.c: print_graph_duration; kernel/trace/trace_kprobe.c).
 */

import { CalibrateError, found } from "../error.js";

/** A call that ended. */
export interface GraphCall {
  readonly cpu: number;
  readonly name: string;
  readonly ns: number;
  /** Calls around it that are in the graph, 0 for the outermost. */
  readonly depth: number;
  /** Bytes that it was asked to accept, where the trace says so. */
  readonly bytes?: number;
}

/** ` 1)               |  accept_memory() {`, ` 1) # 7801.023 us |  }  /\* accept_memory *\/`, ` 1)   0.512 us    |    f();`. */
const LINE =
  /^\s*(?:[\d.]+ \|\s+)?(\d+)\)\s*(?:\S+-\d+\s*\|)?\s*(?:[-+!#*@$]\s*)?(?:([\d.]+) us)?\s*\|(\s*)(.*)$/;
const SIDE = /^\s*(?:#|-{5,}|\s*\d+\)\s+\S+-\d+\s+=>|CPU:|$)|\/\* .* \*\/$/;

/**
 * @returns calls by when they ended. One whose beginning is lost has no name and is left out
 * @throws CalibrateError for a line that is no part of such a trace
 */
export function parseFunctionGraph(text: string, file: string): GraphCall[] {
  const calls: GraphCall[] = [];
  const open = new Map<number, string[]>();
  for (const [at, line] of text.split("\n").entries()) {
    const match = LINE.exec(line);
    if (match === null) {
      if (!SIDE.test(line))
        throw new CalibrateError(file, at + 1, 1, "a line of function_graph", found(line.trim()));
      continue;
    }
    const cpu = Number(match[1]);
    const stack = open.get(cpu) ?? [];
    open.set(cpu, stack);
    const [us, what] = [match[2], match[4]!.trim()];
    const called = /^([\w.]+)(?: \[\w+\])?\(.*\)( \{|;)/.exec(what);
    if (called !== null && called[2] === " {") {
      stack.push(called[1]!);
    } else if (called !== null) {
      if (us !== undefined) calls.push({ cpu, name: called[1]!, ns: Number(us) * 1000, depth: stack.length });
    } else if (what.startsWith("}")) {
      const name = ended(stack, /\/\* ([\w.]+)/.exec(what)?.[1]);
      if (name !== undefined && us !== undefined)
        calls.push({ cpu, name, ns: Number(us) * 1000, depth: stack.length });
    } else if (!what.startsWith("/*")) {
      throw new CalibrateError(file, at + 1, 1, "a call or its end", found(what));
    }
  }
  return calls;
}

/**
 * Takes a call off the stack. Where its end says its name (funcgraph-tail), calls above it have lost their ends, and if
 * it is not there, it has lost its beginning.
 */
function ended(stack: string[], tail: string | undefined): string | undefined {
  if (tail === undefined) return stack.pop();
  const at = stack.lastIndexOf(tail);
  if (at >= 0) stack.length = at;
  return tail;
}

const EVENT = /^\s*(.*)-(\d+)\s+\[(\d+)\]\s+\S+\s+(\d+)(?:\.(\d{6}))?: (\w+): \((.*?)\)(.*)$/;
const ARGUMENTS = /\ba=0x([0-9a-f]+) b=0x([0-9a-f]+)/;

/**
 * Events `acc` and `accret` of the kit: `a` is the start, `b` what the second argument is: the size from 6.12 on, the
 * end before (drivers/firmware/efi/unaccepted_memory.c: accept_memory). Times are seconds with six digits, or
 * nanoseconds of trace_clock=mono as a whole number where there is no point.
 *
 * @throws CalibrateError for a line that is no event of these
 */
export function parseAcceptProbes(text: string, file: string): GraphCall[] {
  const calls: GraphCall[] = [];
  const open = new Map<string, { readonly ns: number; readonly bytes: number }>();
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#") || line.startsWith("CPU:")) continue;
    const match = EVENT.exec(line);
    if (match === null)
      throw new CalibrateError(file, at + 1, 1, "an event acc or accret", found(line.trim()));
    const [, , task, cpu, whole, micros, name, , rest] = match;
    const ns = micros === undefined ? Number(whole) : Number(whole) * 1e9 + Number(micros) * 1000;
    if (name === "acc") {
      const args = ARGUMENTS.exec(rest!);
      if (args === null) throw new CalibrateError(file, at + 1, 1, "a=START b=SIZE", found(rest!.trim()));
      const [a, b] = [Number.parseInt(args[1]!, 16), Number.parseInt(args[2]!, 16)];
      // Nothing is accepted whose size is more than the address at which it starts, but in the lowest memory.
      open.set(task!, { ns, bytes: b > a ? b - a : b });
    } else if (name === "accret") {
      const begun = open.get(task!);
      open.delete(task!);
      if (begun !== undefined) {
        calls.push({
          cpu: Number(cpu),
          name: "accept_memory",
          ns: ns - begun.ns,
          depth: 0,
          bytes: begun.bytes,
        });
      }
    } else throw new CalibrateError(file, at + 1, 1, "an event acc or accret", found(name!));
  }
  return calls;
}
