/** RAM of a machine of QEMU: its size, the window behind it, its nodes (hw/core/machine.c, hw/core/numa.c). */

import { KiB, MiB, roundUp } from "../../units.js";
import { preallocated, severalNodes } from "../backing.js";
import { exactSize } from "../exact-size.js";
import { type Findings, unexpected } from "../findings.js";
import { type OptionList, qemuSize, type Setting, wholeNumberOf } from "../option-list.js";
import type { ShellWord } from "../shell-text.js";
import { type Backend, backendOf, isBackend, remarkBacking, stateHugePages } from "./backends.js";
import type { Command } from "./command.js";

/** hw/core/machine.c: default_ram_size. */
const DEFAULT_RAM_BYTES: number = 128 * MiB;
/** hw/core/machine.c: machine_set_mem rounds RAM up to this. */
const RAM_ALIGN_BYTES: number = 8 * KiB;

/**
 * @param first where to point to what is not said
 * @throws MachineError where QEMU would refuse it
 */
export function stateMemory(
  command: Command,
  findings: Findings,
  first: ShellWord,
  isConfidential: boolean,
): void {
  const { machine, objects, nodes, prealloc } = command;
  const backends = [...objects.values()]
    .filter((one) => isBackend(one.get("qom-type")!.value!))
    .map(backendOf);
  const named = (reference: Setting | undefined): Backend | undefined =>
    backendNamed(backends, reference, command.unknown.has("object"));
  const main = named(machine.get("memory-backend"));
  const ramBytes = stateSize(command, main, findings, first);
  if (ramBytes !== undefined) {
    stateWindow(command, ramBytes, findings);
    stateNodes(nodes, named, ramBytes, findings);
  }
  const ofNodes = nodes.map((node) => named(node.get("memdev")));
  const used = [main, ...ofNodes].filter((one) => one !== undefined);
  for (const backend of used) remarkBacking(backend, findings, isConfidential);
  stateHugePages(used, command.memPath, findings, isConfidential);
  if (prealloc !== undefined) findings.remark(prealloc.line, preallocated("-mem-prealloc", isConfidential));
}

/** @returns RAM in bytes; undefined where only a shell knows it */
function stateSize(
  { machine, memory, unknown }: Command,
  main: Backend | undefined,
  findings: Findings,
  first: ShellWord,
): number | undefined {
  const size = memory.get("size") ?? machine.get("memory.size");
  if (size === undefined) {
    if (unknown.has("m")) return undefined;
    const derived = "no -m: the size of the machine's memory backend";
    if (main === undefined) findings.memory(DEFAULT_RAM_BYTES, first.line, "no -m", "QEMU's default");
    else findings.memory(main.bytes, main.line, main.says, derived);
    return main?.bytes ?? DEFAULT_RAM_BYTES;
  }
  const isInMiB = size.key === "size" && /\d$/.test(size.value ?? "");
  const bytes = roundUp(qemuSize(size, isInMiB ? MiB : 1), RAM_ALIGN_BYTES);
  if (bytes === 0) throw unexpected(size, "an amount of RAM above 0", size.value ?? "");
  const derived = isInMiB ? "-m counts MiB where it has no letter" : undefined;
  findings.memory(bytes, size.line, `-m ${size.value}`, derived);
  if (main !== undefined && main.bytes !== bytes) {
    const other = "the size of the machine's memory backend, which QEMU wants to equal -m";
    findings.memory(main.bytes, main.line, main.says, other);
  }
  return bytes;
}

/** @param isIncomplete whether there are objects that only a shell knows */
function backendNamed(
  backends: readonly Backend[],
  reference: Setting | undefined,
  isIncomplete: boolean,
): Backend | undefined {
  if (reference === undefined) return undefined;
  const found = backends.find(({ id }) => id === reference.value);
  // libvirt names a backend of its own after the machine's default, which is there without an -object.
  if (found === undefined && reference.value !== "pc.ram" && !isIncomplete)
    throw unexpected(reference, "the id of a memory backend", reference.value ?? "");
  return found;
}

/** Addresses for memory to be plugged in later: none where there is no more than RAM (hw/core/machine.c: machine_set_mem). */
function stateWindow({ memory, machine }: Command, ramBytes: number, findings: Findings): void {
  const max = memory.get("maxmem") ?? machine.get("memory.max-size");
  const slots = memory.get("slots") ?? machine.get("memory.slots");
  if (max === undefined) {
    if (slots !== undefined && wholeNumberOf(slots, 0) > 0)
      throw unexpected(slots, "maxmem= where there are slots", `slots=${slots.value}`);
    return;
  }
  const bytes = qemuSize(max, 1);
  if (bytes < ramBytes)
    throw unexpected(max, `a maxmem of at least the RAM, ${exactSize(ramBytes)}`, max.value ?? "");
  if (bytes === ramBytes) {
    findings.remark(max.line, `maxmem=${max.value}: as much as the RAM, so that nothing can be plugged in`);
    return;
  }
  findings.says("vmm.maxMemory", exactSize(bytes), max.line, `maxmem=${max.value}`);
  if (slots !== undefined)
    findings.says("vmm.slots", wholeNumberOf(slots, 0), slots.line, `slots=${slots.value}`);
}

/** Nodes of the guest; their memory adds up to the RAM. */
function stateNodes(
  nodes: readonly OptionList[],
  named: (reference: Setting | undefined) => Backend | undefined,
  ramBytes: number,
  findings: Findings,
): void {
  const sized = nodes
    .filter((node) => node.get("type")?.value === "node")
    .map((node) => {
      const own = node.get("mem");
      const bytes = own === undefined ? named(node.get("memdev"))?.bytes : qemuSize(own, MiB);
      return { line: node.word.line, bytes: bytes ?? 0 };
    });
  const [first] = sized;
  if (first === undefined) return;
  const sum = sized.reduce((all, { bytes }) => all + bytes, 0);
  if (sum > 0 && sum !== ramBytes) {
    const derived = `the sum of ${sized.length} nodes, which QEMU wants to equal -m`;
    findings.memory(sum, first.line, "-numa node", derived);
  }
  if (sized.length > 1) findings.remark(first.line, severalNodes(sized.map(({ bytes }) => bytes)));
}
