import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildOf } from "../../src/linux/kernel-build.js";

const test = suite("linux: builds");

test("a release has its own build, or that of the series before it", () => {
  for (const [kernel, release] of [
    ["6.5", "6.12.95"],
    ["6.12", "6.12.95"],
    ["6.12.107", "6.12.95"],
    ["6.12.107+deb12-cloud-amd64", "6.12.107"],
    ["6.15", "6.12.95"],
    ["6.16.3", "6.16.12"],
    ["6.17", "6.17.13"],
    ["6.18", "6.18.15"],
    ["6.18.44", "6.18.15"],
    ["6.19.14+deb13-cloud-amd64", "6.19.14"],
    ["7.0", "7.0.13"],
    ["7.1", "7.1.13"],
    ["7.2", "7.2.12"],
    ["7.3", "7.3.4"],
    ["7.3.4", "7.3.4"],
    ["8.0", "7.3.4"],
  ] as const) {
    assert.match(buildOf("cloud", kernel).release, new RegExp(`^${release}\\+deb1[23]-cloud-amd64$`), kernel);
  }
});

test("the kernels with an allocator log", () => {
  for (const [kernel, release] of [
    ["6.12.107", "6.12.107"],
    ["6.11", "6.12.107"],
    ["7.2", "6.12.107"],
    ["7.3.4", "7.3.4"],
    ["7.3.5", "7.3.4"],
  ] as const)
    assert.is(buildOf("small", kernel).release, release, kernel);
});

test.run();
