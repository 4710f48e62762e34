import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startTdxModule } from "../../src/host/tdx-module/start.js";
import { contradictionText, join } from "../../src/machine/join.js";
import { readersOf } from "../../src/machine/readers.js";
import { documentOf, settle } from "../../src/machine/settle.js";
import { MachineError } from "../../src/machine/statement.js";
import { parseScenario } from "../../src/scenario/load.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { GiB, MiB } from "../../src/units.js";
import { golden } from "./golden.js";

const test = suite("machine import: what a host shows, from file to scenario");

const FOLDER = "workloads/machines";
const read = (name: string): string => readFileSync(`${FOLDER}/${name}`, "utf8");
const FILES = readdirSync(FOLDER).filter((name) => !/\.(?:md|yaml)$/.test(name));

/** The kind of each file, and what a run of it has: platform, layout, RAM, CPUs, kernel, first word of firmware. */
const EXPECTED: Readonly<Record<string, readonly [kind: string, ...run: readonly (string | number)[]]>> = {
  "cloud-hypervisor.json": ["cloud-hypervisor-json", "none", "cloud-hypervisor", 16 * GiB, 8, "7.3"],
  "crosvm.sh": ["crosvm", "none", "crosvm", 4 * GiB, 4, "6.18.2"],
  "firecracker.json": ["firecracker", "none", "firecracker", 4 * GiB, 2, "6.12.40"],
  "kata-tdx.toml": ["kata", "tdx", "q35", 65 * GiB, 4, "6.18.5-175-confidential"],
  "krun_vm.json": ["libkrun", "none", "libkrun", 3000 * MiB, 2, "7.3"],
  "snp-libvirt.xml": ["libvirt", "snp", "q35", 24 * GiB, 12, "6.12.41+deb13-amd64"],
  "td-shim-cloud-hypervisor.sh": ["cloud-hypervisor", "tdx", "cloud-hypervisor", 8 * GiB, 4, "6.12.8"],
  "tdx-host-dmesg.txt": ["host-dmesg"],
  "tdx-qemu.sh": ["qemu", "tdx", "q35", 6 * GiB, 2, "7.3"],
};

function kindsOf(text: string): string[] {
  return readersOf(text).map(({ kind }) => kind);
}

function imported(...texts: readonly string[]): { scenario: Scenario; contradictions: string[] } {
  const readings = texts.map((text, at) => ({
    file: `${at}`,
    ...readersOf(text)[0]!.read(text),
  }));
  const { joined, contradictions } = join(readings);
  const { values } = settle(joined, { name: "m", workload: "generate:boot" });
  const [scenario] = parseScenario(JSON.stringify(documentOf(values)), "m.yaml");
  return { scenario: scenario!, contradictions: contradictions.map(contradictionText) };
}

test("the folder has an example of each format, and its page names all of them", () => {
  assert.equal(FILES.toSorted(), Object.keys(EXPECTED).toSorted());
  const page = read("README.md");
  for (const name of FILES) assert.ok(page.includes(`[${name}](${name})`), name);
});

for (const [name, [kind, ...run]] of Object.entries(EXPECTED)) {
  test(`${name} is of one kind`, () => {
    assert.equal(kindsOf(read(name)), [kind]);
  });
  if (run.length > 0) {
    test(`${name} makes a scenario`, () => {
      const { scenario, contradictions } = imported(read(name));
      const { platform, vmm, memoryBytes, vcpus, kernel } = scenario;
      assert.equal([platform.kind, vmm.kind, memoryBytes, vcpus, kernel], run);
      assert.equal(contradictions, []);
    });
  }
}

test("a VMM's command line and the guest's log agree, and are one machine", () => {
  const { scenario, contradictions } = imported(read("tdx-qemu.sh"), golden("tdx-q35-excerpt.txt"));
  assert.equal(contradictions, []);
  assert.equal([scenario.memoryBytes, scenario.vcpus, scenario.kernel], [6 * GiB, 2, "6.6.0"]);
});

test("where they do not, both lines are named", () => {
  const other = read("tdx-qemu.sh").replace("MEM=6G", "MEM=8G").replace("-smp 2", "-smp 4");
  const { contradictions } = imported(other, golden("tdx-q35-excerpt.txt"));
  assert.is(contradictions.length, 2);
  assert.match(
    contradictions.join("\n"),
    /^memory: 0:\d+ says 8GiB \("-m 8G"\), 1:\d+ says 6GiB \("BIOS-e820: /m,
  );
  assert.match(contradictions.join("\n"), /^vcpus: 0:\d+ says 4 \("-smp 4"\), 1:\d+ says 2 /m);
});

test("the TDX module of an imported host takes what its log says", () => {
  const { scenario } = imported(read("tdx-qemu.sh"), read("tdx-host-dmesg.txt"));
  const module = startTdxModule(scenario.host.tdxModule!);
  const [, kib] = /(\d+) KB allocated for PAMT/.exec(read("tdx-host-dmesg.txt"))!;
  assert.equal(module.outcome === "ready" && module.pamtBytes, Number(kib) * 1024);
});

test("an SNP guest leaves the host's TDX module out", () => {
  const { scenario } = imported(read("snp-libvirt.xml"), read("tdx-host-dmesg.txt"));
  assert.is(scenario.host.tdxModule, undefined);
});

function readOrRefused(name: string, text: string): void {
  const lines = text.split("\n").length;
  for (const reader of readersOf(text)) {
    try {
      const { statements, remarks } = reader.read(text);
      for (const { line } of [...statements, ...remarks])
        assert.ok(line >= 1 && line <= lines, `${name}: line ${line} of ${lines}`);
    } catch (error) {
      assert.instance(error, MachineError, `${name}: ${String(error)}`);
    }
  }
}

test("a text cut anywhere is read or refused with its place, never anything else", () => {
  for (const name of FILES) {
    const text = read(name);
    for (let end = 0; end < text.length; end += 11) readOrRefused(name, text.slice(0, end));
  }
});

test("so is one with a strange character in it", () => {
  const strange = ["\0", "\ufeff", "\u2028", "'", '"', "(", "{", "<", "\\", "\n", ",", "=", "&"];
  for (const name of FILES) {
    const text = read(name);
    for (const [at, character] of strange.entries())
      for (let place = at; place < text.length; place += 61)
        readOrRefused(name, text.slice(0, place) + character + text.slice(place));
  }
});

test.run();
