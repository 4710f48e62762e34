// Takes 1 s.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { unaccepted, withFiles } from "./program.js";

const test = suite("cli: nothing from an input steers a terminal");

/** Control characters but for line ends. */
const RAW = /(?!\n)\p{Cc}/u;
const EVIL = "\u001b[31mx\u0007\u009b";

/** A trace whose comm and callers carry control bytes, in a file whose name does. */
function evilTrace(directory: string): string {
  const path = join(directory, `${EVIL}.txt`);
  const start = `${EVIL.padStart(16)}-7       [000] d..1.     0.436965: `;
  const event =
    "mm_page_alloc: page=00000000cda9d0a2 pfn=0x10430b order=0 migratetype=0 gfp_flags=GFP_KERNEL";
  writeFileSync(path, `# tracer: nop\n#\n${start}${event}\n${start}<stack trace>\n => f${EVIL}\n`);
  return path;
}

test("of trace info, import and export, also on a terminal", async () => {
  await withFiles(async ({ directory }) => {
    const path = evilTrace(directory);
    const out = join(directory, "out\u001b[2J.trace");
    for (const isTTY of [false, true]) {
      const env = { NO_COLOR: "1" };
      for (const argv of [
        ["trace", "info", path],
        ["trace", "info", path, "--json"],
        ["trace", "import", path, "-o", out],
        ["trace", "import", path, "-o", out, "--json"],
        ["trace", "info", out],
        ...(isTTY ? [["trace", "export", path]] : []),
      ]) {
        const { code, stdout, stderr } = await unaccepted(argv, { isTTY, env });
        assert.is(code, 0, stderr);
        assert.not.match(stdout, RAW, argv.join(" "));
        assert.not.match(stderr, RAW, argv.join(" "));
      }
    }
    const { stdout } = await unaccepted(["trace", "export", path]);
    assert.ok(stdout.includes(EVIL), "a pipe gets the bytes of the comm");
  });
});

test("of runs, in every format, and their errors", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const text = readFileSync(scenario, "utf8");
    const evil = join(directory, `${EVIL}.yaml`);
    writeFileSync(evil, text.replace(/name: .*/, 'name: "a\\e[31mb\\x9bc\\nd"'));
    for (const format of ["table", "csv", "md", "json", "jsonl"]) {
      const { code, stdout, stderr } = await unaccepted(["compare", evil, "--format", format]);
      assert.is(code, 0, stderr);
      assert.not.match(stdout.replaceAll("\r\n", "\n"), RAW, format);
      // Neither table tells the scenario's name.
      if (!["table", "md"].includes(format)) assert.match(stdout, "31mb", format);
    }
    writeFileSync(evil, text.replace("lazy", `"la\\e[2Jzy"`));
    for (const argv of [["compare", evil], ["run", `${evil}${EVIL}`], [EVIL], ["run", evil, `--${EVIL}`]]) {
      const { code, stderr } = await unaccepted(argv);
      assert.is(code, 2);
      assert.not.match(stderr, RAW);
      assert.is(stderr.split("\n").length, 2, "one line");
    }
  });
});

test("of colours, those of the report alone", async () => {
  await withFiles(async ({ directory }) => {
    const { stdout } = await unaccepted(["trace", "info", evilTrace(directory)], { isTTY: true });
    assert.match(stdout, "\u001b[1m");
    assert.not.match(stdout, "\u001b[31m");
  });
});

test("commands write through print alone", () => {
  const sources = readdirSync("src/cli", { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  const direct = sources.filter((path) => {
    const text = readFileSync(join("src/cli", path), "utf8");
    return /std(?:out|err)\.write\((?!own\))/.test(text);
  });
  assert.equal(direct, []);
});

test.run();
