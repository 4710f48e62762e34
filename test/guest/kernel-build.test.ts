import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelBuildOf } from "../../src/guest/kernel-build.js";
import { BUILD_NAMES, buildNamed, imageBytesOf, type KernelBuild } from "../../src/linux/kernel-build.js";
import { KiB, MiB } from "../../src/units.js";
import { machineKeys } from "../../src/x86/machine-keys.js";
import { errorsOf, MINIMAL, only } from "../scenario/helpers.js";

const test = suite("guest: builds of kernels");

const RECORDED = new URL("../../workloads/recorded/", import.meta.url);

/** A boot log of each build of Debian that has one. */
function logs(): Map<string, string> {
  const found = new Map<string, string>();
  for (const folder of readdirSync(RECORDED).filter((name) => /^linux-\d/.test(name))) {
    const log = gunzipSync(readFileSync(new URL(`${folder}/boot.dmesg.gz`, RECORDED))).toString("utf8");
    const [, release] = /Linux version (\S+)/.exec(log)!;
    if (release!.includes("cloud")) found.set(release!, log);
  }
  return found;
}

function sizes({ imageBytes, pglistDataBytes, percpu }: KernelBuild): object {
  const { staticBytes, reservedBytes, dynamicBytes } = percpu;
  return { imageBytes, pglistDataBytes, staticBytes, reservedBytes, dynamicBytes };
}

test("what logs of ten kernels print gives the sizes that were measured of each", () => {
  const all = logs();
  assert.is(all.size, 10);
  for (const [release, log] of all) {
    const { kernelBuild } = machineKeys(log)!;
    // Of another kernel, of which nothing may be left.
    const of = BUILD_NAMES.find((name) => name !== release && name.includes("cloud"));
    const guest = { kernelBuild: { of, ...kernelBuild } };
    const { guest: settled, kernel } = only(`${MINIMAL}guest: ${JSON.stringify(guest)}\n`);
    const found = kernelBuildOf({ guest: settled, kernel });
    assert.equal(sizes(found), sizes(buildNamed(release)), release);
  }
});

test("an image ends on 2 MiB behind what nobody prints", () => {
  const sections = { code: 16 * MiB, rwdata: 0, rodata: 10 * MiB + 1, init: 0, bss: 0 };
  assert.is(imageBytesOf(sections), 32 * MiB);
  assert.is(imageBytesOf({ ...sections, bss: 400 * KiB }), 34 * MiB);
});

test("an image is said whole and once", () => {
  const errors = (text: string): string[] => errorsOf(`${MINIMAL}guest: { kernelBuild: { ${text} } }\n`);
  assert.equal(errors("code: 16MiB, rwdata: 2MiB"), [
    "file.yaml:5:23: guest.kernelBuild: expected code, rwdata, rodata, init, bss together or none of them, found a mapping; rodata, init, bss are not said",
  ]);
  assert.match(
    errors("image: 44MiB, code: 16MiB, rwdata: 2MiB, rodata: 10MiB, init: 4MiB, bss: 5MiB")[0]!,
    "guest.kernelBuild.image: expected it in the place of code, rwdata, rodata, init, bss, found",
  );
  const { guest, kernel } = only(`${MINIMAL}guest: { kernelBuild: { image: 46MiB, nodeData: 8768 } }\n`);
  const { imageBytes, pglistDataBytes, release } = kernelBuildOf({ guest, kernel });
  assert.equal([imageBytes, pglistDataBytes, release], [46 * MiB, 8768, "7.3.4+deb13-cloud-amd64"]);
});

test.run();
