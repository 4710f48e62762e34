// Takes 1 s.
/** Lines that were damaged, quoted or printed with other columns than usual. */

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PageEventKind } from "../../../src/workload/events.js";
import { TraceError } from "../../../src/workload/trace-error.js";
import { readWhole, type WholeTrace } from "./traces.js";

const test = suite("workload: odd lines of traces");

/** Allocations and frees. */
function sums({ list }: WholeTrace): number[] {
  const count = (kind: number): number => list.filter((event) => event.kind === kind).length;
  return [count(PageEventKind.alloc), count(PageEventKind.free)];
}

function messageOf(text: string): string {
  try {
    readWhole(text);
  } catch (error) {
    if (error instanceof TraceError) return error.message;
    throw error;
  }
  throw new Error(`was read: ${text}`);
}

const HASHED = "page=00000000d2be5665";
const ALLOC = `mm_page_alloc: ${HASHED} pfn=0x10 order=0 migratetype=0 gfp_flags=GFP_KERNEL`;
const FREE = `mm_page_free: ${HASHED} pfn=0x10 order=0`;

test("two events in a line, its end being lost, are refused in every format", () => {
  const starts = {
    tracefs: "            bash-123     [000] d..1.   345.192833: ",
    "perf script": "bash 123 [000]   345.192833: kmem:",
    "ftrace dump": "[    9.500002]     bash-123        0d..1. 345192833us : ",
    function_graph: " 0)               |  /* ",
  };
  for (const [format, start] of Object.entries(starts)) {
    const end = format === "function_graph" ? " */" : "";
    const head = format === "ftrace dump" ? "[    9.500002] Dumping ftrace buffer:\n" : "";
    const first = `${head}${start}${ALLOC}${end}\n`;
    const bound = Math.max(1, first.split("\n").length);
    for (const second of [FREE, "kmalloc: call_site=foo"]) {
      for (const lineEnd of ["", "\r", " "]) {
        const text = `${first}${start}${ALLOC}${end}${lineEnd}${start}${second}${end}\n`;
        const message = messageOf(text);
        assert.match(message, `test.trace:${bound}:`, `${format} ${second}`);
      }
    }
  }
});

test("an event behind a comment or a frame, their line ends being lost, is refused", () => {
  const start = "            bash-123     [000] d..1.   345.192833: ";
  const parts = [
    `# tracer: nop${start}${ALLOC}\n`,
    `${start}${ALLOC}\n => do_fault\r${start}${FREE}\n`,
    `${start}mm_page_alloc:        [FAILED TO PARSE] pfn=0x10 order=0 gfp_flags=3264 migratetype=0${start}${FREE}\n`,
  ];
  for (const text of parts) assert.match(messageOf(text), "expected every event in a line of its own");
});

test("a page event behind columns that nobody expects is never taken for another event", () => {
  const start = "            bash-123     [000]   345.192833: (+17)  ";
  assert.match(messageOf(`${start}${ALLOC}\n`), "expected the name of an event");
});

test("perf script with more columns than usual", () => {
  const start = "bash 123 [000]   345.192833: ";
  for (const columns of ["         1 ", " G  ", "/user.slice/a:b ", "1  99 "])
    assert.equal(
      sums(readWhole(`${start}${columns}kmem:${ALLOC}\n${start}${columns}kmem:${FREE}\n`)),
      [1, 1],
    );
  for (const address of ["ffffffff81200111", "ffffffff81200111 __alloc_pages+0x1 ([kernel.kallsyms])"])
    assert.equal(
      sums(readWhole(`${start}kmem:${ALLOC} ${address}\n${start}kmem:${FREE}     ${address}\n`)),
      [1, 1],
    );
});

test("a trace quoted in a mail", () => {
  const start = "            bash-123     [000] d..1.   345.192833: ";
  for (const quote of ["> ", ">", ">> ", "> > "]) {
    const trace = readWhole(`${quote}${start}${ALLOC}\n${quote}\n${quote}${start}${FREE}\n${quote}\n`);
    assert.equal(sums(trace), [1, 1]);
    assert.is(trace.list[0]!.comm, "bash");
  }
});

test("a pointer that the kernel does not tell, padded as on 32 bits", () => {
  const start = "            bash-123     [000] d..1.   345.192833: ";
  const hidden = (text: string): string => text.replace(HASHED, "page=  (ptrval)");
  assert.equal(sums(readWhole(`${start}${hidden(ALLOC)}\n${start}${hidden(FREE)}\n`)), [1, 1]);
});

test("a last line that is cut anywhere in its event is noticed", () => {
  for (const file of ["function-graph.txt", "perf-trace.txt"]) {
    const lines = readFileSync(`test/golden/made-up/${file}`, "latin1").trimEnd().split("\n");
    const last = lines.pop()!;
    const before = lines.map((text) => `${text}\n`).join("");
    for (let end = last.indexOf(file === "perf-trace.txt" ? "(" : ")") + 1; end < last.length; end++)
      assert.match(messageOf(before + last.slice(0, end)), "the trace is truncated", last.slice(0, end));
  }
});

test.run();
