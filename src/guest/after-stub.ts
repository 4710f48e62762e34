import { cpuLimits } from "../command-line/cpu-limits.js";
import { commandLineWords } from "../command-line/words.js";
import { kernelRules } from "../linux/kernel-rules.js";
import { reservationRules } from "../linux/reservation-rules.js";
import { TiB } from "../units.js";
import { rangesOfMap } from "../x86/early-efi.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import { qemuAcpiTables } from "../x86/qemu-acpi.js";
import type { Guest } from "./guest.js";
import type { HandOver } from "./state.js";

/** Physical addresses that four levels of page tables reach (MAX_PHYSMEM_BITS 46). */
const FOUR_LEVEL_END: number = 64 * TiB;

export function machineAfterStub(
  guest: Guest,
  { stub, kernel, initrd, acpi, memoryAttributes }: HandOver,
): EarlyMachine {
  const { options, behaviour } = guest;
  const platform = guest.platform.type;
  const words = commandLine(guest);
  const cpus = cpuLimits(commandLineWords(words), options.vcpus);
  return {
    e820: stub.entries,
    kernelStart: kernel.start,
    ...(initrd === undefined ? {} : { initrd }),
    setupData: [],
    efi: {
      memoryMap: stub.memoryMap ?? { start: 0, end: 0 },
      ...(stub.tableRange === undefined ? {} : { unacceptedTable: stub.tableRange }),
      // A bitmap of the zero page lies in RAM, and the kernels that look for one only reserve it.
      tableReservation: stub.tableInRam ? "bytes" : kernelRules(options.kernel).tableReservation,
      keptTables: memoryAttributes === undefined ? [] : [memoryAttributes],
      ...rangesOfMap(stub.finalMap),
    },
    acpiTables: qemuAcpiTables(acpi.start, options.vcpus),
    ioapicCount: 1,
    commandLine: words,
    unknownOptions: [],
    cpuNodes: Array.from({ length: cpus.possible }, () => 0),
    onlineCpus: cpus.online,
    reservationRules: reservationRules(options.kernel),
    numaBlocks: [],
    // Where the processor has five levels the kernel could use them for less; the recorded ones did not.
    fiveLevel: guest.ram.at(-1)!.end > FOUR_LEVEL_END,
    memoryEncrypted: platform.isConfidential,
    acceptsOnTouch: behaviour.touch !== undefined,
    shareWithoutAccept: options.guest.shareWithoutAccept,
    staysInAccepted: options.guest.staysInAccepted,
    splitTables: options.guest.splitTables,
    ...(platform.hasGhcb ? { snp: options.guest } : {}),
  };
}

function commandLine({ behaviour, options }: Guest): string {
  const words = ["console=ttyS0", behaviour.commandLine ?? "", options.guest.commandLine];
  return words.filter((word) => word !== "").join(" ");
}
