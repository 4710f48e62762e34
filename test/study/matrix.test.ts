// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import type { UnacceptedSupport } from "../../src/efistub/exit-boot-services.js";
import type { FirmwareModel } from "../../src/firmware/firmware.js";
import type { VmmChoice } from "../../src/study/matrix.js";
import { type MatrixCell, matrixCell, matrixGuests } from "../../src/study/matrix.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("study: matrix of firmware, kernel and choice");

const MEMORY = 4 * GiB;
/** Above 4 GiB; the machine has 2 GiB below. */
const HIGH = 2 * GiB;
const loaded = LOADER.load(STANDARD_BOOT);
const cells = matrixGuests("4GiB", loaded).map((guest) =>
  matrixCell(guest, runScenario(guest.scenario, loaded, { check: false })),
);

function cell(firmware: FirmwareModel, vmm: VmmChoice, kernel: UnacceptedSupport): MatrixCell {
  const found = cells.find((one) => one.firmware === firmware && one.vmm === vmm && one.kernel === kernel);
  if (found === undefined) throw new Error(`no cell ${firmware}, ${vmm}, ${kernel}`);
  return found;
}

/**
 * What becomes of the memory above 4 GiB: used without anybody waiting for all of it; not seen;
 * accepted before the kernel, as boot services ended, or as it went online; or the end of the guest. `twice`
 * is a TDX guest that lives until its kernel accepts what the firmware has accepted as it went online.
 */
type Fate = "lazy" | "lost" | "before" | "exit" | "online" | "twice" | "dead";

function fateOf({ outcome, lostBytes, visibleBytes, acceptedBy }: MatrixCell): Fate {
  if (outcome !== "ready") return "dead";
  if (lostBytes > 0) {
    assert.is(lostBytes, HIGH);
    assert.ok(visibleBytes <= MEMORY - HIGH);
    assert.is(acceptedBy.kernel + acceptedBy.exitBootServices, 0);
    return "lost";
  }
  // The BIOS area below 1 MiB is no RAM, nor is a table of acceptance, nor what the firmware keeps.
  assert.ok(visibleBytes > MEMORY - 7 * MiB && visibleBytes <= MEMORY);
  if (acceptedBy.prm > 0) {
    // What the kernel has had by then is accepted already, and counts for the kernel.
    assert.is(acceptedBy.prm + acceptedBy.kernel, HIGH);
    return acceptedBy.kernel > 0 ? "twice" : "online";
  }
  if (acceptedBy.kernel > 0) {
    assert.ok(acceptedBy.kernel < HIGH, "the kernel has accepted what it needed");
    return "lazy";
  }
  if (acceptedBy.exitBootServices > 0) {
    assert.is(acceptedBy.exitBootServices, HIGH);
    return "exit";
  }
  assert.ok(acceptedBy.firmware > MEMORY - MiB);
  return "before";
}

const KERNELS: readonly UnacceptedSupport[] = ["drops", "knows", "asks", "zero-page"];
/** In the order of KERNELS. */
const EXPECTED: readonly (readonly [FirmwareModel, VmmChoice, readonly Fate[]])[] = [
  ["tdvf-2022", "as-is", ["before", "before", "before", "before"]],
  ["tdvf", "as-is", ["lost", "lazy", "lazy", "lazy"]],
  ["tdvf", "accept-all", ["before", "before", "before", "before"]],
  ["tdvf", "acpi", ["online", "online", "online", "online"]],
  ["tdvf", "acpi-and-map", ["online", "lazy", "lazy", "lazy"]],
  ["tdvf", "acpi-unchecked", ["online", "twice", "twice", "twice"]],
  ["tdvf", "loader-unaware", ["lost", "lost", "lost", "lost"]],
  ["tdvf", "loader-aware", ["dead", "lazy", "lazy", "dead"]],
  ["tdvf", "loader-other-version", ["dead", "dead", "dead", "dead"]],
  ["td-shim", "as-is", ["dead", "dead", "dead", "lazy"]],
  ["td-shim", "accept-all", ["before", "before", "before", "before"]],
  ["ovmf-snp-2022", "as-is", ["before", "before", "before", "before"]],
  ["ovmf-snp-no-protocol", "as-is", ["lost", "lazy", "lazy", "lazy"]],
  ["ovmf-snp-no-protocol", "accept-all", ["before", "before", "before", "before"]],
  ["ovmf-snp-no-protocol", "loader-unaware", ["lost", "lost", "lost", "lost"]],
  ["ovmf-snp-no-protocol", "loader-aware", ["dead", "lazy", "lazy", "dead"]],
  ["ovmf-snp", "as-is", ["exit", "exit", "lazy", "exit"]],
  ["ovmf-snp", "accept-all", ["before", "before", "before", "before"]],
  ["ovmf-snp", "leave-to-kernel", ["lost", "lazy", "lazy", "lazy"]],
  ["ovmf-snp", "acpi", ["online", "online", "online", "online"]],
  ["ovmf-snp", "acpi-and-map", ["exit", "exit", "lazy", "exit"]],
  ["ovmf-snp", "acpi-unchecked", ["dead", "dead", "dead", "dead"]],
  ["ovmf-snp", "loader-unaware", ["exit", "exit", "exit", "exit"]],
  ["ovmf-snp", "loader-aware", ["dead", "lazy", "lazy", "dead"]],
  ["ovmf-snp", "loader-other-version", ["dead", "dead", "dead", "dead"]],
];

for (const [firmware, vmm, fates] of EXPECTED) {
  test(`${firmware}, ${vmm}: what four kinds of kernels get`, () => {
    assert.equal(
      KERNELS.map((kernel) => fateOf(cell(firmware, vmm, kernel))),
      fates,
    );
  });
}

/** What becomes of a guest by version of its firmware: it boots, or the words of its end. */
const BROKEN: readonly (readonly [FirmwareModel, string, VmmChoice, RegExp | "ready"])[] = [
  ["tdvf", "2022.11", "as-is", "ready"],
  ["tdvf", "2022.11", "no-metadata", /no metadata/],
  ["tdvf", "2025.02", "as-is", "ready"],
  ["tdvf", "2025.02", "generic-image", "ready"],
  ["tdvf", "2025.02", "loader-exact-map", /48 bytes of its map beyond/],
  ["tdvf", "2025.02", "odd-size", /memory at 0xafe00000 that it has not accepted/],
  ["tdvf", "2025.11", "generic-image", "ready"],
  ["tdvf", "2025.11", "loader-exact-map", "ready"],
  ["tdvf", "2025.11", "odd-size", "ready"],
  ["tdvf", "2026.02", "generic-image", "ready"],
  ["tdvf", "2026.05", "as-is", "ready"],
  ["tdvf", "2026.05", "generic-image", /puts its heap below address 0/],
  ["tdvf", "2026.08", "generic-image", "ready"],
  ["tdvf", "2026.08", "loader-exact-map", "ready"],
  ["tdvf", "2026.08", "odd-size", "ready"],
  ["ovmf-snp", "2022.11", "as-is", "ready"],
  ["ovmf-snp", "2022.11", "no-metadata", /no metadata/],
  ["ovmf-snp", "2025.02", "as-is", "ready"],
  ["ovmf-snp", "2025.02", "loader-exact-map", /48 bytes of its map beyond/],
  ["ovmf-snp", "2025.11", "as-is", "ready"],
  ["ovmf-snp", "2025.11", "loader-exact-map", "ready"],
  ["ovmf-snp", "2026.02", "as-is", "ready"],
  ["ovmf-snp", "2026.05", "as-is", "ready"],
  ["ovmf-snp", "2026.08", "loader-exact-map", "ready"],
];

function byVersion(firmware: FirmwareModel, version: string, vmm: VmmChoice): MatrixCell {
  const is = (one: MatrixCell): boolean =>
    one.firmware === firmware && one.version === version && one.vmm === vmm && one.kernel === "asks";
  return cells.find(is)!;
}

test("versions of the firmware: what does not boot, and since when it does", () => {
  for (const [firmware, version, vmm, end] of BROKEN) {
    const { outcome, reason } = byVersion(firmware, version, vmm);
    assert.is(outcome, end === "ready" ? "ready" : "terminated", `${firmware} ${version} ${vmm}`);
    if (end !== "ready") assert.match(reason!, end);
  }
});

test("up to 2025.11 an SNP guest loses 1 MiB to a resume from S3 that it never makes", () => {
  const kept = (version: string): number => MEMORY - byVersion("ovmf-snp", version, "as-is").visibleBytes;
  // Four pieces of NVS are gone, and free pages of bins are no RAM any more, all but 13 pages in use of ACPI's.
  assert.is(kept("2025.11") - kept("2026.02"), (8 + 1 + 239 + 136 - (18 + 128 - 13)) * 4096);
});

test("there is a cell for everything that is expected, and no other", () => {
  assert.is(cells.length, EXPECTED.length * KERNELS.length + BROKEN.length);
});

test("td-shim with its own kernel: 256 MiB in the firmware and the end of a 2 MiB page, the rest lazily", () => {
  const { outcome, acceptedBy, visibleBytes, lostBytes } = cell("td-shim", "as-is", "zero-page");
  assert.is(outcome, "ready");
  assert.is(lostBytes, 0);
  assert.ok(visibleBytes > MEMORY - MiB);
  assert.is(acceptedBy.firmware + acceptedBy.launch, 258 * MiB);
  assert.ok(acceptedBy.kernel > 0 && acceptedBy.kernel < MEMORY - 258 * MiB);
});

test("a kernel that waits for all memory boots later than one that does not", () => {
  for (const [firmware, slow] of [
    ["tdvf", cell("tdvf-2022", "as-is", "asks")],
    ["ovmf-snp", cell("ovmf-snp", "as-is", "knows")],
  ] as const) {
    assert.ok(cell(firmware, "as-is", "asks").bootTimeNs < slow.bootTimeNs, firmware);
    assert.ok(cell(firmware, "accept-all", "asks").bootTimeNs > cell(firmware, "as-is", "asks").bootTimeNs);
  }
});

test("a guest that ends says why and what its firmware had accepted", () => {
  const stopped = cell("tdvf", "loader-other-version", "asks");
  assert.match(stopped.reason!, /version of the table/);
  assert.is(stopped.visibleBytes, 0);
  assert.ok(stopped.acceptedBy.firmware > MEMORY - HIGH - MiB);
  const blind = cell("tdvf", "loader-aware", "drops");
  assert.match(blind.reason!, /does not know that 2 GiB/);
  assert.ok(blind.visibleBytes > MEMORY - 7 * MiB);
});

test.run();
