// Takes 1 s.
import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  assignmentsOf,
  fragmentToSettings,
  normalSettings,
  type PageState,
  SETTING_NAMES,
  type Settings,
  settingsToCommand,
  settingsToFragment,
  settingsToYaml,
} from "../../src/explorer/settings.js";
import { parseScenario } from "../../src/index.js";
import { BOOT } from "./base.js";

const test = suite("explorer: settings");

/** Texts that somebody may put into an address to harm a page, a file or a shell. */
const HOSTILE: readonly string[] = [
  "<script>alert(1)</script>",
  `"'\`$(touch x)\\`,
  "two\nlines\r\n",
  "100%",
  "%zz",
  "a&b=c#d?e",
  "b.platform",
  "日本語 🐧 \u202e",
  "-rf",
  "--help",
  "\u001b[31m\u0007",
  " ",
  "__proto__",
];

const anyText = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary" }), fc.string());

const anySettings: fc.Arbitrary<Settings> = fc
  .record({
    given: fc.dictionary(fc.constantFrom(...SETTING_NAMES), anyText),
    set: fc.dictionary(anyText, anyText, { noNullPrototype: true }),
  })
  .map(({ given, set }) => normalSettings({ ...given, set }));

test("an address gives back the settings of both sides, whatever is in them", () => {
  fc.assert(
    fc.property(anySettings, fc.option(anySettings, { nil: undefined }), (a, b) => {
      const state: PageState = b === undefined ? { a } : { a, b };
      const fragment = settingsToFragment(state);
      assert.match(fragment, /^[\w.!~*'()%:/,@=?&-]*$/);
      assert.equal(fragmentToSettings(`#${fragment}`), { ...state, remarks: [] });
    }),
  );
});

test("an address says what a command line would", () => {
  const a = { platform: "tdx", memory: "64GiB", set: { "firmware.preAcceptLimit": "1GiB" } };
  const b = { ...a, workload: "generate:heap?size=1GiB", set: {} };
  assert.is(
    settingsToFragment({ a, b }),
    "platform=tdx&memory=64GiB&set.firmware.preAcceptLimit=1GiB&" +
      "b.platform=tdx&b.memory=64GiB&b.workload=generate:heap?size=1GiB",
  );
});

test("a second side without settings is one", () => {
  assert.is(settingsToFragment({ a: { set: {} }, b: { set: {} } }), "b.");
  assert.equal(fragmentToSettings("b."), { a: { set: {} }, b: { set: {} }, remarks: [] });
});

test("half a character becomes a replacement character", () => {
  assert.is(settingsToFragment({ a: { kernel: "\ud83d", set: {} } }), "kernel=%EF%BF%BD");
});

test("what an address says besides is told, and left out", () => {
  assert.equal(fragmentToSettings("#plattform=tdx&b.x=1&memory&kernel=%zz&vcpus=1&vcpus=2"), {
    a: { vcpus: "2", set: {} },
    b: { set: {} },
    remarks: [
      "plattform: no setting of the address, and is left out, did you mean platform?",
      "b.x: no setting of the address, and is left out",
      "memory: expected KEY=VALUE in the address, and is left out",
      "kernel=%zz: expected UTF-8 after each % in the address, and is left out",
      "vcpus: comes twice in the address; the last one counts",
    ],
  });
});

/** Without what no command line can have. */
function withoutNul(settings: Settings): Settings {
  return JSON.parse(JSON.stringify(settings).replaceAll("\\u0000", "")) as Settings;
}

function expectedWords(settings: Settings): string[] {
  const { set } = settings;
  const flag = ([name, text]: readonly [string, string]): string[] =>
    text.startsWith("-") ? [`--${name}=${text}`] : [`--${name}`, text];
  const flags = SETTING_NAMES.flatMap((name) =>
    settings[name] === undefined ? [] : flag([name, settings[name]]),
  );
  const sets = Object.entries(set).flatMap(([key, text]) => flag(["set", `${key}=${text}`]));
  return ["run", "my file.yaml", ...flags, ...sets];
}

test("a command is the words that a shell reads from it", () => {
  fc.assert(
    fc.property(fc.array(anySettings, { minLength: 50, maxLength: 50 }), (all) => {
      const clean = all.map((settings) => normalSettings(withoutNul(settings)));
      const base = { name: "my file.yaml", isBundled: false };
      const commands = clean.map((settings) => settingsToCommand(settings, base));
      const shell = `unaccepted() { printf '%s\\0' "$@"; }\n${commands.join("\n")}`;
      const { stdout } = spawnSync("bash", { input: shell });
      assert.equal(stdout.toString().split("\0").slice(0, -1), clean.flatMap(expectedWords));
    }),
    { numRuns: 3 },
  );
});

test("a command that is pasted shows a terminal nothing that it obeys", () => {
  const command = settingsToCommand({ kernel: "\u001b[31m\u009b'\\", set: {} }, BOOT);
  assert.is(
    command,
    "unaccepted run boot --platform tdx --policy lazy --memory 16GiB --kernel $'\\033[31m\\302\\233\\'\\\\'",
  );
});

test("a file of YAML makes the run that the settings make", () => {
  const settings: Settings = {
    platform: "snp",
    memory: "8GiB",
    vcpus: "2",
    set: { "platform.pvalidate4kNs": "1us", "firmware.preAcceptLimit": "1GiB", "host.prefault": "true" },
  };
  const [own] = parseScenario(BOOT.text, "boot.yaml", assignmentsOf(settings, BOOT));
  const [written, ...others] = parseScenario(settingsToYaml(settings, BOOT), "written.yaml");
  assert.equal(others, []);
  // The file lies in another folder.
  assert.equal({ ...written, workload: own!.workload }, own);
  assert.is(written!.workload, "linux-7.3.4-debian-1c4g");
});

test.run();
