import { suite } from "uvu";
import * as assert from "uvu/assert";
import { COMMANDS } from "../../src/cli/commands.js";
import { TOPICS } from "../../src/cli/topics.js";
import { PLATFORMS } from "../../src/coco/platforms.js";
import { policies } from "../../src/policy/policies.js";
import { onlyLine, unaccepted } from "./program.js";

const test = suite("cli: help TOPIC");

test("without a topic: all commands and all topics", async () => {
  const { code, stdout, stderr } = await unaccepted(["help"]);
  assert.equal([code, stderr], [0, ""]);
  for (const { name } of [...COMMANDS, ...TOPICS]) assert.match(stdout, `\n  ${name} `);
});

test("a command or an action has the page that --help prints", async () => {
  for (const words of [["compare"], ["trace"], ["trace", "import"], ["help"]]) {
    const { stdout } = await unaccepted([...words, "--help"]);
    assert.equal(await unaccepted(["help", ...words]), { code: 0, stdout, stderr: "" });
  }
});

test("every topic fits into 80 characters, and into a narrow terminal", async () => {
  for (const env of [{}, { COLUMNS: "60" }]) {
    for (const { name } of TOPICS) {
      const { code, stdout } = await unaccepted(["help", name], { env });
      assert.is(code, 0);
      const most = Number(env.COLUMNS ?? 80);
      assert.equal(
        stdout.split("\n").filter((line) => line.length > most && line.trim().includes(" ")),
        [],
        name,
      );
    }
  }
});

test("lists are those of the program", async () => {
  const textOf = async (topic: string): Promise<string> =>
    (await unaccepted(["help", topic], { env: { COLUMNS: "200" } })).stdout;
  const policyText = await textOf("policies");
  for (const name of policies().names) assert.match(policyText, `\n  ${name} `);
  const prices = await textOf("prices");
  for (const { parameters } of Object.values(PLATFORMS))
    for (const name of Object.keys(parameters)) assert.match(prices, `\n${name} `);
  assert.match(await textOf("waits"), "\n  waits.boot.p99Ns ");
  assert.match(await textOf("scenario"), /\n {2}firmware\.preAcceptLimit\n/);
  assert.match(await textOf("scenario"), /\bboot\b.*\bkexec\b/);
  assert.match(await textOf("exit-codes"), "\n  130  interrupted");
});

test("an unknown topic: the nearest, or all of them, and exit 2", async () => {
  const near = await unaccepted(["help", "polices"]);
  assert.equal([near.code, near.stdout], [2, ""]);
  assert.is(onlyLine(near.stderr), "unaccepted: help polices: no such topic, did you mean policies?");
  const far = await unaccepted(["help", "xyzzy"]);
  assert.is(far.code, 2);
  assert.match(
    onlyLine(far.stderr),
    /^unaccepted: help xyzzy: expected a command or one of scenario, policies,/,
  );
});

test.run();
