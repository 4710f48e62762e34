import type { CrosvmGuest, CrosvmNumber, CrosvmText } from "./crosvm.js";
import { type Findings, unexpected } from "./findings.js";
import { parseJson } from "./json-text.js";
import { flagOf, objectOf, type PlacedValue, textOf, wholeOf, within } from "./placed-value.js";

/** Members that say something here; all others are counted. */
const READ: ReadonlySet<string> = new Set(
  `bios cpus hugepages initrd kernel lock-guest-memory mem params protected-vm protected-vm-without-firmware pci
  unprotected-vm-with-firmware vfio`.split(/\s+/),
);

/** @throws MachineError */
export function crosvmOfJson(text: string, findings: Findings): CrosvmGuest {
  const root = objectOf(parseJson(text), "a configuration");
  for (const [name, { line, is }] of root.members)
    if (!READ.has(name) && is !== "null") findings.idle(line, name);
  const flag = (name: string): PlacedValue | undefined => {
    const value = within(root, name);
    return value !== undefined && flagOf(value, name) ? value : undefined;
  };
  const named = (name: string): CrosvmText | undefined => textAt(within(root, name), name);
  const isProtected = ["protected-vm", "protected-vm-without-firmware", "unprotected-vm-with-firmware"]
    .map((name) => ({ name, value: within(root, name) }))
    .find(({ value }) => value !== undefined);
  const params = within(root, "params");
  return {
    place: root,
    memoryMib: numberAt(scalarOr(within(root, "mem"), "size"), "mem.size"),
    vcpus: numberAt(scalarOr(within(root, "cpus"), "num-cores"), "cpus.num-cores"),
    lowEnd: numberAt(within(root, "pci", "mem", "start"), "pci.mem.start"),
    params: (params?.is === "list" ? params.items : params === undefined ? [] : [params]).map(
      (one) => textAt(one, "params")!,
    ),
    kernel: named("kernel"),
    initrd: named("initrd"),
    bios: named("bios"),
    isProtected:
      isProtected?.value === undefined
        ? undefined
        : { ...placeOf(isProtected.value), text: isProtected.name },
    hugePages: flag("hugepages"),
    locked: flag("lock-guest-memory"),
    passed: within(root, "vfio")?.items.map((one) => ({ ...placeOf(one), text: "vfio" })) ?? [],
  };
}

/** A number by itself, or the member of an object. @throws MachineError for anything else */
function scalarOr(value: PlacedValue | undefined, name: string): PlacedValue | undefined {
  if (value === undefined || value.is === "number") return value;
  if (value.is === "object") return within(value, name);
  throw unexpected(value, `a number or an object with ${name}`, value.is);
}

function placeOf({ line, column }: PlacedValue): { line: number; column: number } {
  return { line, column };
}

function numberAt(value: PlacedValue | undefined, name: string): CrosvmNumber | undefined {
  if (value === undefined) return undefined;
  const number = wholeOf(value, name, 1);
  return { ...placeOf(value), value: number, says: `"${name}": ${number}` };
}

function textAt(value: PlacedValue | undefined, name: string): CrosvmText | undefined {
  return value === undefined ? undefined : { ...placeOf(value), text: textOf(value, name) };
}
