import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CLOUD_HYPERVISOR, CLOUD_HYPERVISOR_JSON } from "../../../src/machine/readers/cloud-hypervisor.js";
import { remarksOf, statementsOf } from "../readings.js";

const test = suite("machine import: cloud-hypervisor");

const says = (options: string) => statementsOf(CLOUD_HYPERVISOR, `cloud-hypervisor ${options}`);
const remarks = (options: string) => remarksOf(CLOUD_HYPERVISOR, `cloud-hypervisor ${options}`).join("\n");
const error = (options: string) => {
  try {
    CLOUD_HYPERVISOR.read(`cloud-hypervisor ${options}`);
    return "no error";
  } catch (thrown) {
    return (thrown as Error).message;
  }
};

test("a TD with td-shim", () => {
  const script = `sudo ./target/release/cloud-hypervisor \\
  --platform tdx=on,serial_number=7 \\
  --firmware /opt/td-shim/final.bin --kernel /boot/vmlinuz-6.12.8 \\
  --cmdline "root=/dev/vda3 console=hvc0 rw" \\
  --cpus boot=6,max=8 --memory size=12G,hotplug_size=4G,prefault=on \\
  --disk path=a.raw path=b.raw --net tap=,mac=,ip= -v
`;
  assert.equal(statementsOf(CLOUD_HYPERVISOR, script), [
    "2 vmm.kind = cloud-hypervisor",
    "2 platform.kind = tdx",
    "3 firmware.preset = td-shim (the name of the firmware's file)",
    "3 kernel = 6.12.8 (the name of the kernel's file)",
    "4 guest.commandLine = root=/dev/vda3 console=hvc0 rw",
    "5 memory = 12GiB",
    "5 vmm.maxMemory = 16GiB (the RAM and what can be plugged in)",
    "5 vmm.slots = 8 (cloud-hypervisor's ACPI has 8 slots for memory)",
    "5 vcpus = 6",
    "5 guest.hotplugCpus = 2 (CPUs that can be plugged in)",
  ]);
  assert.equal(remarksOf(CLOUD_HYPERVISOR, script), [
    "5 prefault=on: the host backs shared memory before the guest starts; private memory is backed as host.prefault and the platform say",
    "6 without bearing on memory, CPUs and acceptance: --disk, --net, --v",
  ]);
});

test("defaults are said as such, and a kernel without firmware starts without EFI", () => {
  assert.equal(says("--kernel vmlinux"), [
    "1 vmm.kind = cloud-hypervisor",
    "1 platform.kind = none (a guest without either is not confidential)",
    "1 memory = 512MiB (cloud-hypervisor's default)",
    "1 vcpus = 1 (cloud-hypervisor's default)",
  ]);
  assert.match(remarks("--kernel vmlinux"), /starts at its PVH entry, without EFI/);
});

test("SNP by an IGVM file", () => {
  assert.ok(
    says("--platform sev_snp=on --igvm snp.igvm --host-data 00 --memory size=4G").includes(
      "1 platform.kind = snp",
    ),
  );
  assert.match(
    remarks("--platform sev_snp=on --igvm snp.igvm"),
    /--igvm: what the IGVM file puts into memory at launch/,
  );
});

test("RAM is the sum of its zones where size is 0", () => {
  const zones =
    "--memory size=0 --memory-zone id=a,size=3G,host_numa_node=0 id=b,size=1G,hugepages=on,hugepage_size=1G";
  assert.ok(says(zones).includes("1 memory = 4GiB (the sum of 2 zones of memory)"));
  assert.ok(says(zones).includes("1 host.pageSize = 1GiB"));
  assert.match(remarks(zones), /host_numa_node=0: the node of the host/);
  assert.match(
    error("--memory size=1G --memory-zone id=a,size=1G"),
    /^1:27: expected a size of 0 where there are zones of memory, found size=1G$/,
  );
});

test("what cloud-hypervisor refuses is refused", () => {
  assert.match(
    error("--memory size=4GiB"),
    /^1:27: expected a size such as 4G for size, below 2\^53 bytes, found 4GiB$/,
  );
  assert.match(error("--memory size=0"), /expected a size above 0, or zones of memory/);
  assert.match(error("--cpus boot=4,max=2"), /expected at least the 4 CPUs at start, found --cpus max=2/);
  assert.match(
    error("--memroy size=1G"),
    /^1:18: expected an option of cloud-hypervisor, did you mean --memory\?, found --memroy$/,
  );
  assert.match(error("--memory"), /^1:18: expected a value after --memory, found the end of the command$/);
  assert.match(error("--platform tdx=on,sev_snp=on"), /expected either tdx or sev_snp, found both/);
});

test("virtio-mem, devices of the host, balloons and nodes are remarked", () => {
  const all = remarks(
    "--memory size=4G,hotplug_method=virtio-mem,hotplug_size=8G --device path=/sys/x --balloon size=1G --numa guest_numa_id=0 guest_numa_id=1 --cpus boot=$(nproc)",
  );
  for (const part of [
    "hotplug_size=8G by virtio-mem of 8GiB",
    "--device path=/sys/x: VFIO",
    "size=1G: pages that a balloon",
    "2 NUMA nodes",
    "only the shell that runs it knows $(nproc)",
  ])
    assert.ok(all.includes(part), part);
  assert.ok(
    !says("--memory size=4G,hotplug_method=virtio-mem,hotplug_size=8G").some((line) =>
      line.includes("maxMemory"),
    ),
  );
});

test("options with = and the form of old releases", () => {
  assert.ok(says("--memory=size=2G --cpus=4").includes("1 memory = 2GiB"));
  assert.ok(says("--memory=size=2G --cpus=4").includes("1 vcpus = 4"));
  assert.ok(
    says("--tdx firmware=tdshim --kernel bzImage").includes(
      "1 firmware.preset = td-shim (the name of the firmware's file)",
    ),
  );
});

const CONFIG = `{
  "cpus": {"boot_vcpus": 4, "max_vcpus": 4},
  "memory": {"size": 8589934592, "hotplug_size": null, "hotplug_method": "Acpi", "shared": true,
    "hugepages": true, "hugepage_size": 2097152, "prefault": false, "zones": null},
  "payload": {
    "firmware": null, "kernel": "/vm/vmlinux-6.12.30",
    "cmdline": "console=hvc0 root=/dev/vda1"
  },
  "disks": [{"path": "a.raw"}],
  "platform": {"num_pci_segments": 1, "tdx": false},
  "devices": [{"path": "/sys/bus/pci/devices/0000:01:00.0"}],
  "numa": null
}`;

test("the program in a variable, and several commands", () => {
  const script = "CH=./target/cloud-hypervisor\n$CH --version\n$CH --memory size=1G\n$CH --memory size=2G\n";
  assert.ok(CLOUD_HYPERVISOR.recognises(script));
  assert.ok(statementsOf(CLOUD_HYPERVISOR, script).includes("4 memory = 2GiB"));
  assert.match(
    remarksOf(CLOUD_HYPERVISOR, script).join("\n"),
    /^4 2 commands of cloud-hypervisor: the last one is read/m,
  );
});

test("a VmConfig of the API, alone and as vm.info has it", () => {
  const expected = [
    "2 vcpus = 4",
    "3 memory = 8GiB",
    "4 host.pageSize = 2MiB",
    "6 kernel = 6.12.30 (the name of the kernel's file)",
    "7 guest.commandLine = console=hvc0 root=/dev/vda1",
  ];
  const plain = [
    "1 vmm.kind = cloud-hypervisor",
    "1 platform.kind = none (a guest without either is not confidential)",
  ];
  assert.equal(statementsOf(CLOUD_HYPERVISOR_JSON, CONFIG), [...plain, ...expected]);
  assert.ok(
    statementsOf(CLOUD_HYPERVISOR_JSON, `{"config": ${CONFIG}, "state": "Running"}`).includes(
      "3 memory = 8GiB",
    ),
  );
  assert.match(remarksOf(CLOUD_HYPERVISOR_JSON, CONFIG).join("\n"), /11 a device of the host: VFIO/);
});

test("values of a VmConfig that are of another kind are refused at their place", () => {
  assert.throws(
    () => CLOUD_HYPERVISOR_JSON.read('{"memory": {"size": "8G"}}'),
    /^1:21: expected a whole number of at least 0 for size, found "8G"$/,
  );
  assert.throws(() => CLOUD_HYPERVISOR_JSON.read('{"payload": '), /^1:\d+: expected JSON/);
});

test("texts of other kinds are not taken for it", () => {
  for (const text of ["", "qemu-system-x86_64 -m 4G", "cloud-hypervisor v48.0", '{"payload": {}}'])
    assert.not.ok(CLOUD_HYPERVISOR.recognises(text), text);
  for (const text of [
    "",
    "{}",
    '{"machine-config": {}, "boot-source": {}}',
    "cloud-hypervisor --memory size=1G",
  ])
    assert.not.ok(CLOUD_HYPERVISOR_JSON.recognises(text), text);
  assert.ok(CLOUD_HYPERVISOR.recognises("cloud-hypervisor-v48 \\\n --memory size=1G"));
  assert.ok(CLOUD_HYPERVISOR_JSON.recognises(CONFIG));
});

test.run();
