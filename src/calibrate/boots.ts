/** Boots of the kit, each with what all its records say. */

import { commandLineWords } from "../command-line/words.js";
import { MiB, PAGE_SIZE, roundUp } from "../units.js";
import { parseBootLog } from "./parsers/boot-log.js";
import type { BootEvent, KitFile, RecordOf, Records } from "./records.js";

export interface CalibrationBoot
  extends Pick<RecordOf<"boot">, "platform" | "vcpus" | "kernel" | "commandLine"> {
  readonly name: string;
  /** RAM as its VMM was told: what the guest's map has, and what firmware keeps of it. */
  readonly memoryBytes: number;
  readonly isEager: boolean;
  /** The DMA bounce buffer; undefined where neither boot log nor command line tell. */
  readonly swiotlbBytes: number | undefined;
  readonly isPrefaulted: boolean;
  /** From the VMM's start until the guest first runs. */
  readonly launchNs: number | undefined;
  /** From there to the end of boot services. */
  readonly firmwareNs: number | undefined;
  /** From the VMM's start to the end of boot services. */
  readonly beforeKernelNs: number | undefined;
  /** From the end of boot services until init runs, by the clock of the host or else by that of the kernel. */
  readonly kernelNs: number | undefined;
  /** Initialising struct pages, and accepting where that is eager. */
  readonly deferredNs: number | undefined;
}

/** What firmware and kernel keep of a guest's RAM is less than that, and VMMs give memory in larger steps. */
const MEMORY_STEP = 64 * MiB;
/** What makes the kernel accept all at boot (mm/page_alloc.c: accept_memory_parse). */
const ACCEPTS_ALL = /(?:^|\s)accept_memory=eager(?:\s|$)/;
/** A slot of the bounce buffer (include/linux/swiotlb.h: IO_TLB_SIZE). */
const SLOT_BYTES = 2048;

export function bootsOf(records: Records, files: readonly KitFile[]): ReadonlyMap<string, CalibrationBoot> {
  const texts = new Map(files.map(({ name, text }) => [name, text]));
  const prefaulted = new Set(records.of("H6").map(({ boot }) => boot));
  const boots = new Map<string, CalibrationBoot>();
  for (const record of records.of("boot")) {
    if (boots.has(record.boot)) continue;
    const { boot: name, platform, ramBytes, vcpus, kernel, commandLine } = record;
    const words = commandLineWords(commandLine);
    const logs = [...records.of("G7"), ...records.of("G1").filter(({ what }) => what === "dmesg")];
    const log = logs.find(({ boot }) => boot === name);
    const told = log === undefined ? {} : parseBootLog(texts.get(log.file)!);
    const slots = /^(\d+)/.exec(words.findLast((one) => one.name === "swiotlb")?.value ?? "")?.[1];
    const between = timesBetween(records.of("H5").filter(({ boot }) => boot === name));
    boots.set(name, {
      name,
      platform,
      vcpus,
      kernel,
      commandLine,
      memoryBytes: roundUp(ramBytes, MEMORY_STEP),
      isEager: ACCEPTS_ALL.test(commandLine),
      swiotlbBytes: told.swiotlbBytes ?? (slots === undefined ? undefined : Number(slots) * SLOT_BYTES),
      isPrefaulted: prefaulted.has(name),
      launchNs: between("start", "entry"),
      firmwareNs: between("entry", "stub"),
      beforeKernelNs: between("start", "stub"),
      kernelNs: between("stub", "init") ?? told.initNs,
      deferredNs: told.deferredNs,
    });
  }
  return boots;
}

/** Of events that were seen twice the first counts, but for the last line of the stub. */
function timesBetween(
  events: readonly RecordOf<"H5">[],
): (from: BootEvent, to: BootEvent) => number | undefined {
  const at = (event: BootEvent): number | undefined => {
    const times = events.filter((one) => one.event === event).map(({ ns }) => ns);
    return event === "stub" ? times.at(-1) : times[0];
  };
  return (from, to) => {
    const [start, end] = [at(from), at(to)];
    return start === undefined || end === undefined || end < start ? undefined : end - start;
  };
}

/** RAM of which QEMU's q35 puts nothing above 4 GiB (hw/i386/pc_q35.c: 0xb0000000); other VMMs have more there. */
const ALL_BELOW_4G = 2816 * MiB;

/** Whether its firmware accepts all of its memory, as all lies below 4 GiB. */
export function isSmall({ memoryBytes }: CalibrationBoot): boolean {
  return memoryBytes < ALL_BELOW_4G;
}

export function pagesOf(bytes: number): number {
  return bytes / PAGE_SIZE;
}
