import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compare, formatJson, parseScenario, runScenario } from "../src/index.js";
import { importsFrom } from "./imports.js";

const test = suite("index");

test("the library needs nothing of Node, and never reaches the command line", () => {
  const foreign = importsFrom("src/index.ts", "all");
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
