import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FIRECRACKER, FIRECRACKER_API } from "../../../src/machine/readers/firecracker.js";
import { remarksOf, statementsOf } from "../readings.js";

const test = suite("machine import: Firecracker");

const CONFIG = `{
  "boot-source": {
    "kernel_image_path": "vmlinux-6.12.40",
    "boot_args": "console=ttyS0 reboot=k panic=1 pci=off",
    "initrd_path": null
  },
  "drives": [{"drive_id": "rootfs", "path_on_host": "a.ext4", "is_root_device": true}],
  "machine-config": {
    "vcpu_count": 2,
    "mem_size_mib": 3072,
    "smt": false,
    "huge_pages": "2M"
  },
  "balloon": {"amount_mib": 256, "deflate_on_oom": false, "free_page_reporting": true},
  "memory-hotplug": {"total_size_mib": 1024},
  "cpu-config": null
}`;

test("a configuration file", () => {
  assert.equal(statementsOf(FIRECRACKER, CONFIG), [
    "3 kernel = 6.12.40 (the name of the kernel's file)",
    "4 guest.commandLine = console=ttyS0 reboot=k panic=1 pci=off",
    "8 vmm.kind = firecracker",
    "8 platform.kind = none (Firecracker starts no confidential guests)",
    "9 vcpus = 2",
    "10 memory = 3GiB",
    "12 host.pageSize = 2MiB",
  ]);
  const all = remarksOf(FIRECRACKER, CONFIG).join("\n");
  for (const part of [
    "without firmware and EFI",
    "7 without bearing on memory, CPUs and acceptance: drives",
    "8 releases of Firecracker up to 1.12 have 3.25 GiB",
    '14 "amount_mib": 256: pages that a balloon takes',
    '14 "free_page_reporting"',
    '15 "total_size_mib" by virtio-mem of 1GiB: memory besides',
  ])
    assert.ok(all.includes(part), part);
});

test("defaults of Firecracker are said as such", () => {
  assert.equal(statementsOf(FIRECRACKER, '{"boot-source": {"kernel_image_path": "k"}}'), [
    "1 vmm.kind = firecracker",
    "1 platform.kind = none (Firecracker starts no confidential guests)",
    "1 memory = 128MiB (Firecracker's default)",
    "1 vcpus = 1 (Firecracker's default)",
    "1 guest.commandLine = reboot=k panic=1 nomodule 8250.nr_uarts=0 i8042.noaux i8042.nomux i8042.dumbkbd swiotlb=noforce (no boot_args: Firecracker's default)",
  ]);
});

test("a script that sends the parts to the API, the last of several", () => {
  const script = `API=/run/firecracker.socket
curl --unix-socket $API -X PUT "http://localhost/boot-source" \\
  -H 'Content-Type: application/json' \\
  -d '{
    "kernel_image_path": "vmlinux",
    "boot_args": "quiet"
  }'
curl --unix-socket $API -X PUT http://localhost/machine-config -d '{"vcpu_count": 1, "mem_size_mib": 512}'
curl --unix-socket $API -X PUT http://localhost/machine-config -d '{"vcpu_count": 4, "mem_size_mib": 1024}'
curl --unix-socket $API -X PUT http://localhost/actions -d '{"action_type": "InstanceStart"}'
`;
  assert.ok(FIRECRACKER_API.recognises(script));
  assert.equal(statementsOf(FIRECRACKER_API, script), [
    "6 guest.commandLine = quiet",
    "9 vmm.kind = firecracker",
    "9 platform.kind = none (Firecracker starts no confidential guests)",
    "9 memory = 1GiB",
    "9 vcpus = 4",
  ]);
  assert.throws(
    () => FIRECRACKER_API.read("curl http://localhost/machine-config -d '{\"vcpu_count\": }'"),
    /^1:\d+: expected JSON that curl sends, found /,
  );
});

test("values that Firecracker refuses are refused at their place", () => {
  const error = (machine: string) => () => FIRECRACKER.read(`{"machine-config": ${machine}}`);
  assert.throws(
    error('{"mem_size_mib": "1024"}'),
    /^1:37: expected a whole number of at least 1 for mem_size_mib, found "1024"$/,
  );
  assert.throws(error('{"vcpu_count": 33}'), /expected at most 32 for vcpu_count, found 33$/);
  assert.throws(error('{"huge_pages": "1G"}'), /expected "None" or "2M" for huge_pages, found "1G"$/);
  assert.throws(() => FIRECRACKER.read('{"machine-config": {"vcpu_count": 1'), /expected JSON, found /);
});

test("texts of other kinds are not taken for it", () => {
  for (const text of ["", "{}", '{"payload": {}}', "firecracker --config-file vm.json"])
    assert.not.ok(FIRECRACKER.recognises(text) || FIRECRACKER_API.recognises(text), text);
});

test.run();
