import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatRunSummary } from "../../src/report/run-summary.js";
import { GiB, MiB } from "../../src/units.js";
import { resultWith } from "../results/rows.js";

const test = suite("report: run summary");

test("a run, literally", () => {
  assert.is(
    formatRunSummary(resultWith()),
    `
lazy is ready after 5.5 s (about 4.34 s to 8.96 s over what is assumed), with
  3.11 GiB of memory overhead; 7 of 700 allocations wait, 60 ms in all. What
  decides it most among assumed prices: firmwareFixedNs (1.2 s, 600 ms to 3 s).

boot: lazy on tdx, 64 GiB, 8 vCPUs, Linux 6.12, workload idle
Startup: 1.1 s (firmware) + 4.4 s (kernel) = 5.5 s.

critical chain: what the boot CPU went through, the last first
  kernel @1.1 s   +4.4 s  80 %
  firmware @0 ns  +1.1 s  20 %

what it takes
  accepted          3 GiB  5 % of the guest
  touched         400 MiB  1 % of the guest
  host            3.5 GiB  at most 4 GiB
  overhead       3.11 GiB  host beyond touched
  waits in boot         7  of 700 allocations: 60 ms in all, 99 % wait 20.3 ms
                           at most, the longest 21 ms
  failed                1  allocations that found no page
  lost                  2  events missing in the recording

42 % of the boot time rests on assumed prices.
Deeper: --details has all counters and priced events, --uncertainty the ends of
  assumed prices.
`.trimStart(),
  );
});

test("all counters, literally, in the place of what it takes", () => {
  const text = formatRunSummary(resultWith(), undefined, { details: true });
  assert.is(
    text.slice(text.indexOf("\nmemory\n")),
    `
memory
  accepted       3 GiB  5 % of the guest
  touched      400 MiB  1 % of the guest
  host         3.5 GiB  at most 4 GiB
    private      3 GiB  backing private pages
    shared     240 MiB  backing pages that are not private
    tables      13 MiB  to map them
    tracking   257 MiB  the guest's part of PAMT or RMP
  overhead    3.11 GiB  host beyond touched
  bitmap         4 KiB  in the guest, of unaccepted units
  direct map     5 MiB  in the guest, its page tables

acceptance
  calls           120  of the kernel, with something to accept
  waits             7  of 700 allocations of the boot
    together    60 ms
    p99       20.3 ms  of all of them, not only of those that wait
    p99.9     20.9 ms
    p99.99    20.9 ms
    longest     21 ms
  irqs off    16.7 ms  the longest of any CPU
  spinning     3.3 ms  CPUs together, for ranges that others accept
  lockups           4  complaints of the soft lockup detector

requests
  allocations    24,000
  frees           5,000
  failed              1  allocations that found no page
  unknown frees      12  of pages allocated before the recording began
  filled in         345  pages that were taken before the recording began, and
                         kept
  inferred bulk       3  allocations told from the recorded pages to be one
                         request
  lost                2  events missing in the recording

priced events
  tdcall        1,048,576  839 ms of CPU time
  eptViolation         99  792 us of CPU time

42 % of the boot time rests on assumed prices.
`,
  );
});

test("a chain begins with the last phase, without those that take no time worth a line", () => {
  const phases = [
    { name: "launch", ns: 140e6 },
    { name: "firmware", ns: 3e9, mostly: { event: "eptViolation4k", ns: 2e9 } },
    { name: "exit boot services", ns: 0 },
    { name: "memblock", ns: 1e6 },
    { name: "initcalls", ns: 2e9 },
  ] as const;
  const bootTimeNs = phases.reduce((sum, { ns }) => sum + ns, 0);
  const text = formatRunSummary(
    resultWith({ phases, bootTimeNs, workloadTimeNs: 1e9, totalTimeNs: 6.141e9 }),
  );
  assert.match(text, "Startup: 140 ms (VMM) + 3 s (firmware) + 2 s (kernel) = 5.14 s; then 1 s of the");
  assert.match(
    text,
    /\n {2}initcalls @3.14 s +\+2 s {2}39 %\n {2}firmware @140 ms +\+3 s {2}58 %, mostly eptViolation4k \(2 s of CPU time\)\n {2}launch @0 ns/,
  );
});

test("what did not happen is left out", () => {
  const text = formatRunSummary(
    resultWith({
      requests: {
        allocations: 1,
        frees: 1,
        failed: 0,
        beforeTracing: 0,
        filledBeforeTracing: 0,
        inferredBulk: 0,
        lostEvents: 0,
      },
      costs: {},
      spinNs: 0,
      longestIrqOffNs: 0,
      softLockups: 0,
    }),
    undefined,
    { details: true },
  );
  assert.not.match(
    text,
    /p50|failed|unknown frees|filled in|lost|priced events|irqs|spinning|lockups|drain|attacked/,
  );
});

test("a drain and an attack have their lines", () => {
  const text = formatRunSummary(
    resultWith({
      drain: { workers: 8, unacceptedBytes: 5 * 2 ** 30, timeNs: 19_500_000_000 },
      attack: { pages: 3, warnings: 2, integrityViolations: 1 },
    }),
  );
  assert.match(text, /\n {2}drain +19.5 s {2}5 GiB by 8 workers\n/);
  assert.match(text, /\n {2}attacked +3 /);
  assert.match(text, /\n {2}warnings +2 /);
  assert.match(text, /\n {2}violations +1 /);
});

test("plugged memory has its lines, and counts where the guest's memory is compared", () => {
  const online = {
    acceptance: "lazy",
    outcome: "online",
    blockBytes: 128 * MiB,
    addedBytes: 64 * GiB,
    memmapBytes: GiB,
    acceptedOnlineBytes: 0,
    unacceptedBytes: 60 * GiB,
    timeNs: 1_500_000,
  } as const;
  const text = formatRunSummary(resultWith({ hotplug: online }));
  assert.match(text, /accepted +3 GiB {2}2 % of the guest/);
  assert.ok(
    text.includes(`
hot-plug
  online        64 GiB  in blocks of 128 MiB, accepted on demand
  time          1.5 ms
  struct pages   1 GiB  taken from the memory that the guest had
  unaccepted    60 GiB  of it at the end
`),
  );
  const refused = { ...online, outcome: "refused", reason: "No.", addedBytes: 0, memmapBytes: 0 } as const;
  const without = formatRunSummary(resultWith({ hotplug: { ...refused, unacceptedBytes: 0, timeNs: 0 } }));
  assert.match(without, /\nhot-plug\n {2}refused +\S+ +No\.\n\n/);
});

test("a failed run says why first", () => {
  const lines = formatRunSummary(resultWith({ outcome: "deadline", reason: "600 s are over" })).split("\n");
  assert.is(lines[0], "deadline after 5.5 s: 600 s are over");
});

test("prices that are not the platform's own are named with the machine", () => {
  const text = formatRunSummary(resultWith({ prices: "tdx-7.0-gnr" })).replaceAll(/\s+/g, " ");
  assert.match(text, "Linux 6.12, workload idle, prices tdx-7.0-gnr");
  assert.not.match(formatRunSummary(resultWith()), "prices default");
});

test.run();
