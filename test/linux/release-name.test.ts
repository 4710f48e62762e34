import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compareReleases, parseReleaseName } from "../../src/linux/release-name.js";

const test = suite("release names");

test("reads what tags and `uname -r` have", () => {
  const names: [text: string, expected: unknown][] = [
    ["4.13", { major: 4, minor: 13, suffix: "" }],
    ["v4.13", { major: 4, minor: 13, suffix: "" }],
    ["6.16-rc1", { major: 6, minor: 16, rc: 1, suffix: "" }],
    ["v2.6.32", { major: 2, minor: 6, point: 32, suffix: "" }],
    ["2.6.32.71", { major: 2, minor: 6, point: 32, suffix: ".71" }],
    ["2.6.32-754.el6.x86_64", { major: 2, minor: 6, point: 32, suffix: "-754.el6.x86_64" }],
    ["4.13.0-46-generic", { major: 4, minor: 13, point: 0, suffix: "-46-generic" }],
    ["5.15.0-1028-azure", { major: 5, minor: 15, point: 0, suffix: "-1028-azure" }],
    ["5.14.0-503.11.1.el9_5.x86_64", { major: 5, minor: 14, point: 0, suffix: "-503.11.1.el9_5.x86_64" }],
    ["6.12.107+deb13-amd64", { major: 6, minor: 12, point: 107, suffix: "+deb13-amd64" }],
    ["6.12.0-rc3+", { major: 6, minor: 12, point: 0, rc: 3, suffix: "+" }],
    ["6.12~rc6-amd64", { major: 6, minor: 12, rc: 6, suffix: "-amd64" }],
    [
      "6.6.87.2-microsoft-standard-WSL2",
      { major: 6, minor: 6, point: 87, suffix: ".2-microsoft-standard-WSL2" },
    ],
    ["6.1.0-rcustom", { major: 6, minor: 1, point: 0, suffix: "-rcustom" }],
    ["6.8.0-rc1a", { major: 6, minor: 8, point: 0, suffix: "-rc1a" }],
    ["6.15.2_1", { major: 6, minor: 15, point: 2, suffix: "_1" }],
  ];
  for (const [text, expected] of names) assert.equal(parseReleaseName(text), expected, text);
});

test("takes nothing else for a release", () => {
  for (const text of [
    "",
    "6",
    "6.",
    "v",
    "linux-6.12",
    "6.12 ",
    "6.12 generic",
    "6.12x",
    "-6.12",
    "6,12",
    "6.12\n",
  ]) {
    assert.is(parseReleaseName(text), undefined, JSON.stringify(text));
  }
});

test("orders releases, candidates before their release", () => {
  const sorted = [
    "2.6.32",
    "2.6.39.4",
    "3.0",
    "4.4",
    "4.13-rc1",
    "4.13-rc7",
    "4.13",
    "4.13.1",
    "6.2",
    "6.12",
    "7.3",
  ];
  const releases = sorted.map((name) => parseReleaseName(name)!);
  for (const [index, release] of releases.entries()) {
    for (const [other, against] of releases.entries()) {
      assert.is(Math.sign(compareReleases(release, against)), Math.sign(index - other));
    }
  }
});

test("does not tell builds of one release apart", () => {
  const same = ["4.13", "v4.13", "4.13.0", "4.13.0-46-generic"].map((name) => parseReleaseName(name)!);
  for (const release of same) assert.is(compareReleases(release, same[0]!), 0);
});

test.run();
