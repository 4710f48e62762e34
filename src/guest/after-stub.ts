import { type CpuLimits, cpuLimits } from "../command-line/cpu-limits.js";
import { commandLineWords } from "../command-line/words.js";
import { kernelRules } from "../linux/kernel-rules.js";
import { reservationRules } from "../linux/reservation-rules.js";
import { TiB } from "../units.js";
import { cpusOf } from "../x86/cpu-list.js";
import { rangesOfMap } from "../x86/early-efi.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import { qemuAcpiTables } from "../x86/qemu-acpi.js";
import type { Guest } from "./guest.js";
import type { GuestOptions } from "./options.js";
import type { HandOver } from "./state.js";

/** Physical addresses that four levels of page tables reach (MAX_PHYSMEM_BITS 46). */
const FOUR_LEVEL_END: number = 64 * TiB;

export function machineAfterStub(
  guest: Guest,
  { stub, kernel, initrd, acpi, memoryAttributes }: HandOver,
): EarlyMachine {
  const { options, behaviour, hotplugWindow } = guest;
  const { handOver } = options;
  const platform = guest.platform.type;
  const words = commandLine(guest);
  const cpus = guestCpus(options);
  const numa = isOneNode(words) ? [] : options.numa;
  const isEfi = options.memoryMap.length === 0 || stub.memoryMap !== undefined;
  return {
    e820: stub.entries,
    kernelStart: kernel.start,
    ...(initrd === undefined ? {} : { initrd }),
    setupData: handOver?.setupData ?? [],
    ...(isEfi
      ? {
          efi: {
            memoryMap: stub.memoryMap ?? { start: 0, end: 0 },
            ...(stub.tableRange === undefined ? {} : { unacceptedTable: stub.tableRange }),
            // A bitmap of the zero page lies in RAM, and the kernels that look for one only reserve it.
            tableReservation: stub.tableInRam ? "bytes" : kernelRules(options.kernel).tableReservation,
            keptTables:
              handOver?.efi?.keptTables ?? (memoryAttributes === undefined ? [] : [memoryAttributes]),
            ...rangesOfMap(stub.finalMap),
          },
        }
      : {}),
    acpiTables: handOver?.acpiTables.length
      ? handOver.acpiTables
      : acpi === undefined
        ? []
        : qemuAcpiTables(acpi.start, options.vcpus),
    ioapicCount: handOver?.ioapics ?? 1,
    commandLine: words,
    commandLineLength: handOver?.commandLineLength,
    unknownOptions: handOver?.unknownOptions.split(/\s+/).filter((word) => word !== "") ?? [],
    cpuNodes: cpuNodes(numa, cpus.possible),
    onlineCpus: cpus.online,
    reservationRules: reservationRules(options.kernel),
    numaBlocks: numa.map(({ start, end, node }) => ({ start, end, nid: node })),
    // QEMU describes the window in an SRAT, for which it makes a node where there are slots (auto_enable_numa_with_memhp).
    ...(hotplugWindow === undefined || options.vmm.slots === 0 ? {} : { possibleEnd: hotplugWindow.end }),
    // Where the processor has five levels the kernel could use them for less; the recorded ones did not.
    fiveLevel: handOver?.fiveLevel ?? guest.ram.at(-1)!.end > FOUR_LEVEL_END,
    memoryEncrypted: platform.isConfidential,
    acceptsOnTouch: behaviour.touch !== undefined,
    shareWithoutAccept: options.guest.shareWithoutAccept,
    staysInAccepted: options.guest.staysInAccepted,
    splitTables: options.guest.splitTables,
    ...(platform.hasGhcb ? { snp: options.guest } : {}),
  };
}

/** CPUs that a guest's kernel has data for, and those that it starts. */
export function guestCpus({ guest, vcpus }: GuestOptions): CpuLimits {
  const { possible, online } = cpuLimits(commandLineWords(guest.commandLine), vcpus + guest.hotplugCpus);
  return { possible, online: Math.min(online, vcpus) };
}

/** `numa=off` and `numa=noacpi` (6.12 arch/x86/mm/numa.c: numa_setup). */
function isOneNode(commandLine: string): boolean {
  return commandLineWords(commandLine).some(
    ({ name, value }) => name === "numa" && (value === "off" || value === "noacpi"),
  );
}

/** The node of each CPU; those that no node names are of node 0. */
function cpuNodes(numa: GuestOptions["numa"], possible: number): number[] {
  const nodes = new Map(
    numa.flatMap(({ node, cpus = "" }) => (cpusOf(cpus) ?? []).map((cpu) => [cpu, node])),
  );
  return Array.from({ length: possible }, (_, cpu) => nodes.get(cpu) ?? 0);
}

/** With `handOver` nothing is added to what the file says but a word of the policy's own. */
function commandLine({ behaviour, options }: Guest): string {
  const console = options.handOver === undefined ? "console=ttyS0" : "";
  const words = [console, behaviour.commandLine ?? "", options.guest.commandLine];
  return words.filter((word) => word !== "").join(" ");
}
