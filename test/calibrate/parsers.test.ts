import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseBootLog } from "../../src/calibrate/parsers/boot-log.js";
import { parseBpftrace } from "../../src/calibrate/parsers/bpftrace.js";
import { parseAcceptProbes, parseFunctionGraph } from "../../src/calibrate/parsers/function-graph.js";
import { parsePerfBench } from "../../src/calibrate/parsers/perf-bench.js";
import { parsePerfKvmStat } from "../../src/calibrate/parsers/perf-kvm-stat.js";
import { parseStrace } from "../../src/calibrate/parsers/strace.js";

const test = suite("calibrate: texts of tools");

const GOLDEN = join(import.meta.dirname, "../golden/calibrate/plain-2c2g");

function golden(name: string): string {
  return gunzipSync(readFileSync(join(GOLDEN, `${name}.gz`))).toString();
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

// tools/perf/builtin-kvm.c: print_result
const PERF = `

Analyze events for all VMs, all VCPUs:

             VM-EXIT    Samples  Samples%     Time%    Min Time    Max Time         Avg time 

       EPT_VIOLATION     262144    93.10%    88.40%      3.12us   1834.01us      7.92us ( +-   0.12% )
              TDCALL      18000     6.39%     1.60%      0.61us    912.40us      2.10us ( +-   2.50% )
                 HLT          1     0.01%    10.00%  90000.00us  90000.00us  90000.00us ( +-    nan% )

Total Samples:280145, Total events handled time:2204331.10us.

`;

test("perf kvm stat: samples, mean, and its error by reason", () => {
  const exits = parsePerfKvmStat(PERF, "f");
  assert.equal([...exits.keys()], ["EPT_VIOLATION", "TDCALL", "HLT"]);
  const { samples, meanNs, errorNs } = exits.get("EPT_VIOLATION")!;
  assert.equal([samples, meanNs], [262_144, 7_920]);
  assert.ok(Math.abs(errorNs - 9.504) < 1e-9);
  assert.is(exits.get("HLT")!.errorNs, 0);
});

test("perf kvm stat: no report, and a line of it that is none", () => {
  assert.is(
    messageOf(() => parsePerfKvmStat("Error: no kvm\n", "exits.txt")),
    'exits.txt:1:1: expected a report of perf kvm stat, with VM-EXIT ... Avg time, found "Error: no kvm"',
  );
  const broken = PERF.replace("2.10us ( +-   2.50% )", "2.10u");
  assert.match(
    messageOf(() => parsePerfKvmStat(broken, "f")),
    /^f:8:1: expected a reason of an exit with its times, found "TDCALL/,
  );
});

const BPFTRACE = `Attaching 9 probes...


@ns[tdh_mem_sept_add]: count 512, average 2999, total 1535744
@ns[psc]: count 2, average 21000, total 42000

@spread[tdh_mem_sept_add]: 
[2K, 4K)             500 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[4K, 8K)              12 |@                                                   |

@spread[only]: 
[512, 1K)             10 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
`;

test("bpftrace: the mean of stats(), the spread of hist()", () => {
  const calls = parseBpftrace(BPFTRACE, "f");
  const { meanNs, errorNs, calls: count } = calls.get("tdh_mem_sept_add")!;
  assert.equal([count, meanNs], [512, 1_535_744 / 512]);
  // 500 at sqrt(2048 * 4096), 12 at twice that.
  const middle = Math.sqrt(2048 * 4096);
  const mean = (500 * middle + 24 * middle) / 512;
  const squares = 500 * (middle - mean) ** 2 + 12 * (2 * middle - mean) ** 2;
  assert.ok(Math.abs(errorNs! - Math.sqrt(squares / 511 / 512)) < 1e-6);
  assert.equal(calls.get("psc"), { calls: 2, meanNs: 21_000 });
  assert.ok(Math.abs(calls.get("only")!.meanNs - Math.sqrt(512 * 1024)) < 1e-9);
});

test("bpftrace: what stands in a map and is none of it", () => {
  assert.is(
    messageOf(() => parseBpftrace("@ns[x]: 12\n", "f")),
    'f:1:1: expected a line of a map that bpftrace prints, found "@ns[x]: 12"',
  );
  assert.match(
    messageOf(() => parseBpftrace("[1, 2)    3 |@|\n", "f")),
    /^f:1:1: /,
  );
});

// strace 6.1 -f -T -e trace=ioctl,fallocate
const STRACE = `2741  ioctl(3, KVM_GET_API_VERSION, 0) = 12 <0.000010>
2741  fallocate(27, 0, 0, 2147483648)   = 0 <0.250000>
[pid  2745] ioctl(11, KVM_MEMORY_ENCRYPT_OP, 0x7ffe <unfinished ...>
2741  ioctl(10, KVM_MEMORY_ENCRYPT_OP, 0x7ffeb3c0) = 0 <1.003000>
[pid  2745] <... ioctl resumed>)            = 0 <0.000700>
2741  ioctl(10, KVM_MEMORY_ENCRYPT_OP, 0x7ffeb3c0) = -1 EINVAL (Invalid argument) <0.000020>
2741  --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---
2741  +++ exited with 0 +++
`;

test("strace -T: requests with their time, in two parts as well; failed ones do not count", () => {
  const { ioctls, fallocateNs } = parseStrace(STRACE, "f");
  assert.equal(ioctls, [
    { request: "KVM_GET_API_VERSION", ns: 10_000 },
    { request: "KVM_MEMORY_ENCRYPT_OP", ns: 1_003_000_000 },
    { request: "KVM_MEMORY_ENCRYPT_OP", ns: 700_000 },
  ]);
  assert.is(fallocateNs, 250_000_000);
});

test("strace -T: a line of something else", () => {
  assert.is(
    messageOf(() => parseStrace("qemu: cannot open\n", "s.txt")),
    's.txt:1:1: expected a line of strace -T, found "qemu: cannot open"',
  );
});

const GRAPH = `# tracer: function_graph
#
# CPU  DURATION                  FUNCTION CALLS
# |     |   |                     |   |   |   |
 0)               |  accept_memory() {
 1)               |  accept_memory() {
 1) # 1812.500 us |    vmgexit_psc();
 0) # 9000.125 us |    tdx_accept_memory();
 ------------------------------------------
 1)  worker-7    =>   worker-9
 ------------------------------------------
 0) # 9001.000 us |  } /* accept_memory */
CPU:1 [LOST 3 EVENTS]
 1) @ 123456.7 us |  } /* accept_memory */
`;

test("function_graph: calls by CPU, with their names and depth", () => {
  assert.equal(parseFunctionGraph(GRAPH, "f"), [
    { cpu: 1, name: "vmgexit_psc", ns: 1_812_500, depth: 1 },
    { cpu: 0, name: "tdx_accept_memory", ns: 9_000_125, depth: 1 },
    { cpu: 0, name: "accept_memory", ns: 9_001_000, depth: 0 },
    { cpu: 1, name: "accept_memory", ns: 123_456_700, depth: 0 },
  ]);
});

test("function_graph: lost lines make no wrong names", () => {
  const noBegin = GRAPH.replace(" 0)               |  accept_memory() {\n", "");
  assert.equal(
    parseFunctionGraph(noBegin, "f").map(({ name, ns }) => [name, ns]),
    parseFunctionGraph(GRAPH, "f").map(({ name, ns }) => [name, ns]),
  );
  const noEnd =
    " 0)               |  outer() {\n 0)               |    lost() {\n 0) + 12.0 us     |  } /* outer */\n";
  assert.equal(parseFunctionGraph(noEnd, "f"), [{ cpu: 0, name: "outer", ns: 12_000, depth: 0 }]);
});

test("function_graph of a real kernel: all calls of a function, nested ones deeper", () => {
  const calls = parseFunctionGraph(golden("graph.txt"), "graph.txt");
  const reads = calls.filter(({ name }) => name === "vfs_read");
  assert.ok(reads.length >= 20, `${reads.length}`);
  assert.ok(calls.every(({ ns }) => ns > 0));
  assert.ok(calls.some(({ name, depth }) => name === "rw_verify_area" && depth === 1));
});

test("a kprobe and a kretprobe: time and size by task", () => {
  const text = `# tracer: nop
  dd-9   [001] d..1.   10.000100: acc: (accept_memory+0x0/0x1f0) a=0x140000000 b=0x400000
  sh-8   [000] d..1.   10.000200: acc: (accept_memory+0x0/0x1f0) a=0x100000000 b=0x100400000
  dd-9   [001] d..1.   10.009100: accret: (__accept_page+0x4d/0x90 <- accept_memory)
  sh-8   [000] d..1.   10.010200: accret: (__accept_page+0x4d/0x90 <- accept_memory)
  id-7   [000] d..1.   10.020000: accret: (__accept_page+0x4d/0x90 <- accept_memory)
`;
  const [first, second, ...others] = parseAcceptProbes(text, "f");
  assert.equal([first!.cpu, first!.bytes, Math.round(first!.ns)], [1, 0x400000, 9_000_000]);
  // Up to 6.11 the second argument is the end.
  assert.equal([second!.bytes, Math.round(second!.ns)], [0x400000, 10_000_000]);
  assert.equal(others, []);
});

test("the same of a real kernel", () => {
  const calls = parseAcceptProbes(golden("probes.txt"), "probes.txt");
  assert.ok(calls.length >= 20, `${calls.length}`);
  assert.ok(calls.every(({ ns }) => ns >= 0));
  assert.ok(calls.filter(({ bytes }) => bytes === 65_536).length >= 20);
});

test("a probe without its arguments", () => {
  assert.is(
    messageOf(() => parseAcceptProbes("dd-9 [001] d..1. 10.000100: acc: (accept_memory+0x0/0x1f0)\n", "p")),
    "p:1:1: expected a=START b=SIZE, found nothing",
  );
});

test("a boot log: deferred init of all nodes, init, bounce buffer", () => {
  const text = `[    0.000000] Linux version 6.12
[    0.161234] software IO TLB: mapped [mem 0x0000000073000000-0x0000000077000000] (64MB)
[    0.512345] node 0 deferred pages initialised in 412ms
[    0.512399] node 1 deferred pages initialised in 400ms
[    2.500000] Run /init as init process
`;
  const { deferredNs, initNs, swiotlbBytes } = parseBootLog(text);
  assert.equal([deferredNs, initNs, swiotlbBytes], [812e6, 2.5e9, 64 * 2 ** 20]);
  assert.equal(parseBootLog("nothing\n"), {});
});

test("the boot log of a real kernel", () => {
  const { deferredNs, initNs } = parseBootLog(golden("guest-plain-2c2g-1-dmesg.txt"));
  assert.ok(deferredNs! > 0 && initNs! > deferredNs!, `${deferredNs} ${initNs}`);
});

test("perf bench mem mmap: bytes a second", () => {
  // tools/perf/bench/mem-functions.c: bench_mem_common
  const text =
    "# Running 'mem/mmap' benchmark:\n# function 'populate' (Eagerly populated map)\n# Copying 4GB bytes ...\n\n       1.812345 GB/sec\n";
  assert.is(parsePerfBench(text, "f"), 1.812345 * 2 ** 30);
  assert.match(
    messageOf(() => parsePerfBench("Unknown benchmark\n", "b")),
    /^b:1:1: expected a rate such as 1.8 GB\/sec, found "Unknown benchmark"$/,
  );
});

test.run();
