// Takes 8 s.
/** Every key of a scenario: where it changes a row, and where it is refused because it cannot. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fields } from "../../src/fields/field.js";
import { ScenarioError } from "../../src/scenario/error.js";
import { SCENARIO } from "../../src/scenario/scenario.js";
import { type Document, runOf, withValue } from "./run.js";

const test = suite("sanity: knobs");

const TDX: Document = {
  platform: "tdx",
  policy: "lazy",
  workload: "generate:heap?size=64MiB",
  memory: "1GiB",
  vcpus: 2,
  firmware: { preAcceptLimit: "256MiB" },
};
const SNP: Document = { ...TDX, platform: "snp" };
const { firmware: _limit, ...UNLIMITED } = TDX;
const PLAIN: Document = { ...UNLIMITED, platform: "none" };
/** With RAM above 4 GiB, wherever that begins. */
const LARGE: Document = { ...TDX, memory: "4GiB" };
/** A kernel by its sizes. */
const SIZED: Document = {
  ...TDX,
  guest: { kernelBuild: { code: "18MiB", rwdata: "3MiB", rodata: "14MiB", init: "4MiB", bss: "5MiB" } },
};
/** Comes down to its free-memory targets after they are set. */
const FILLED: Document = { ...TDX, memory: "2GiB", workload: "generate:heap?size=600MiB" };
const HALF_LARGE: Document = { ...TDX, host: { pageSize: "2MiB", contiguity: 0.5 } };
const FAULTS: Document = { ...TDX, policy: "fault-driven" };
/** Nothing is left for the kernel to accept. */
const BY_FIRMWARE: Document = { ...UNLIMITED, policy: "eager-firmware" };
const SHARING: Document = { ...TDX, guest: { dmaBuffers: 60 } };
const ATTACKED: Document = { ...TDX, attack: { answer: "ignore" }, guest: { septVeDisable: false } };
/** With room for as much memory again. */
const ROOMY: Document = { ...TDX, vmm: { maxMemory: "2GiB" } };
const TDX_HOST = {
  memory: [{ start: "1MiB", end: "2GiB" }],
  convertible: [{ start: 0, end: "2GiB" }],
};

const RMP_HOST = { memory: [{ start: "1MiB", end: "4GiB" }], table: { start: "4GiB", end: "4113MiB" } };

/** A key, a value that is not its default, where it changes a row, and where no run could use it. */
type Knob = readonly [path: string, value: unknown, acts: Document, refused?: Document];

const KNOBS: readonly Knob[] = [
  ["kernel", "6.12", TDX],
  ["memory", "1280MiB", TDX],
  ["vcpus", 3, TDX],
  ["seed", 7, HALF_LARGE],
  ["host.pageSize", "2MiB", TDX],
  ["host.contiguity", 0.25, HALF_LARGE, TDX],
  ["host.prefault", true, SNP, TDX],
  ["host.dynamicPamt", true, TDX, SNP],
  ["host.keepsConverted", true, TDX, PLAIN],
  ["host.assignedDevice", "type1", SNP],
  ["host.dmaEntryLimit", 100, withValue(SNP, "host.assignedDevice", "type1"), SNP],
  ["host.tdxConnect", true, TDX, SNP],
  ["host.mapGpaLimit", "1MiB", TDX, SNP],
  ["host.kernel", "7.4", TDX, PLAIN],
  ["host.launchingGuests", 3, SNP, TDX],
  ["host.memory", "512MiB", TDX, PLAIN],
  ["host.tdxModule", TDX_HOST, TDX, SNP],
  ["host.rmp", RMP_HOST, SNP, TDX],
  ["firmware.preset", "td-shim", TDX],
  ["firmware.version", "2022.11", { ...UNLIMITED, memory: "5GiB" }],
  ["firmware.flavour", "generic", TDX],
  ["firmware.imageSize", "2MiB", SNP, TDX],
  ["firmware.s3", true, SNP, TDX],
  ["firmware.metadata", false, TDX, PLAIN],
  ["firmware.preAcceptLimit", "512MiB", TDX, PLAIN],
  ["firmware.preAcceptLimit", "512MiB", TDX, BY_FIRMWARE],
  ["firmware.preAcceptBy", "vmm", TDX, PLAIN],
  ["firmware.acceptAll", true, { ...UNLIMITED, memory: "5GiB" }, BY_FIRMWARE],
  ["firmware.acceptOnDemand", true, withValue(TDX, "firmware.preAcceptLimit", "96MiB"), PLAIN],
  ["firmware.highMemory", "acpi", TDX, BY_FIRMWARE],
  ["firmware.hotplugWindow", "reported", ROOMY, withValue(ROOMY, "firmware.preset", "td-shim")],
  ["vmm.kind", "cloud-hypervisor", LARGE],
  ["vmm.lowMemory", "1536MiB", LARGE, withValue(LARGE, "vmm.kind", "libkrun")],
  ["vmm.maxMemory", "1GiB", { ...TDX, hotplug: {} }],
  ["vmm.slots", 1, { ...ROOMY, hotplug: {} }, TDX],
  ["guest.timeScale", 3, TDX],
  ["guest.transparentHugePages", false, FILLED, { ...TDX, memory: "400MiB" }],
  ["guest.commandLine", "mem=700M", TDX],
  ["guest.kernelBuild.of", "6.12.95+deb12-cloud-amd64", TDX],
  ["guest.kernelBuild.code", "32MiB", SIZED],
  ["guest.kernelBuild.rwdata", "16MiB", SIZED],
  ["guest.kernelBuild.rodata", "32MiB", SIZED],
  ["guest.kernelBuild.init", "8MiB", SIZED],
  ["guest.kernelBuild.bss", "16MiB", SIZED],
  ["guest.kernelBuild.image", "80MiB", TDX],
  ["guest.kernelBuild.percpuStatic", "1MiB", TDX],
  ["guest.kernelBuild.percpuReserved", "1MiB", TDX],
  ["guest.kernelBuild.percpuDynamic", "1MiB", TDX],
  ["guest.kernelBuild.nodeData", "1MiB", TDX],
  ["guest.hotplugCpus", 6, TDX],
  ["guest.septVeDisable", false, { ...TDX, attack: { answer: "ignore" } }, SNP],
  ["guest.svsm", true, SNP, TDX],
  ["guest.coherencyErratum", true, SNP, TDX],
  ["guest.unacceptedMemory", "drops", TDX, PLAIN],
  ["guest.bootLoader", "unaware", TDX, withValue(TDX, "firmware.preset", "td-shim")],
  ["guest.knowsHotplugWindow", true, withValue(ROOMY, "firmware.hotplugWindow", "reported"), ROOMY],
  ["guest.firstTouch", "nmi", FAULTS, TDX],
  ["guest.kaslr", true, PLAIN, { ...TDX, guest: { commandLine: "nokaslr" } }],
  ["guest.checksAcpiMemory", false, withValue(TDX, "firmware.highMemory", "both"), TDX],
  ["guest.shareWithoutAccept", true, TDX, PLAIN],
  ["guest.swiotlb", "late", TDX, PLAIN],
  ["guest.bounced", "80MiB", TDX, PLAIN],
  ["guest.releasesBeforeSharing", true, TDX, SNP],
  ["guest.decryptedSection", true, SNP, TDX],
  ["guest.record", "e820-zero-page", TDX, PLAIN],
  ["guest.staysInAccepted", true, TDX, PLAIN],
  ["guest.splitTables", "memblock", SHARING],
  ["guest.splitRaces", true, SHARING, TDX],
  ["guest.dmaBuffers", 40, TDX],
  ["guest.reserveBeforeWatermarks", "8MiB", TDX, { ...TDX, policy: "eager" }],
  ["hotplug.memory", "256MiB", { ...TDX, hotplug: {} }],
  ["hotplug.acceptance", "online", { ...TDX, hotplug: {} }, { ...PLAIN, hotplug: {} }],
  ["drain.workers", 2, { ...TDX, drain: {} }],
  ["attack.pages", 5, ATTACKED],
  ["attack.kind", "alias", ATTACKED],
  ["attack.answer", "warn", ATTACKED, { ...PLAIN, attack: {} }],
  ["kexec.kind", "kdump", { ...TDX, kexec: {} }],
  ["kexec.dumpToolTells", true, { ...TDX, memory: "4GiB", kexec: { kind: "kdump" } }, { ...TDX, kexec: {} }],
  ["kexec.table", "lost", { ...TDX, kexec: {} }],
  ["kexec.initrd", "64MiB", { ...TDX, kexec: {} }],
  ["strategy.batch", "16MiB", FILLED, { ...TDX, policy: "eager" }],
  ["strategy.batch", "64KiB", FAULTS],
  ["strategy.adaptive", true, FAULTS, TDX],
  ["strategy.batchMax", "4MiB", withValue(FAULTS, "strategy.adaptive", true), FAULTS],
  ["strategy.acceptingCpus", 1, { ...TDX, policy: "eager", memory: "6GiB" }, TDX],
];

/** What a row says beside remarks and how long its run took; equal for two runs between which a key did nothing. */
function rowOf(document: Document): string {
  const { remarks: _remarks, ...row } = runOf(document);
  return JSON.stringify(row);
}

for (const [path, value, acts, refused] of KNOBS) {
  test(`${path} ${JSON.stringify(value)} acts`, () => {
    assert.ok(rowOf(withValue(acts, path, value)) !== rowOf(acts));
  });
  if (refused === undefined) continue;
  test(`${path} ${JSON.stringify(value)} is refused where it cannot`, () => {
    assert.throws(
      () => runOf(withValue(refused, path, value)),
      (error: Error) =>
        error instanceof ScenarioError &&
        error.issues.every((issue) => issue.path === path && /needs|not a parameter of/.test(issue.message)),
    );
  });
}

/** Keys that are themselves no setting of a guest, or whose values the tests of their room walk through. */
const ELSEWHERE =
  /^(name|description|workload|preset|machine|platform\.kind|policy|prices|handOver\..*|host\.(tdxModule|rmp)\..*)$/;

test("no key is left out, and none is said here that there is not", () => {
  const keysOf = (fields: Fields, around: string): string[] =>
    Object.entries(fields).flatMap(([key, field]) => {
      const path = `${around}${key}`;
      if (field.is === "parameters" || field.is === "list") return [];
      return field.is === "section" ? keysOf(field.fields, `${path}.`) : [path];
    });
  const known = keysOf(SCENARIO, "").filter((path) => !ELSEWHERE.test(path));
  const said = new Set(KNOBS.map(([path]) => path));
  assert.equal(
    known.filter((path) => !said.has(path)),
    [],
  );
});

test.run();
