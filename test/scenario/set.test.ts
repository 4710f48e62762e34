import { suite } from "uvu";
import * as assert from "uvu/assert";
import { policies } from "../../src/policy/policies.js";
import { parseScenario } from "../../src/scenario/load.js";
import { applyAssignments, parseAssignment } from "../../src/scenario/set.js";
import { GiB, MiB } from "../../src/units.js";
import { errorsOf, linesOf, MINIMAL, only } from "./helpers.js";

const test = suite("scenario: set");

test("an assignment replaces the value of the file", () => {
  assert.is(only(MINIMAL, ["memory=8GiB"]).memoryBytes, 8 * GiB);
});

test("an assignment can say what the file leaves to the defaults", () => {
  const scenario = only(MINIMAL, ["host.pageSize=2MiB", "guest.timeScale=0.5"]);
  assert.is(scenario.host.pageSizeBytes, 2 * MiB);
  assert.is(scenario.host.prefault, false);
  assert.is(scenario.guest.timeScale, 0.5);
});

test("what YAML would leave out as a comment is refused", () => {
  assert.equal(
    linesOf(() => parseAssignment("guest.commandLine=quiet #mem=2G")),
    [
      '--set guest.commandLine=quiet #mem=2G: guest.commandLine: expected a value, found "#mem=2G", a comment in YAML; quote the value',
    ],
  );
  assert.is(linesOf(() => parseAssignment("vcpus=[1, 2] # both")).length, 1);
  assert.equal(parseAssignment('guest.commandLine="quiet #1"').value, "quiet #1");
  assert.equal(parseAssignment("guest.commandLine=quiet#1").value, "quiet#1");
});

test("the last assignment wins", () => {
  assert.is(only(MINIMAL, ["seed=2", "seed=3"]).seed, 3);
});

test("a value is YAML: a number, true or false, text, a list", () => {
  const scenarios = parseScenario(MINIMAL, "a.yaml", [
    "vcpus=[1, 8]",
    "host.keepsConverted=true",
    "name=a = b",
    "kernel=6.12",
  ]);
  assert.equal(
    scenarios.map(({ vcpus, host, name, kernel }) => [vcpus, host.keepsConverted, name, kernel]),
    [
      [1, true, "a = b", "6.12"],
      [8, true, "a = b", "6.12"],
    ],
  );
});

test("a parameter can be set although the file names only the platform", () => {
  assert.equal(only(MINIMAL, ["platform.tdcallNs=1.5us"]).platform, {
    kind: "tdx",
    parameters: { tdcallNs: 1500 },
  });
});

test("the kind can be changed whether the file has a mapping or not", () => {
  assert.is(only(MINIMAL, ["platform.kind=snp"]).platform.kind, "snp");
  assert.is(only(MINIMAL.replace("tdx", "{ kind: tdx }"), ["platform.kind=snp"]).platform.kind, "snp");
});

test("the file's mapping can be replaced as a whole", () => {
  const text = MINIMAL.replace("tdx", "{ kind: tdx, tdcallNs: 1us }");
  assert.equal(only(text, ["platform=snp"]).platform, { kind: "snp", parameters: {} });
});

test("an unknown parameter is reported with its flag and the nearest one", () => {
  assert.equal(errorsOf(MINIMAL, ["platform.tdcalNs=1"]), [
    "--set platform.tdcalNs=1: platform.tdcalNs: unknown parameter, did you mean tdcallNs?",
  ]);
});

test("an unknown key on the way is reported where the path goes wrong", () => {
  assert.equal(errorsOf(MINIMAL, ["hots.prefault=true"]), [
    "--set hots.prefault=true: hots: unknown key, did you mean host?",
  ]);
});

test("a bad value is reported with its flag, although the file has a value there", () => {
  assert.equal(errorsOf(MINIMAL, ["memory=4GB"]), [
    '--set memory=4GB: memory: expected a memory size from 256MiB to 4PiB in whole MiB, found "4GB", did you mean 4GiB?',
  ]);
  assert.equal(errorsOf(MINIMAL, ["policy=[eager, lasy]"]), [
    `--set policy=[eager, lasy]: policy[1]: expected one of ${policies().names.join(", ")}, found "lasy", did you mean lazy?`,
  ]);
});

test("a list without brackets is recognised", () => {
  assert.equal(errorsOf(MINIMAL, ["vcpus=1,8"]), [
    '--set vcpus=1,8: vcpus: expected a whole number from 1 to 1024, found "1,8", did you mean [1,8]?',
  ]);
});

test("of two flags for one value the last is named", () => {
  assert.equal(errorsOf(MINIMAL, ["seed=-1", "seed=-2"]), [
    "--set seed=-2: seed: expected a whole number from 0 to 4294967295, found -2",
  ]);
});

test("mistakes of the file come first and keep their places", () => {
  assert.equal(errorsOf(`${MINIMAL}vcpus: 0\n`, ["seed=x", "memory=8GiB"]), [
    "file.yaml:5:8: vcpus: expected a whole number from 1 to 1024, found 0",
    '--set seed=x: seed: expected a whole number from 0 to 4294967295, found "x"',
  ]);
});

test("a flag that makes parts of the file contradict each other is named", () => {
  assert.equal(errorsOf(MINIMAL, ["firmware.preset=ovmf"]), [
    "--set firmware.preset=ovmf: firmware.preset: firmware ovmf does not start a guest on platform tdx; auto takes one that does",
  ]);
});

test("a path through a value is refused", () => {
  assert.equal(errorsOf(MINIMAL, ["memory.size=4GiB"]), [
    "--set memory.size=4GiB: memory.size: memory is not a mapping",
  ]);
  assert.equal(errorsOf("boot\n", ["seed=1"]), ["--set seed=1: seed: the file is not a mapping"]);
});

test("a path through a list is refused", () => {
  assert.equal(errorsOf(`${MINIMAL}seed: [1, 2]\n`, ["seed.x=4"]), [
    "--set seed.x=4: seed.x: seed is not a mapping",
  ]);
});

test("text that is no assignment", () => {
  for (const text of ["seed", "=1", ".seed=1", "seed.=1", "__proto__.seed=1", "seed[0]=1"]) {
    assert.equal(errorsOf(MINIMAL, [text]), [`--set ${text}: expected path.to.key=value`]);
  }
});

test("a name from the prototype of objects is a key like any other", () => {
  assert.equal(errorsOf(MINIMAL, ["constructor.name=x"]), [
    "--set constructor.name=x: constructor: unknown key",
  ]);
});

test("a value that is not YAML", () => {
  assert.equal(errorsOf(MINIMAL, ["vcpus=[1, 8"]), [
    "--set vcpus=[1, 8: vcpus: Flow sequence must end with a ]",
  ]);
});

test("an alias has nothing to stand for in a flag", () => {
  assert.equal(errorsOf(MINIMAL, ["seed=*first"]), [
    "--set seed=*first: seed: Unresolved alias (the anchor must be set before the alias): first",
  ]);
});

test("an assignment without a value leaves the value missing", () => {
  assert.equal(errorsOf(MINIMAL, ["seed="]), [
    "--set seed=: seed: expected a whole number from 0 to 4294967295, found nothing",
  ]);
});

test("an assignment can name another flag", () => {
  const assignment = { flag: "--platform tdx,smp", path: ["platform", "kind"], value: ["tdx", "smp"] };
  assert.equal(
    linesOf(() => parseScenario(MINIMAL, "a.yaml", [assignment])),
    ['--platform tdx,smp: platform.kind[1]: expected one of tdx, snp, none, found "smp", did you mean snp?'],
  );
});

test("a flag may leave out the platform that a parameter of the file is for", () => {
  const text = MINIMAL.replace("tdx", "{ kind: [tdx, snp], tdcallNs: 1us }");
  assert.equal(only(text, ["platform.kind=snp"]).platform, { kind: "snp", parameters: {} });
});

test("a flag may not set a parameter of a platform that is left out", () => {
  assert.equal(errorsOf(MINIMAL, ["platform.kind=snp", "platform.tdcallNs=1us"]), [
    "--set platform.tdcallNs=1us: platform.tdcallNs: not a parameter of platform snp",
  ]);
});

test("assignments change a copy", () => {
  const document = { host: { prefault: false }, guest: { timeScale: 1 } };
  const changed = applyAssignments(document, [parseAssignment("host.prefault=true")]);
  assert.equal(document, { host: { prefault: false }, guest: { timeScale: 1 } });
  assert.equal(changed, { host: { prefault: true }, guest: { timeScale: 1 } });
  assert.is((changed as typeof document).guest, document.guest);
});

test.run();
