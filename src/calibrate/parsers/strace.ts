/** Lines of `strace -f -T -e trace=ioctl,fallocate`: calls with the seconds that they took in `<...>` at the end. */

import { CalibrateError, found } from "../error.js";

export interface LaunchCalls {
  /** KVM_MEMORY_ENCRYPT_OP and others: nanoseconds and, where the arguments say so, bytes, in the order of the file. */
  readonly ioctls: readonly LaunchCall[];
  readonly fallocateNs: number;
}

export interface LaunchCall {
  /** As `KVM_MEMORY_ENCRYPT_OP`. */
  readonly request: string;
  readonly ns: number;
}

const CALL =
  /^(?:\[pid +\d+\] |\d+ +)?(?:[\d:.]+ )?(ioctl|fallocate)\((.*)\) += +(-?\d+)(?: [^<]*)? <(\d+\.\d+)>$/;
const PART = /<unfinished \.\.\.>$|^(?:\[pid +\d+\] |\d+ +)?(?:[\d:.]+ )?<\.\.\. (\w+) resumed>/;
const RESUMED = /<\.\.\. (ioctl|fallocate) resumed>.* = +(-?\d+)(?: [^<]*)? <(\d+\.\d+)>$/;
const STARTED = /(?:^|\s)(ioctl|fallocate)\((.*) <unfinished \.\.\.>$/;
const OTHER = /^(?:\[pid +\d+\] |\d+ +)?(?:[\d:.]+ )?(?:[+-]{3} |strace: |\w+\()/;

/** A call in two parts is put together by its thread. @throws CalibrateError for what is no line of strace */
export function parseStrace(text: string, file: string): LaunchCalls {
  const ioctls: LaunchCall[] = [];
  let fallocateNs = 0;
  const started = new Map<string, string>();
  const add = (name: string, args: string, seconds: string): void => {
    const ns = Math.round(Number(seconds) * 1e9);
    if (name === "fallocate") fallocateNs += ns;
    else ioctls.push({ request: requestOf(args), ns });
  };
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const thread = /^(?:\[pid +(\d+)\]|(\d+) )/.exec(line)?.slice(1).find(Boolean) ?? "";
    const begun = STARTED.exec(line);
    if (begun !== null) {
      started.set(thread, begun[2]!);
      continue;
    }
    const resumed = RESUMED.exec(line);
    if (resumed !== null) {
      const args = started.get(thread);
      started.delete(thread);
      if (args !== undefined && Number(resumed[2]) >= 0) add(resumed[1]!, args, resumed[3]!);
      continue;
    }
    const call = CALL.exec(line);
    if (call !== null) {
      if (Number(call[3]) >= 0) add(call[1]!, call[2]!, call[4]!);
      continue;
    }
    if (!OTHER.test(line) && !PART.test(line)) {
      throw new CalibrateError(file, at + 1, 1, "a line of strace -T", found(line));
    }
  }
  return { ioctls, fallocateNs };
}

/** `5, KVM_MEMORY_ENCRYPT_OP, 0x7ffd...`; one that strace has no name for is `_IOC(...)`. */
function requestOf(args: string): string {
  return (
    /^\d+(?:<[^>]*>)?, (_IOC\([^)]*\)|0x[0-9a-f]+(?: \/\* [^*]*\*\/)?|\w+(?: or \w+)*)/.exec(args)?.[1] ??
    args
  );
}
