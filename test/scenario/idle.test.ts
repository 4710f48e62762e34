import { suite } from "uvu";
import * as assert from "uvu/assert";
import { idleIn } from "../../src/scenario/idle.js";
import { parseScenario } from "../../src/scenario/load.js";
import type { Assignment } from "../../src/scenario/set.js";
import { errorsOf, MINIMAL } from "./helpers.js";

const test = suite("scenario: settings that change nothing");

const SNP = MINIMAL.replace("tdx", "snp");
const BOTH = MINIMAL.replace("tdx", "[tdx, snp]");

/** What each run of a text says of its settings. */
function idleOf(text: string, assignments: readonly Assignment[] = []): string[][] {
  return parseScenario(text, "file.yaml", assignments).map(idleIn);
}

test("what no run of a file can use is refused where it stands, with what it needs", () => {
  assert.equal(errorsOf(`${SNP}host:\n  dynamicPamt: true\n`), [
    "file.yaml:6:3: host.dynamicPamt: changes nothing here; it needs platform tdx",
  ]);
  assert.equal(errorsOf(`${MINIMAL}host: { contiguity: 0.5 }\n`), [
    "file.yaml:5:9: host.contiguity: changes nothing here; it needs a host.pageSize above 4KiB",
  ]);
  assert.equal(errorsOf(MINIMAL, ["host.prefault=true"]), [
    "--set host.prefault=true: host.prefault: changes nothing here; it needs platform snp",
  ]);
});

test("a section is refused as a whole", () => {
  const host =
    "host: { tdxModule: { memory: [{ start: 0, end: 8GiB }], convertible: [{ start: 0, end: 8GiB }] } }\n";
  assert.equal(errorsOf(SNP + host), [
    "file.yaml:5:9: host.tdxModule: changes nothing here; it needs platform tdx",
  ]);
  assert.equal(errorsOf(MINIMAL + host), []);
});

test("the default says nothing, wherever it stands", () => {
  assert.equal(errorsOf(`${MINIMAL}host: { prefault: false, contiguity: 1 }\n`), []);
  const shim = `${MINIMAL}policy: eager-firmware\nfirmware: { preset: td-shim, preAcceptLimit: 256MiB }\n`;
  assert.equal(idleOf(shim), [[]]);
});

test("what one of the platforms compared knows stays, and the runs of others say so", () => {
  assert.equal(idleOf(`${BOTH}host: { dynamicPamt: true }\n`), [
    [],
    ["host.dynamicPamt changes nothing in this run; it needs platform tdx"],
  ]);
  const presets = `${MINIMAL.replace("platform: tdx", "preset: [tdx-tdvf, snp-ovmf]")}guest: { svsm: true }\n`;
  assert.equal(idleOf(presets), [["guest.svsm changes nothing in this run; it needs platform snp"], []]);
});

test("a list beside it decides as well: one page size that it acts on is enough", () => {
  const text = `${MINIMAL}host: { pageSize: [4KiB, 2MiB], contiguity: [1, 0.5] }\n`;
  assert.equal(idleOf(text), [
    [],
    ["host.contiguity changes nothing in this run; it needs a host.pageSize above 4KiB"],
    [],
    [],
  ]);
});

test("a flag may leave out the runs in which a value of the file acts, but not ask for nothing itself", () => {
  const flag: Assignment = { flag: "--platform snp", path: ["platform"], value: "snp" };
  assert.equal(idleOf(`${BOTH}host: { dynamicPamt: true }\n`, [flag]), [
    ["host.dynamicPamt changes nothing in this run; it needs platform tdx"],
  ]);
  assert.throws(
    () => idleOf(BOTH, [flag, { flag: "--set", path: ["host", "dynamicPamt"], value: true }]),
    /it needs platform tdx/,
  );
});

test("a point of a study is no file: other points may use what this one cannot", () => {
  const point: Assignment = { flag: "axes", path: ["host", "contiguity"], value: 0.5, varies: true };
  assert.equal(idleOf(MINIMAL, [point]), [
    ["host.contiguity changes nothing in this run; it needs a host.pageSize above 4KiB"],
  ]);
});

test("a parameter of a policy can need another one", () => {
  const text = `${MINIMAL}policy: [fault-driven, lazy]\nstrategy: { batchMax: 8MiB }\n`;
  assert.equal(errorsOf(text), [
    "file.yaml:6:13: strategy.batchMax: changes nothing here; it needs strategy.adaptive",
  ]);
  assert.equal(idleOf(text.replace("8MiB", "8MiB, adaptive: true")), [[], []]);
});

test("other mistakes are told first, and by themselves", () => {
  assert.equal(errorsOf(`${SNP}host: { dynamicPamt: true, memory: 8GiB }\nfirmware: { preset: tdvf }\n`), [
    "file.yaml:6:21: firmware.preset: firmware tdvf does not start a guest on platform snp; auto takes one that does",
  ]);
});

test.run();
