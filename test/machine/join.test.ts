import { suite } from "uvu";
import * as assert from "uvu/assert";
import { contradictionText, join } from "../../src/machine/join.js";
import { settle } from "../../src/machine/settle.js";
import { MachineError, type Statement } from "../../src/machine/statement.js";

const test = suite("machine: what several texts say, as one");

function text(
  file: string,
  ...statements: (readonly [key: string, value: unknown])[]
): {
  file: string;
  statements: Statement[];
  remarks: [];
} {
  return {
    file,
    statements: statements.map(([key, value], at) => ({
      key,
      value,
      line: at + 1,
      says: `${key} is ${String(value)}`,
    })),
    remarks: [],
  };
}

test("the same said twice is one value with two sources, however its size is written", () => {
  const { joined, contradictions } = join([text("a", ["memory", "4GiB"]), text("b", ["memory", "4096MiB"])]);
  assert.equal(contradictions, []);
  assert.is(joined.length, 1);
  assert.equal(
    joined[0]!.sources.map(({ file }) => file),
    ["a", "b"],
  );
});

test("a contradiction names both lines", () => {
  const { contradictions } = join([
    text("a.txt", ["vcpus", 4]),
    text("b.xml", ["memory", "1GiB"], ["vcpus", 8]),
  ]);
  assert.equal(contradictions.map(contradictionText), [
    'vcpus: a.txt:1 says 4 ("vcpus is 4"), b.xml:2 says 8 ("vcpus is 8")',
  ]);
});

test("words that only the guest shows were added on the way, other ones contradict", () => {
  const value = (...lines: readonly string[]): unknown => {
    const { joined, contradictions } = join(
      lines.map((line, at) => text(`${at}`, ["guest.commandLine", line])),
    );
    return contradictions.length > 0 ? "contradiction" : joined[0]!.value;
  };
  assert.is(
    value("quiet root=/dev/vda", "console=hvc0 root=/dev/vda quiet initrd=initrd"),
    "console=hvc0 root=/dev/vda quiet initrd=initrd",
  );
  assert.is(value("a b c", "b a"), "a b c");
  assert.is(value("a=1", "a=2 b"), "contradiction");
  assert.is(value("b a", "a b c", "a d"), "contradiction");
});

test("a guest does not know the release of its VMM, which its configuration says", () => {
  const kind = (a: string, b: string): unknown => {
    const { joined, contradictions } = join([text("a", ["vmm.kind", a]), text("b", ["vmm.kind", b])]);
    return contradictions.length > 0 ? "contradiction" : joined[0]!.value;
  };
  assert.is(kind("firecracker", "firecracker-1.12"), "firecracker-1.12");
  assert.is(kind("firecracker-1.12", "firecracker"), "firecracker-1.12");
  assert.is(kind("q35", "i440fx"), "contradiction");
});

test("6.1 and 6.10 are two kernels", () => {
  assert.is(join([text("a", ["kernel", "6.1"]), text("b", ["kernel", "6.10"])]).contradictions.length, 1);
});

const FRAME = { name: "guest", workload: "generate:boot" };

function settled(...statements: (readonly [key: string, value: unknown])[]): ReturnType<typeof settle> {
  return settle(join([text("a", ...statements)]).joined, FRAME);
}

test("what nobody says is assumed, and what matters to no guest of this platform is not", () => {
  const assumed = (kind: string): string[] =>
    settled(["platform.kind", kind], ["memory", "1GiB"])
      .values.filter((one) => one.assumed !== undefined)
      .map(({ key }) => key);
  assert.equal(assumed("tdx"), ["name", "workload", "kernel", "vcpus", "policy", "host.pageSize"]);
  assert.equal(assumed("none"), ["name", "workload", "kernel", "vcpus"]);
});

test("a section that the platform does not have is left out as a whole", () => {
  const range = [{ start: "1MiB", end: "1GiB" }];
  const { values, refused } = settled(
    ["platform.kind", "snp"],
    ["memory", "1GiB"],
    ["host.tdxModule.memory", range],
    ["host.tdxModule.convertible", range],
  );
  assert.equal(
    refused.map(({ key }) => key),
    ["host.tdxModule.memory", "host.tdxModule.convertible"],
  );
  assert.is(new Set(refused.map(({ reason }) => reason)).size, 1);
  assert.not.ok(values.some(({ key }) => key.startsWith("host.tdxModule")));
});

test("what the scenario refuses is left out with its reason, and the rest stays", () => {
  const { values, refused } = settled(
    ["memory", "1GiB"],
    ["kernel", "5.15.0-91-generic"],
    ["vcpus", 4096],
    ["firmware.preAcceptLimit", "2GiB"],
    ["nobody.knows", true],
  );
  assert.equal(refused.map(({ key }) => key).sort(), [
    "firmware.preAcceptLimit",
    "kernel",
    "nobody.knows",
    "vcpus",
  ]);
  assert.match(refused.find(({ key }) => key === "kernel")!.reason, "6.5");
  assert.is(values.find(({ key }) => key === "vcpus")!.value, 1);
  assert.is(values.find(({ key }) => key === "memory")!.value, "1GiB");
});

test("without memory, or with one that cannot be, there is no machine", () => {
  assert.throws(
    () => settled(["vcpus", 2]),
    (error: Error) => error instanceof MachineError,
  );
  assert.throws(() => settled(["memory", "128MiB"]), /1:1: expected a memory size from 256MiB .*, found/);
});

test.run();
