import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { ramOfMap } from "../../src/machine/ram.js";
import { FIRMWARE_MEMMAP, PROC_IOMEM } from "../../src/machine/readers/map-files.js";
import { PROC_CPUINFO, PROC_MEMINFO, PROC_ZONEINFO } from "../../src/machine/readers/proc-files.js";
import { MACHINE_READERS } from "../../src/machine/readers.js";
import { MachineError } from "../../src/machine/statement.js";
import { GiB, MiB } from "../../src/units.js";

const test = suite("machine: files of a running guest");

const IOMEM = `00000000-00000fff : Reserved
00001000-0009fbff : System RAM
000f0000-000fffff : Reserved
  000f0000-000fffff : System ROM
00100000-bffdbfff : System RAM
  01000000-0216f05f : Kernel code
bffdc000-bfffffff : Reserved
c0000000-febfffff : PCI Bus 0000:00
fed00000-fed003ff : HPET 0
100000000-33fffffff : System RAM
`;

test("/proc/iomem: RAM is what the top level says, with what firmware keeps above it", () => {
  assert.ok(PROC_IOMEM.recognises(IOMEM));
  const [memory] = PROC_IOMEM.read(IOMEM).statements;
  assert.is(memory!.value, "12GiB");
  assert.is(memory!.derived, "the map from line 1 on has RAM of 3GiB from 0 and 9GiB from 4GiB");
});

test("/proc/iomem read by who is not root has no addresses, and that is said", () => {
  const hidden = "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n";
  assert.throws(
    () => PROC_IOMEM.read(hidden),
    /1:1: expected addresses, which the kernel shows to root only/,
  );
});

const GREP = `/sys/firmware/memmap/0/start:0x0
/sys/firmware/memmap/0/end:0x9fbff
/sys/firmware/memmap/0/type:System RAM
/sys/firmware/memmap/2/end:0x7fffffff
/sys/firmware/memmap/2/start:0x7ffdc000
/sys/firmware/memmap/2/type:Reserved
/sys/firmware/memmap/1/start:0x100000
/sys/firmware/memmap/1/end:0x7ffdbfff
/sys/firmware/memmap/1/type:System RAM
`;

test("/sys/firmware/memmap: as grep, head and people list it", () => {
  const relative = GREP.replaceAll("/sys/firmware/memmap/", "./");
  const headed = GREP.replaceAll(/^\/sys\/firmware\/memmap\/(\S+?):(.*)$/gm, "==> $1 <==\n$2\n");
  const listed =
    "0x0 - 0x9fbff : System RAM\n0x100000 - 0x7ffdbfff : System RAM\n0x7ffdc000-0x7fffffff (Reserved)\n";
  for (const text of [GREP, relative, headed, listed, GREP.replaceAll("\n", "\r\n")]) {
    assert.ok(FIRMWARE_MEMMAP.recognises(text), text);
    assert.is(FIRMWARE_MEMMAP.read(text).statements[0]!.value, "2GiB", text);
  }
});

test("an entry without its end is an error that names it", () => {
  assert.throws(
    () => FIRMWARE_MEMMAP.read(GREP.replace(/.*1\/end.*\n/, "")),
    /^\d+:1: expected the file end of entry 1, found none$|expected the file end of entry 1/,
  );
});

test("every text has one reader, whose kind it is", () => {
  const texts: Readonly<Record<string, string>> = {
    iomem: IOMEM,
    "firmware-memmap": GREP,
    meminfo: "MemTotal:        3960696 kB\nMemFree:         3946312 kB\n",
    vmstat: "nr_free_pages 5\nnr_free_pages_blocks 1\n",
    zoneinfo: "Node 0, zone      DMA\n  per-node stats\n      nr_inactive_anon 220\n",
    cpuinfo: "processor\t: 0\nmodel name\t: x\n\nprocessor\t: 1\n",
    "guest-dmesg": "[    0.000000] Linux version 6.8.0\n",
  };
  for (const [kind, text] of Object.entries(texts)) {
    assert.is(MACHINE_READERS.find((reader) => reader.recognises(text))?.kind, kind);
  }
});

test("CPUs: a paragraph each, or the number alone", () => {
  const cpuinfo = "processor\t: 0\nmodel name\t: x\n\nprocessor\t: 1\n";
  assert.is(PROC_CPUINFO.read(cpuinfo).statements[0]!.value, 2);
  assert.is(PROC_CPUINFO.read("8\n").statements[0]!.value, 8);
});

test("a damaged file of /proc is an error with its place", () => {
  assert.throws(() => PROC_MEMINFO.read("MemTotal:   12 kB\nMem"), /^2:1: expected a field of meminfo/);
  assert.throws(
    () => PROC_ZONEINFO.read("Node 0, zone DMA\n  pages free x\n"),
    (error: Error) => error instanceof MachineError,
  );
});

/** Maps of real shape with the RAM that the VMM gave. */
const MAPS: readonly (readonly [
  name: string,
  map: readonly (readonly [start: number, end: number, type: number])[],
  ram: readonly number[],
])[] = [
  [
    "q35, MMCONFIG right above",
    [
      [0, 0x9fc00, E820Type.RAM],
      [0x100000, 0xafe00000, E820Type.RAM],
      [0xafe00000, 0xaff00000, E820Type.RESERVED],
      [0xb0000000, 0xc0000000, E820Type.RESERVED],
    ],
    [2815 * MiB],
  ],
  [
    "q35, 2 GiB below a split",
    [
      [0, 0xa0000, E820Type.RAM],
      [0x100000, 0x7d09c000, E820Type.RAM],
      [0x7ff7c000, 0x80000000, E820Type.RESERVED],
      [0x100000000, 0x180000000, E820Type.RAM],
    ],
    [2 * GiB, 2 * GiB],
  ],
  [
    "all of it usable, as a VMM without firmware says",
    [
      [0, 0x9fc00, E820Type.RAM],
      [0x100000, 0xd0000000, E820Type.RAM],
      [0x100000000, 0x130000000, E820Type.RAM],
    ],
    [0xd0000000, 768 * MiB],
  ],
  [
    "an AMD machine whose RAM is beyond 1 TiB",
    [
      [0, 0x80000000, E820Type.RAM],
      [0x10000000000, 0x10040000000, E820Type.RAM],
    ],
    [2 * GiB, GiB],
  ],
];

for (const [name, map, sizes] of MAPS) {
  test(`RAM of a map: ${name}`, () => {
    const ram = ramOfMap(map.map(([start, end, type]) => ({ start, end, type })));
    assert.equal(
      ram.map(({ start, end }) => end - start),
      sizes,
    );
  });
}

test.run();
