/**
 * The kernel that a comment names: `perf script --header` has it, and the latency tracers of ftrace
 * (kernel/trace/trace.c: print_trace_header).
 */
const KERNEL = /^# (?:os release : |\w+ latency trace v[\d.]+ on )(\S+)$/;

/** @returns such as `4.13.0-46-generic`, or undefined for a comment that names no kernel */
export function kernelOfComment(line: string): string | undefined {
  return KERNEL.exec(line)?.[1];
}
