import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { UnacceptedTable, type UnmappedPart } from "../../src/efistub/unaccepted-table.js";
import type { TableReservation } from "../../src/linux/rules.js";
import { GuestEnded } from "../../src/sim/guest-ended.js";
import { type AddressRange, GiB, KiB, MiB } from "../../src/units.js";
import { loggedBoot, plainMachine, q35Map, runTo } from "../guest/machines.js";

const test = suite("guest: what the kernel can read of its table");

const AREA: AddressRange = { start: 0x7d000000, end: 0x7d000000 + MiB };

/** What is not mapped of a table with so large a bitmap, 24 bytes behind a page border. */
function unmapped(
  bitmapBytes: number,
  tableReservation: TableReservation,
  table = new UnacceptedTable(4 * GiB, bitmapBytes),
): UnmappedPart | undefined {
  const start = AREA.start + 24;
  const logged = loggedBoot(
    plainMachine(2 * GiB, {
      e820: [
        ...q35Map(2 * GiB).map((entry) => ({ ...entry, end: Math.min(entry.end, AREA.start) })),
        { ...AREA, type: E820Type.ACPI },
      ],
      efi: {
        memoryMap: { start: 0x70000000, end: 0x70001000 },
        unacceptedTable: { start, end: start + 24 + bitmapBytes },
        tableReservation,
        keptTables: [],
        bootServices: [],
        mmio: [],
      },
    }),
  );
  logged.boot.unacceptedTable = table;
  runTo(logged, "init_mem_mapping");
  return table.unmapped;
}

test("the last page of a table, from its first unit on", () => {
  assert.is(unmapped(4048, "size-in-pages"), undefined);
  // A page has 4048 bytes of the bitmap behind both heads.
  assert.equal(unmapped(4049, "size-in-pages"), { address: AREA.start + 4 * KiB, firstUnit: 4048 * 8 });
  assert.equal(unmapped(4072, "size-in-pages"), { address: AREA.start + 4 * KiB, firstUnit: 4048 * 8 });
  assert.is(unmapped(4073, "size-in-pages"), undefined);
  assert.equal(unmapped(8145, "size-in-pages"), { address: AREA.start + 8 * KiB, firstUnit: 8144 * 8 });
});

test("a kernel that keeps every page reads all, one that makes none known as memory nothing", () => {
  assert.is(unmapped(4049, "pages"), undefined);
  assert.equal(unmapped(4049, "bytes"), { address: AREA.start, firstUnit: 0 });
});

test("a kernel with smaller units has more of them in front", () => {
  const finer = new UnacceptedTable(4 * GiB, 4049).splitInto(4 * KiB);
  assert.equal(unmapped(4049, "size-in-pages", finer)!.firstUnit, 4048 * 8 * 512);
});

test("looking at the last unit in front of it is no fault, at the next one it is", () => {
  const table = new UnacceptedTable(4 * GiB, 4049);
  table.requireMapped(0, table.unitCount);
  unmapped(4049, "size-in-pages", table);
  table.requireMapped(0, 4048 * 8);
  table.requireMapped(table.unitCount, table.unitCount);
  for (const first of [0, 4048 * 8]) {
    assert.throws(
      () => table.requireMapped(first, 4048 * 8 + 1),
      (error: Error) =>
        error instanceof GuestEnded &&
        error.outcome === "terminated" &&
        error.message.startsWith("page fault in _find_next_bit at 0x7d001000: "),
    );
  }
});

test.run();
