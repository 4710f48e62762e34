import { suite } from "uvu";
import * as assert from "uvu/assert";
import { NaiveTdExit, NaiveTdx, naiveFirmwareAccept, naiveGuestAccept, STATUS } from "./naive-tdx.js";

/** What the page-exact machine does, which the platform's bulk form is held against. */
const test = suite("coco: TDX module calls");

const PAGE = 4096n;
const [LEVEL_2M, LEVEL_1G] = [1n, 2n];

test("accepting a page makes it usable, zeroed, once", () => {
  const tdx = new NaiveTdx();
  assert.is(tdx.pageAccept(7n * PAGE), 0n);
  assert.is(tdx.leafOf(7)!.state, "mapped");
  assert.equal(tdx.counts, { septAdd: 3, eptViolation4k: 1, hostClear4k: 1, tdcall: 1, acceptZero4k: 1 });
});

test("accepting it again says 0x00000B0A_00000000 and changes nothing", () => {
  const tdx = new NaiveTdx();
  tdx.pageAccept(7n * PAGE);
  assert.is(tdx.pageAccept(7n * PAGE), 0x00000b0a_00000000n);
  assert.is(tdx.counts.acceptZero4k, 1);
  assert.is(tdx.counts.tdcallAlreadyAccepted, 1);
});

test("2 MiB on a host with 4 KiB leaves once, and says 0xC0000B0B_00000000", () => {
  const tdx = new NaiveTdx();
  assert.is(tdx.pageAccept(512n * PAGE + LEVEL_2M), 0xc0000b0b_00000000n);
  assert.equal(tdx.exits, [1]);
  assert.is(tdx.leafOf(512)!.state, "pending");
  assert.is(tdx.leafOf(513), undefined);
  // The next accept finds its page.
  assert.is(tdx.pageAccept(512n * PAGE), 0n);
  assert.equal(tdx.exits, [1]);
});

test("exits tell the level, and the host maps no more than that", () => {
  const tdx = new NaiveTdx({ hostLevel: 2 });
  tdx.pageAccept(0n + LEVEL_1G);
  tdx.pageAccept(262_144n * PAGE + LEVEL_2M);
  tdx.pageAccept(524_288n * PAGE);
  assert.equal(tdx.exits, [2, 1, 0]);
  assert.equal([tdx.counts.eptViolation1g, tdx.counts.eptViolation2m, tdx.counts.eptViolation4k], [1, 1, 1]);
});

test("misaligned addresses and levels that do not exist are 0xC0000100_00000000, without an exit", () => {
  const tdx = new NaiveTdx({ hostLevel: 2 });
  const wrong = [1n * PAGE + LEVEL_2M, 512n * PAGE + LEVEL_1G, 3n, 7n, 8n, 2n ** 52n];
  for (const rcx of wrong) assert.is(tdx.pageAccept(rcx), 0xc0000100_00000000n);
  assert.equal([tdx.exits, tdx.counts], [[], {}]);
});

test("an entry that the host holds is 0x80000200_00000000", () => {
  const tdx = new NaiveTdx();
  tdx.augment(0, 0);
  tdx.leafOf(0)!.heldFor = 1;
  assert.is(tdx.pageAccept(0n), 0x80000200_00000000n);
  assert.is(tdx.leafOf(0)!.state, "pending");
  assert.is(tdx.pageAccept(0n), 0n);
});

test("the firmware tries a held entry three times more, and then gives up", () => {
  for (const [heldFor, duplicates] of [
    [3, 0],
    [4, -1],
  ] as const) {
    const tdx = new NaiveTdx();
    tdx.augment(1, 0);
    tdx.leafOf(1)!.heldFor = heldFor;
    assert.is(naiveFirmwareAccept(tdx, 0, 4, 0), duplicates);
    assert.is(tdx.counts.tdcallBusy, Math.min(heldFor, 4));
  }
});

test("the firmware goes on after accepted pages, the kernel does not", () => {
  const tdx = new NaiveTdx();
  tdx.launch(2, 3);
  assert.is(naiveFirmwareAccept(tdx, 0, 4, 0), 1);
  assert.not(naiveGuestAccept(tdx, 0, 4));
});

test("the kernel takes a held entry for a failure of that size", () => {
  const tdx = new NaiveTdx();
  tdx.augment(1, 0);
  tdx.leafOf(1)!.heldFor = 1;
  assert.not(naiveGuestAccept(tdx, 0, 4));
});

test("a held page of 2 MiB makes the kernel try smaller, so the host breaks the page up", () => {
  const tdx = new NaiveTdx({ hostLevel: 1 });
  tdx.augment(0, 1);
  tdx.leafOf(0)!.heldFor = 1;
  assert.ok(naiveGuestAccept(tdx, 0, 512));
  assert.equal([tdx.counts.tdcallBusy, tdx.counts.tdcall], [1, 512]);
  assert.equal(tdx.exits, [0]);
});

test("an accept below a larger accepted leaf leaves, and finds its part accepted after the host broke it up", () => {
  const tdx = new NaiveTdx({ hostLevel: 1 });
  tdx.pageAccept(0n + LEVEL_2M);
  assert.is(tdx.pageAccept(5n * PAGE), STATUS.alreadyAccepted);
  assert.equal(tdx.exits, [1, 0]);
  assert.is(
    tdx.pagesOf((state) => state === "mapped"),
    512,
  );
  assert.is(tdx.pageAccept(0n + LEVEL_2M), STATUS.sizeMismatch);
});

test("a page of 1 GiB is broken up twice for one page of 4 KiB", () => {
  const tdx = new NaiveTdx({ hostLevel: 2 });
  tdx.pageAccept(0n + LEVEL_1G);
  assert.is(tdx.pageAccept(5n * PAGE), STATUS.alreadyAccepted);
  assert.is(tdx.leaves.size, 511 + 512);
  assert.is(
    tdx.pagesOf((state) => state === "mapped"),
    262_144,
  );
});

test("accepted pages are usable", () => {
  const tdx = new NaiveTdx();
  tdx.pageAccept(0n);
  assert.is(tdx.access(0, 1), "ok");
});

test("a pending page ends the guest with SEPT_VE_DISABLE, and raises #VE without", () => {
  for (const [septVeDisable, outcome] of [
    [true, "td-exit"],
    [false, "exception"],
  ] as const) {
    const tdx = new NaiveTdx({ septVeDisable });
    tdx.augment(0, 0);
    assert.is(tdx.access(0, 1), outcome);
    assert.is(tdx.counts.eptViolation4k, undefined);
  }
});

test("an absent page is given by the host, in 4 KiB, and then is pending", () => {
  for (const [septVeDisable, outcome] of [
    [true, "td-exit"],
    [false, "exception"],
  ] as const) {
    const tdx = new NaiveTdx({ septVeDisable, hostLevel: 1 });
    assert.is(tdx.access(0, 1), outcome);
    assert.is(tdx.counts.eptViolation4k, 1);
    assert.is(tdx.leafOf(0)!.state, "pending");
  }
});

test("a blocked page ends the guest, whatever it has asked for", () => {
  for (const septVeDisable of [true, false]) {
    const tdx = new NaiveTdx({ septVeDisable });
    tdx.pageAccept(0n);
    tdx.block(0);
    assert.is(tdx.access(0, 1), "td-exit");
    assert.throws(
      () => tdx.pageAccept(0n),
      (error: unknown) => error instanceof NaiveTdExit,
    );
  }
});

test("free, pending, mapped, blocked, free: only a blocked page can be removed", () => {
  const tdx = new NaiveTdx();
  assert.is(tdx.leafOf(0), undefined);
  tdx.augment(0, 0);
  assert.is(tdx.leafOf(0)!.state, "pending");
  tdx.pageAccept(0n);
  assert.is(tdx.leafOf(0)!.state, "mapped");
  assert.throws(() => tdx.remove(0), /only a blocked page/);
  tdx.block(0);
  tdx.remove(0);
  assert.is(tdx.leafOf(0), undefined);
  // Given anew, it must be accepted anew.
  tdx.augment(0, 0);
  assert.is(tdx.leafOf(0)!.state, "pending");
});

test("pages added before the guest runs are accepted", () => {
  const tdx = new NaiveTdx();
  tdx.launch(0, 1);
  assert.is(tdx.pageAccept(0n), STATUS.alreadyAccepted);
});

test.run();
