/**
 * What a domain of libvirt says of the machine (docs/formatdomain.rst; src/conf/domain_conf.c; src/qemu/qemu_domain.c;
 * libvirt 9.0 to 11.9).
 */

import { GiB, KiB, MiB, roundUp } from "../units.js";
import {
  extraMemory,
  pinnedByVfio,
  preallocated,
  severalNodes,
  stateHugePageSize,
  stateSpareVcpus,
  USUAL_HUGE_PAGE,
  USUAL_HUGE_PAGE_BYTES,
} from "./backing.js";
import { exactSize } from "./exact-size.js";
import { type Findings, short, unexpected } from "./findings.js";
import { remarkInitrd, stateCommandLine, stateFirmwareFile, stateKernelFile } from "./kernel-words.js";
import { stateMachineType } from "./machine-type.js";
import { qemuArguments } from "./qemu/arguments.js";
import { readMoreOfQemu } from "./qemu/machine.js";
import { elementAt, elementsOf, parseXmlText, type XmlElement } from "./xml-text.js";

/** The domain of a document: its root, or within the state of a running guest or a snapshot. @throws MachineError */
export function domainOf(text: string): XmlElement {
  const root = parseXmlText(text);
  const domain = root.name === "domain" ? root : elementAt(root, "domain");
  if (domain === undefined) throw unexpected(root, "an element <domain>", `<${root.name}>`);
  const type = domain.attributes.type ?? "";
  if (type !== "kvm" && type !== "qemu")
    throw unexpected(domain, 'a domain of type "kvm" or "qemu"', `type "${type}"`);
  return domain;
}

/** @throws MachineError where libvirt would refuse what the domain says */
export function readDomain(domain: XmlElement, findings: Findings): void {
  if (domain.attributes.type === "qemu")
    findings.remark(domain.line, 'type="qemu": emulated, but prices are those of a guest under KVM');
  const more = elementsOf(elementAt(domain, "qemu:commandline"), "qemu:arg");
  const isSaidByQemu = more.some((arg) =>
    /confidential-guest-support|memory-encryption/.test(arg.attributes.value ?? ""),
  );
  const platform = statePlatform(domain, findings, isSaidByQemu);
  stateMemory(domain, findings);
  stateVcpus(domain, findings);
  stateStart(domain, findings);
  stateBacking(domain, findings, platform !== "none");
  stateSleep(domain, findings, platform);
  remarkDevices(domain, findings);
  if (more.length > 0) {
    const words = more.map(({ line, column, attributes }) => ({
      line,
      column,
      text: attributes.value ?? "",
    }));
    readMoreOfQemu(qemuArguments({ words, isLiteral: false }), findings);
  }
  for (const child of domain.children)
    if (!READ.has(child.name)) findings.idle(child.line, `<${child.name}>`);
}

/** Elements that are looked at. */
const READ: ReadonlySet<string> = new Set(
  `launchSecurity memory currentMemory maxMemory memoryBacking vcpu os cpu pm devices numatune qemu:commandline`.split(
    /\s+/,
  ),
);

/** Bit 28 of the attributes of a TD (Intel TDX Module ABI: ATTRIBUTES.SEPT_VE_DISABLE). */
const SEPT_VE_DISABLE = 28;

function statePlatform(
  domain: XmlElement,
  findings: Findings,
  isSaidByQemu: boolean,
): "tdx" | "snp" | "none" | undefined {
  const security = elementAt(domain, "launchSecurity");
  if (security === undefined) {
    if (isSaidByQemu) return undefined;
    findings.says(
      "platform.kind",
      "none",
      domain.line,
      "no <launchSecurity>",
      "a domain without it is not confidential",
    );
    return "none";
  }
  const type = security.attributes.type ?? "";
  const says = `<launchSecurity type="${type}">`;
  if (type === "sev") {
    findings.says(
      "platform.kind",
      "none",
      security.line,
      says,
      "SEV without SNP accepts no memory; the nearest platform is none",
    );
    findings.remark(security.line, "SEV without SNP: its encryption and its bounce buffer are not simulated");
    return "none";
  }
  if (type !== "tdx" && type !== "sev-snp")
    throw unexpected(security, "launchSecurity of type tdx, sev-snp or sev", type);
  const kind = type === "tdx" ? "tdx" : "snp";
  findings.says("platform.kind", kind, security.line, says);
  const policy = elementAt(security, "policy");
  if (kind === "tdx" && policy !== undefined) {
    const bits = /^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(policy.text) ? BigInt(policy.text) : undefined;
    if (bits === undefined) throw unexpected(policy, "a number in <policy>", policy.text);
    const isDisabled = ((bits >> BigInt(SEPT_VE_DISABLE)) & 1n) === 1n;
    findings.says(
      "guest.septVeDisable",
      isDisabled,
      policy.line,
      `<policy>${policy.text}</policy>`,
      `bit ${SEPT_VE_DISABLE} of the policy`,
    );
  }
  if (security.attributes.kernelHashes === "yes")
    findings.remark(
      security.line,
      "kernelHashes: the firmware checks kernel and initrd against hashes; that time is not simulated",
    );
  return kind;
}

/** libvirt reads units in both powers, KiB where none is said (src/util/virutil.c: virScaleInteger). */
const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  kb: 1e3,
  k: KiB,
  kib: KiB,
  mb: 1e6,
  m: MiB,
  mib: MiB,
  gb: 1e9,
  g: GiB,
  gib: GiB,
  tb: 1e12,
  t: 1024 * GiB,
  tib: 1024 * GiB,
};

/** @throws MachineError */
function sizeOf(
  element: XmlElement,
  text: string = element.text,
  unit: string | undefined = element.attributes.unit,
): number {
  const factor = UNITS[(unit ?? "KiB").toLowerCase()];
  if (factor === undefined) throw unexpected(element, "a unit such as KiB, MiB or GB", unit ?? "");
  const bytes = /^\d{1,16}$/.test(text) ? Number(text) * factor : Number.NaN;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw unexpected(element, `a whole number in <${element.name}>, below 2^53 bytes`, text);
}

/** As people write it: `<memory unit="GiB">4</memory>`. */
function saysSize(element: XmlElement): string {
  const { unit } = element.attributes;
  return `<${element.name}${unit === undefined ? "" : ` unit="${unit}"`}>${element.text}</${element.name}>`;
}

/**
 * `memory` is all that the guest has at its start, devices of memory included; nodes say its RAM instead where there are any
 * (virDomainDefGetMemoryInitial, virDomainDefPostParseMemory). QEMU is given whole MiB (qemuDomainAlignMemorySizes).
 */
function stateMemory(domain: XmlElement, findings: Findings): void {
  const memory = elementAt(domain, "memory");
  const cells = elementsOf(elementAt(domain, "cpu", "numa"), "cell").filter(
    ({ attributes }) => attributes.memory !== undefined,
  );
  const devices = elementsOf(elementAt(domain, "devices"), "memory").map((device) => {
    const size = elementAt(device, "target", "size");
    return size === undefined ? 0 : sizeOf(size);
  });
  const plugged = devices.reduce((all, bytes) => all + bytes, 0);
  if (memory === undefined && cells.length === 0) throw unexpected(domain, "an element <memory>", "none");
  let bytes: number;
  if (cells.length > 0) {
    const [first] = cells;
    bytes = cells.reduce((all, cell) => all + sizeOf(cell, cell.attributes.memory), 0);
    findings.memory(
      roundUp(bytes, MiB),
      first!.line,
      `${cells.length} <cell>`,
      cells.length === 1 ? "the RAM of the guest's node" : `the sum of ${cells.length} nodes`,
    );
    if (cells.length > 1) {
      const sizes = cells.map((cell) => sizeOf(cell, cell.attributes.memory));
      findings.remark(first!.line, severalNodes(sizes));
    }
  } else {
    const all = sizeOf(memory!);
    if (all === 0 || plugged >= all)
      throw unexpected(memory!, `memory of more than its devices, ${plugged} bytes`, memory!.text);
    bytes = all - plugged;
    const parts = [
      plugged === 0 ? undefined : `without the ${exactSize(plugged)} of devices of memory`,
      bytes % MiB === 0 ? undefined : "rounded up to MiB, as libvirt does",
    ].filter((part) => part !== undefined);
    findings.memory(
      roundUp(bytes, MiB),
      memory!.line,
      saysSize(memory!),
      parts.length === 0 ? undefined : parts.join(", "),
    );
  }
  const now = elementAt(domain, "currentMemory");
  if (now !== undefined && memory !== undefined && sizeOf(now) < sizeOf(memory))
    findings.remark(
      now.line,
      `${saysSize(now)}: a balloon takes the rest from a running guest, which is not simulated`,
    );
  const max = elementAt(domain, "maxMemory");
  if (max === undefined) return;
  const maxBytes = sizeOf(max);
  if (maxBytes < bytes + plugged)
    throw unexpected(max, `a maxMemory of at least the memory, ${exactSize(bytes + plugged)}`, max.text);
  findings.says("vmm.maxMemory", exactSize(maxBytes), max.line, saysSize(max));
  const { slots } = max.attributes;
  if (slots === undefined) return;
  if (!/^\d{1,5}$/.test(slots)) throw unexpected(max, "a whole number of slots", slots);
  findings.says("vmm.slots", Number(slots), max.line, `<maxMemory slots="${slots}">`);
}

/** The text says how many there can be, `current` how many there are at start. */
function stateVcpus(domain: XmlElement, findings: Findings): void {
  const vcpu = elementAt(domain, "vcpu");
  if (vcpu === undefined) {
    findings.says("vcpus", 1, domain.line, "no <vcpu>", "libvirt's default");
    return;
  }
  const number = (text: string): number => {
    const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (count === 0) throw unexpected(vcpu, "a number of CPUs above 0", text);
    return count;
  };
  const max = number(vcpu.text);
  const current = vcpu.attributes.current === undefined ? max : number(vcpu.attributes.current);
  if (current > max) throw unexpected(vcpu, `at most ${max} in current`, String(current));
  findings.says(
    "vcpus",
    current,
    vcpu.line,
    current === max ? `<vcpu>${max}</vcpu>` : `<vcpu current="${current}">`,
  );
  stateSpareVcpus(findings, max - current, vcpu.line, `<vcpu current="${current}">${max}`);
}

/** Machine, firmware, kernel and its command line. */
function stateStart(domain: XmlElement, findings: Findings): void {
  const os = elementAt(domain, "os");
  const type = elementAt(os, "type");
  if (type !== undefined) {
    const { arch, machine } = type.attributes;
    if (arch !== undefined && !/^(?:x86_64|i686)$/.test(arch))
      throw unexpected(type, "a machine of x86_64", `arch "${arch}"`);
    if (machine !== undefined) stateMachineType(findings, machine, type, `machine="${machine}"`);
    else
      findings.remark(
        type.line,
        "no machine in <type>: libvirt takes the default of its QEMU, q35 or an i440fx (vmm.kind)",
      );
  }
  const loader = elementAt(os, "loader");
  const kernel = elementAt(os, "kernel");
  if (loader !== undefined && loader.text !== "") stateFirmwareFile(findings, loader.text, loader.line);
  else if (os?.attributes.firmware === "efi")
    findings.remark(
      os.line,
      'firmware="efi": libvirt chooses the image; `virsh dumpxml` of the running guest names it',
    );
  else if (os !== undefined)
    findings.remark(
      os.line,
      "no <loader> and no firmware: SeaBIOS, whose map of memory is not OVMF's, which is simulated",
    );
  if (kernel !== undefined) stateKernelFile(findings, kernel.text, kernel.line);
  const initrd = elementAt(os, "initrd");
  if (initrd !== undefined) remarkInitrd(findings, initrd.text, initrd.line);
  const words = elementAt(os, "cmdline");
  if (words !== undefined) stateCommandLine(findings, words.text, words.line);
}

function stateBacking(domain: XmlElement, findings: Findings, isConfidential: boolean): void {
  const backing = elementAt(domain, "memoryBacking");
  stateHugePages(elementAt(backing, "hugepages"), findings, isConfidential);
  const allocation = elementAt(backing, "allocation");
  if (allocation?.attributes.mode === "immediate")
    findings.remark(allocation.line, preallocated('<allocation mode="immediate">', isConfidential));
  const locked = elementAt(backing, "locked");
  if (locked !== undefined)
    findings.remark(
      locked.line,
      "<locked>: the host backs and locks memory before the guest starts; simulated memory is backed at its first use",
    );
  const tune = elementAt(domain, "numatune");
  if (tune !== undefined)
    findings.remark(tune.line, "<numatune>: the nodes of the host cost nothing in a simulated guest");
  const bits = elementAt(domain, "cpu", "maxphysaddr");
  if (bits !== undefined) findings.remark(bits.line, "<maxphysaddr>: moves no RAM of a simulated guest");
}

function stateHugePages(huge: XmlElement | undefined, findings: Findings, isConfidential: boolean): void {
  if (huge === undefined) return;
  const page = elementAt(huge, "page");
  const size = page?.attributes.size;
  if (page === undefined || size === undefined) {
    const usual = {
      bytes: USUAL_HUGE_PAGE_BYTES,
      line: huge.line,
      says: "<hugepages>",
      derived: USUAL_HUGE_PAGE,
    };
    stateHugePageSize(findings, usual, isConfidential);
    return;
  }
  const says = `<page size="${size}" unit="${page.attributes.unit ?? "KiB"}">`;
  const bytes = sizeOf(page, size);
  if (bytes !== 2 * MiB && bytes !== GiB)
    throw unexpected(page, "a page of 2 MiB or 1 GiB, the sizes of x86", says);
  stateHugePageSize(findings, { bytes, line: page.line, says }, isConfidential);
  if (elementsOf(huge, "page").length > 1)
    findings.remark(huge.line, "huge pages of several sizes: only the first counts");
}

/** `<pm>`: where the guest cannot sleep to RAM, the firmware keeps no memory for it. */
function stateSleep(domain: XmlElement, findings: Findings, platform: string | undefined): void {
  const sleep = elementAt(domain, "pm", "suspend-to-mem");
  const enabled = sleep?.attributes.enabled;
  if (sleep === undefined || enabled === undefined) return;
  if (platform === "tdx")
    findings.remark(sleep.line, "<suspend-to-mem>: the image for TDX has no code for S3");
  else findings.says("firmware.s3", enabled === "yes", sleep.line, `<suspend-to-mem enabled="${enabled}"/>`);
}

function remarkDevices(domain: XmlElement, findings: Findings): void {
  for (const device of elementAt(domain, "devices")?.children ?? []) remarkDevice(device, findings);
}

function remarkDevice(device: XmlElement, findings: Findings): void {
  const { line, name, attributes } = device;
  const isPassed =
    name === "hostdev"
      ? attributes.type === "pci" || attributes.type === "mdev"
      : attributes.type === "hostdev";
  if (isPassed) findings.remark(line, pinnedByVfio(`<${name} type="${short(attributes.type ?? "")}">`));
  else if (name === "memory") {
    const size = elementAt(device, "target", "size");
    const bytes = size === undefined ? undefined : sizeOf(size);
    findings.remark(line, extraMemory(`<memory model="${short(attributes.model ?? "")}">`, bytes));
  } else if (name === "memballoon" && attributes.freePageReporting === "on") {
    findings.remark(line, "<memballoon freePageReporting>: pages that a balloon reports are not simulated");
  } else if (name !== "emulator") findings.idle(line, `<${name}>`);
}
