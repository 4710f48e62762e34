/**
 * Memory for the crash kernel (kernel/crash_reserve.c: reserve_crashkernel_generic;
 * arch/x86/include/asm/crash_reserve.h; arch/x86/kernel/setup.c: arch_reserve_crashkernel, Linux
 * 6.12; before 6.7 reserve_crashkernel there). memblock accepts it in one go; nobody touches it until
 * a crash kernel is loaded.
 */
import { type CrashkernelRequest, crashkernel } from "../command-line/crashkernel.js";
import { formatBytes, GiB, MiB, TiB } from "../units.js";
import type { EarlyBoot } from "./early-machine.js";
import { swiotlbBytesOrDefault } from "./swiotlb.js";

const CRASH_ALIGN: number = 16 * MiB;
const LOW_MAX: number = 4 * GiB;
const HIGH_MAX: number = 64 * TiB;
/** Of a fixed address before 6.7. */
const FIXED_ALIGN_OLD: number = MiB;

/** arch_reserve_crashkernel(). A request that does not fit is dropped, and the kernel goes on. */
export function reserveCrashkernel(boot: EarlyBoot): void {
  const { crashkernel: values } = boot.options;
  const request = crashkernel(values, boot.memblock.physMemSize());
  if (request === undefined) return;
  const failure = "failure" in request ? request.failure : reserve(boot, request);
  if (failure !== undefined)
    boot.remarks.push(`crashkernel=${values.join(" crashkernel=")}: ${failure}; nothing is reserved`);
}

/** @returns why nothing was reserved */
function reserve(boot: EarlyBoot, request: CrashkernelRequest): string | undefined {
  const { memblock } = boot;
  const { sizeBytes, address } = request;
  const start = boot.setAside(sizeBytes, () => place(boot, request));
  if (start === 0) {
    const where = address === undefined ? "" : ` at 0x${address.toString(16)}`;
    return `no room for ${formatBytes(sizeBytes)}${where}`;
  }
  const lowBytes = start < LOW_MAX ? 0 : lowPartBytes(boot, request);
  if (lowBytes > 0) {
    const low = boot.setAside(lowBytes, () => memblock.physAllocRange(lowBytes, CRASH_ALIGN, 0, LOW_MAX));
    if (low === 0) {
      boot.freeSetAside();
      return `no room for its ${formatBytes(lowBytes)} below 4 GiB`;
    }
    boot.crashkernelLow = { start: low, end: low + lowBytes };
  }
  boot.crashkernel = { start, end: start + sizeBytes };
  return undefined;
}

/**
 * The part below 4 GiB of a crash kernel above: room for a bounce buffer, unless the command line says
 * how much. At a fixed address there is none, except before 6.7.
 */
function lowPartBytes(boot: EarlyBoot, { high, lowBytes, address }: CrashkernelRequest): number {
  const usual = Math.max(swiotlbBytesOrDefault(boot) + 8 * MiB, 256 * MiB);
  if (high) return lowBytes ?? usual;
  return boot.rules.genericCrashkernel && address !== undefined ? 0 : usual;
}

/** @returns 0 when there is no room */
function place({ memblock, rules }: EarlyBoot, { sizeBytes, address, high }: CrashkernelRequest): number {
  if (address !== undefined) {
    const align = rules.genericCrashkernel ? CRASH_ALIGN : FIXED_ALIGN_OLD;
    return memblock.physAllocRange(sizeBytes, align, address, address + sizeBytes);
  }
  const low = (): number => memblock.physAllocRange(sizeBytes, CRASH_ALIGN, 0, LOW_MAX);
  const aboveFrom = rules.genericCrashkernel ? LOW_MAX : CRASH_ALIGN;
  const above = (): number => memblock.physAllocRange(sizeBytes, CRASH_ALIGN, aboveFrom, HIGH_MAX);
  return high ? above() || low() : low() || above();
}
