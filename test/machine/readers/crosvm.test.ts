import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CROSVM, CROSVM_JSON } from "../../../src/machine/readers/crosvm.js";
import { remarksOf, statementsOf } from "../readings.js";

const test = suite("machine import: crosvm");

const says = (options: string) => statementsOf(CROSVM, `crosvm run ${options}`);
const remarks = (options: string) => remarksOf(CROSVM, `crosvm run ${options}`).join("\n");

test("a command with a kernel at its end", () => {
  const options = `--disable-sandbox --mem 4096 --cpus num-cores=6 -p "root=/dev/vda5" -p quiet --initrd i.img --block a.img,ro --net tap-name=t /boot/vmlinuz-6.18.2`;
  assert.equal(says(options), [
    "1 vmm.kind = crosvm",
    "1 platform.kind = none (crosvm starts neither TDX nor SNP guests)",
    "1 memory = 4GiB (crosvm counts MiB)",
    "1 vcpus = 6",
    "1 kernel = 6.18.2 (the name of the kernel's file)",
    "1 guest.commandLine = root=/dev/vda5 quiet (crosvm puts words of its own for console and root before them)",
  ]);
  assert.match(
    remarks(options),
    /without bearing on memory, CPUs and acceptance: --disable-sandbox, --block, --net/,
  );
  assert.match(remarks(options), /without firmware and EFI/);
});

test("defaults, and forms with size=", () => {
  assert.ok(says("vmlinux").includes("1 memory = 256MiB (crosvm's default)"));
  assert.ok(says("vmlinux").includes("1 vcpus = 1 (crosvm's default)"));
  assert.ok(says("-m size=1024 -c 2 vmlinux").includes("1 memory = 1GiB (crosvm counts MiB)"));
  assert.ok(says("--mem=512 vmlinux").includes("1 memory = 512MiB (crosvm counts MiB)"));
  assert.ok(
    says("--pci mem=[start=0x80000000,size=0x7c000000] vmlinux").includes(
      "1 vmm.lowMemory = 2GiB (RAM ends where the window of devices begins)",
    ),
  );
});

test("protection, huge pages, locks, devices and files are remarked", () => {
  const all = remarks(
    "--protected-vm --hugepages --lock-guest-memory --vfio /sys/x --cfg a.json --mem $M vmlinux",
  );
  for (const part of [
    "--protected-vm: pKVM gives",
    "hugepages: the host may",
    "lock-guest-memory: ",
    "--vfio /sys/x: VFIO",
    "--cfg a.json",
    "--mem $M: only the shell",
  ])
    assert.ok(all.includes(part), part);
});

test("a misspelt option is refused, one that is not known is counted", () => {
  assert.throws(
    () => says("--memm 4096 vmlinux"),
    /^1:12: expected an option of crosvm, did you mean --mem\?, found --memm$/,
  );
  assert.throws(() => says("--mem 4G vmlinux"), /^1:18: expected a whole number above 0 for size, found 4G$/);
  assert.match(remarks("--pmem a.img --gpu vmlinux"), /--pmem, --gpu/);
});

test("a configuration file", () => {
  const text =
    '{\n "kernel": "/k/bzImage",\n "mem": {"size": 2048},\n "cpus": {"num-cores": 8},\n "params": ["quiet", "ro"],\n "hugepages": true,\n "block": []\n}';
  assert.equal(statementsOf(CROSVM_JSON, text).slice(2), [
    "3 memory = 2GiB (crosvm counts MiB)",
    "4 vcpus = 8",
    "5 guest.commandLine = quiet ro (crosvm puts words of its own for console and root before them)",
  ]);
  assert.match(remarksOf(CROSVM_JSON, text).join("\n"), /^6 hugepages/m);
  assert.throws(
    () => CROSVM_JSON.read('{"mem": "2G"}'),
    /^1:9: expected a number or an object with size, found text$/,
  );
});

test("texts of other kinds are not taken for it", () => {
  for (const text of ["", "crosvm stop a.sock", "we run crosvm", "cargo run crosvm"])
    assert.not.ok(CROSVM.recognises(text), text);
  assert.ok(CROSVM.recognises("sudo /usr/bin/crosvm --log-level=debug run -m 1024 k"));
  assert.not.ok(CROSVM_JSON.recognises('{"memory": {"size": 1}}'));
});

test.run();
