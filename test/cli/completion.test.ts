// Takes 3 s.
import { spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { COMMANDS } from "../../src/cli/commands.js";
import { PLATFORM_KINDS } from "../../src/coco/platforms.js";
import { policies } from "../../src/policy/policies.js";
import { onlyLine, unaccepted } from "./program.js";

const test = suite("cli: completion");

async function scriptOf(shell: string): Promise<string> {
  const { code, stdout, stderr } = await unaccepted(["completion", shell]);
  assert.equal([code, stderr], [0, ""]);
  return stdout;
}

/** What bash would complete the last of the words to. */
async function completions(...words: string[]): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
  const ask = '\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _unaccepted; printf "%s\\n" "${COMPREPLY[@]}"';
  const script = `${await scriptOf("bash")}${ask}`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script, "bash", "unaccepted", ...words], {
    encoding: "utf8",
  });
  assert.is(stderr, "");
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash completes commands, and actions of a command", async () => {
  assert.equal(await completions("comp"), ["compare", "completion"]);
  assert.equal(await completions(""), [...COMMANDS.map(({ name }) => name), "--help", "--version"]);
  assert.equal(await completions("trace", "i"), ["import", "info"]);
});

test("flags are those of the command", async () => {
  assert.equal(await completions("compare", "--ba"), ["--baseline"]);
  assert.equal(await completions("run", "--ba"), []);
  assert.equal(await completions("trace", "info", "--ker"), ["--kernel"]);
});

test("values are those of the flag, also the last of a list", async () => {
  assert.equal(await completions("compare", "boot", "--platform", ""), [...PLATFORM_KINDS]);
  assert.equal(await completions("compare", "boot", "--policy", ""), [...policies().names]);
  assert.equal(await completions("compare", "boot", "--policy", "eager,la"), ["eager,lazy"]);
  assert.equal(await completions("run", "boot", "--workload", "generate:hea"), ["generate:heap"]);
  assert.equal(await completions("verify", "--format", ""), ["table", "json", "md"]);
});

test("names of bundled scenarios and studies stand beside files", async () => {
  assert.equal(await completions("compare", "bo"), ["boot"]);
  assert.ok((await completions("compare", "pack")).includes("package.json"));
  assert.equal(await completions("sweep", "sh"), ["short"]);
  assert.equal(await completions("help", "polic"), ["policies"]);
  assert.ok((await completions("plot", "a.json", "-o", "pack")).includes("package.json"));
});

test("zsh and fish have every flag of every command with its words", async () => {
  const [zsh, fish] = [await scriptOf("zsh"), await scriptOf("fish")];
  for (const command of COMMANDS.flatMap((one) => ("actions" in one ? one.actions : [one]))) {
    for (const flag of Object.keys(command.flags)) {
      assert.match(zsh, `'*--${flag}[`);
      assert.match(fish, ` -l ${flag} `);
    }
  }
  assert.match(zsh, "compdef _unaccepted unaccepted");
  assert.match(fish, "__fish_seen_subcommand_from trace; and __fish_seen_subcommand_from import");
});

test("another shell is refused", async () => {
  const { code, stdout, stderr } = await unaccepted(["completion", "tcsh"]);
  assert.equal([code, stdout], [2, ""]);
  assert.is(onlyLine(stderr), "unaccepted: completion tcsh: expected bash, zsh, fish");
});

test.run();
