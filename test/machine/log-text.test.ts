import { suite } from "uvu";
import * as assert from "uvu/assert";
import { logLines, plainLog } from "../../src/machine/log-text.js";

const test = suite("machine: lines of a log");

/** The line without what is around it, as each way to print a log has it. */
const SHAPES: readonly (readonly [name: string, raw: string, seconds: number | undefined])[] = [
  ["dmesg", "[    0.012345] Zone ranges:", 0.012345],
  ["dmesg with tasks", "[    0.012345] [    T0] Zone ranges:", 0.012345],
  ["dmesg with tasks, close", "[    0.012345][    T0] Zone ranges:", 0.012345],
  ["dmesg -r", "<6>[    0.012345] Zone ranges:", 0.012345],
  ["dmesg -x", "kern  :info  : [    0.012345] Zone ranges:", 0.012345],
  ["dmesg -T", "[Mon Nov 30 09:41:07 2026] Zone ranges:", undefined],
  ["dmesg -t", "Zone ranges:", undefined],
  ["dmesg with ISO times", "2026-11-30T09:41:07,123456+00:00 Zone ranges:", undefined],
  ["journalctl -k", "Nov 30 09:41:07 vm-7 kernel: Zone ranges:", undefined],
  ["journalctl -k, ISO", "2026-11-30T09:41:07+0100 vm-7 kernel: Zone ranges:", undefined],
  ["journalctl, monotonic", "[    0.012345] vm-7 kernel: Zone ranges:", 0.012345],
  ["quoted", "> > [    0.012345] Zone ranges:", 0.012345],
  ["quoted without times", ">Zone ranges:", undefined],
  ["CRLF", "[    0.012345] Zone ranges:\r", 0.012345],
  [
    "behind what firmware left",
    "\u001b[2J\u001b[01;01HBdsDxe: starting\u001b[0m[    0.012345] Zone ranges:",
    0.012345,
  ],
];

for (const [name, raw, seconds] of SHAPES) {
  test(`${name}: the kernel's words`, () => {
    const [line] = logLines(raw);
    assert.is(line!.text, "Zone ranges:");
    assert.is(line!.seconds, seconds);
  });
}

test("blanks in front are the kernel's own, and lines keep their numbers", () => {
  const lines = logLines("\uFEFF[    0.000000] a\n\n[    1.500000]   DMA      [mem 0x1000-0xffffff]\n");
  assert.equal(
    lines.map(({ line, text }) => [line, text]),
    [
      [1, "a"],
      [2, ""],
      [3, "  DMA      [mem 0x1000-0xffffff]"],
      [4, ""],
    ],
  );
  assert.is(plainLog(lines).split("\n")[2], "[    1.500000]   DMA      [mem 0x1000-0xffffff]");
});

test.run();
