import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compare, formatJson, parseScenario, runScenario } from "../src/index.js";

const test = suite("index");

/** Every source file that can be reached from one by imports, with what it imports from elsewhere. */
function importsFrom(entry: string): Map<string, string[]> {
  const foreign = new Map<string, string[]>();
  const visit = (file: string): void => {
    if (foreign.has(file)) return;
    const specifiers = [
      ...readFileSync(file, "utf8").matchAll(/^(?:import|export|\}) .*?from "(.*)";$/gm),
    ].map(([, specifier]) => specifier!);
    foreign.set(
      file,
      specifiers.filter((specifier) => !specifier.startsWith(".")),
    );
    for (const specifier of specifiers) {
      if (specifier.startsWith(".")) visit(join(dirname(file), specifier.replace(/\.js$/, ".ts")));
    }
  };
  visit(entry);
  return foreign;
}

test("the library needs nothing of Node, and never reaches the command line", () => {
  const foreign = importsFrom("src/index.ts");
  assert.ok(foreign.size > 50, `only ${foreign.size} files were followed`);
  for (const [file, specifiers] of foreign) {
    assert.not.ok(file.startsWith("src/cli/"), file);
    assert.equal(
      specifiers.filter((specifier) => specifier.startsWith("node:")),
      [],
      file,
    );
  }
});

test("what a comparison takes is exported", () => {
  for (const part of [compare, formatJson, parseScenario, runScenario]) assert.type(part, "function");
});

test.run();
