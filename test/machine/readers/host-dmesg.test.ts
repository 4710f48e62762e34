import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HOST_DMESG } from "../../../src/machine/readers/host-dmesg.js";
import { remarksOf, statementsOf } from "../readings.js";

const test = suite("machine import: a host's log");

const E820 = `[    0.000000] Linux version 6.16.8-200.fc42.x86_64 (build@host) (gcc) #1 SMP
[    0.000000] BIOS-provided physical RAM map:
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable
[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000005fffffff] usable
[    0.000000] BIOS-e820: [mem 0x0000000060000000-0x000000006fffffff] reserved
[    0.000000] BIOS-e820: [mem 0x0000000100000000-0x000000087fffffff] usable
[    0.000000] BIOS-e820: [mem 0x0000000880000800-0x000000107fffffff] usable
`;
const SRAT = `[    0.010000] ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x7fffffff]
[    0.010000] ACPI: SRAT: Node 0 PXM 0 [mem 0x100000000-0x87fffffff]
[    0.010000] ACPI: SRAT: Node 1 PXM 1 [mem 0x880000000-0x107fffffff]
`;
const CMRS = `[    9.100000] virt/tdx: BIOS enabled: private KeyID range [64, 128)
[   60.200000] virt/tdx: CMR[0]: [0x100000, 0x60000000)
[   60.200001] virt/tdx: CMR[1]: [0x100000000, 0x1080000000)
[   62.000000] virt/tdx: 270340 KB allocated for PAMT
[   62.000001] virt/tdx: module initialized
`;

test("memory of its map by the nodes of ACPI, and convertible memory", () => {
  assert.equal(statementsOf(HOST_DMESG, E820 + SRAT + CMRS), [
    "1 host.kernel = 6.16.8-200.fc42.x86_64",
    '3 host.tdxModule.memory = [{"start":0,"end":"640KiB"},{"start":"1MiB","end":"1536MiB"},{"start":"4GiB","end":"34GiB"},{"start":"35651588KiB","end":"66GiB","node":1}] (4 ranges, from this line on)',
    '12 host.tdxModule.convertible = [{"start":"1MiB","end":"1536MiB"},{"start":"4GiB","end":"66GiB"}] (2 regions, from this line on)',
  ]);
  const all = remarksOf(HOST_DMESG, E820 + SRAT + CMRS).join("\n");
  for (const part of ["11 virt/tdx: BIOS enabled", "14 264 MiB for the PAMT"])
    assert.ok(all.includes(part), part);
});

test("memory that ACPI puts on no node is of node 0", () => {
  assert.not.ok(
    statementsOf(HOST_DMESG, E820 + CMRS)
      .join("\n")
      .includes("node"),
  );
});

test("memblock's own lines count before the map", () => {
  const early = `[    0.1] Early memory node ranges
[    0.100000]   node   0: [mem 0x0000000000001000-0x000000000009ffff]
[    0.100000]   node   0: [mem 0x0000000100000000-0x00000008ffffffff]
[    0.100000]   node   1: [mem 0x0000000900000000-0x00000010ffffffff]
`;
  assert.equal(
    statementsOf(HOST_DMESG, early + CMRS)[0],
    '2 host.tdxModule.memory = [{"start":"4KiB","end":"640KiB"},{"start":"4GiB","end":"36GiB"},{"start":"36GiB","end":"68GiB","node":1}] (3 ranges, from this line on)',
  );
});

test("a map over several nodes is cut where they meet", () => {
  const map = `BIOS-e820: [mem 0x0000000100000000-0x00000002ffffffff] usable
ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x1ffffffff]
ACPI: SRAT: Node 1 PXM 1 [mem 0x200000000-0x2ffffffff]
virt/tdx: CMR: [0x100000000, 0x300000000)
`;
  assert.equal(
    statementsOf(HOST_DMESG, map)[0],
    '1 host.tdxModule.memory = [{"start":"4GiB","end":"8GiB"},{"start":"8GiB","end":"12GiB","node":1}] (2 ranges, from this line on)',
  );
});

test("kernels that do not print CMRs: a module that started took all memory", () => {
  const started = `${E820}virt/tdx: module initialized\n`;
  assert.match(
    statementsOf(HOST_DMESG, started).at(-1)!,
    /^8 host.tdxModule.convertible = .* \(the module took all of the host's memory/,
  );
  const failed = `${E820}virt/tdx: initialization failed: TDMR [0x0, 0x80000000): reserved areas exhausted.\nvirt/tdx: module initialization failed (-28)\n`;
  assert.equal(statementsOf(HOST_DMESG, failed), ["1 host.kernel = 6.16.8-200.fc42.x86_64"]);
  assert.match(
    remarksOf(HOST_DMESG, failed).join("\n"),
    /8 the log does not have convertible memory \(CMR\), and the module did not start/,
  );
  assert.match(
    remarksOf(HOST_DMESG, failed).join("\n"),
    /8 virt\/tdx: initialization failed.*: the module did not start; a run/,
  );
});

test("Dynamic PAMT", () => {
  assert.ok(
    statementsOf(HOST_DMESG, "virt/tdx: Enable Dynamic PAMT\n").includes("1 host.dynamicPamt = true"),
  );
  assert.equal(statementsOf(HOST_DMESG, "virt/tdx: Dynamic PAMT is not supported\n"), []);
});

test("a host of SNP: the RMP and how many guests are remarks", () => {
  const log = `[    0.000000] SEV-SNP: RMP table physical range [0x0000000035600000 - 0x0000000075bfffff]
[    7.8] kvm_amd: SEV enabled (ASIDs 100 - 1006)
[    7.800000] kvm_amd: SEV-SNP enabled (ASIDs 1 - 99)
`;
  assert.equal(statementsOf(HOST_DMESG, log), []);
  assert.equal(remarksOf(HOST_DMESG, log), [
    "1 an RMP of 1.01 GiB: a guest is charged for its own part of it",
    "3 kvm_amd: SEV-SNP enabled (ASIDs 1 - 99): how many guests there can be changes nothing for one",
  ]);
  assert.match(
    remarksOf(HOST_DMESG, "SEV-SNP: Memory for the RMP table has not been reserved by BIOS")[0]!,
    /this host starts no SNP guests/,
  );
});

test("a range that no kernel prints is refused at its place", () => {
  assert.throws(
    () => HOST_DMESG.read("\nvirt/tdx: CMR: [0x2000, 0x1000)"),
    /^2:16: expected a range that ends behind its start and below 2\^52, found \[0x2000, 0x1000\)$/,
  );
});

test("a guest's log is not taken for it, nor a host's for a guest's", () => {
  assert.not.ok(HOST_DMESG.recognises("tdx: Guest detected\nvirt/tdx: module initialized"));
  assert.not.ok(
    HOST_DMESG.recognises("Memory Encryption Features active: AMD SEV SEV-ES SEV-SNP\nkvm_amd: SEV disabled"),
  );
  assert.not.ok(HOST_DMESG.recognises(E820));
  assert.ok(HOST_DMESG.recognises(E820 + CMRS));
  assert.ok(
    HOST_DMESG.recognises("Memory Encryption Features active: AMD SME\nkvm_amd: SEV enabled (ASIDs 1 - 2)"),
  );
});

test.run();
