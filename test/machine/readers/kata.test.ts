import { suite } from "uvu";
import * as assert from "uvu/assert";
import { KATA } from "../../../src/machine/readers/kata.js";
import { remarksOf, statementsOf } from "../readings.js";

const test = suite("machine import: Kata's configuration");

const TDX = `# made for a test
[hypervisor.qemu]
path = "/opt/kata/bin/qemu-system-x86_64-tdx-experimental"
kernel = "/opt/kata/share/kata-containers/vmlinuz-6.16.7-173-confidential"
image = "/opt/kata/share/kata-containers/kata-containers-confidential.img"
machine_type = "q35"
rootfs_type = "ext4"
confidential_guest = true
kernel_params = "cgroup_no_v1=all swiotlb=262144 accept_memory=eager"
firmware = "/opt/kata/share/ovmf/OVMF.inteltdx.fd"
default_vcpus = 1.5
default_maxvcpus = 240
default_memory = 66200
memory_slots = 4
default_maxmemory = 131072
enable_hugepages = true
cold_plug_vfio = "root-port"
tdx_quote_generation_service_socket_port = 4050

[agent.kata]
dial_timeout = 60

[runtime]
static_sandbox_resource_mgmt = true
`;

test("a TD, whose RAM Kata rounds up", () => {
  assert.equal(statementsOf(KATA, TDX), [
    "4 kernel = 6.16.7-173-confidential (the name of the kernel's file)",
    "6 vmm.kind = q35",
    "9 policy = eager",
    "9 guest.commandLine = cgroup_no_v1=all swiotlb=262144 (Kata puts words of its own before them)",
    "10 firmware.flavour = inteltdx (the name of the firmware's file)",
    "11 vcpus = 2 (rounded up)",
    "13 memory = 65GiB (rounded up to GiB, as Kata does for TDX since 2026-02)",
    "14 vmm.slots = 4",
    "15 vmm.maxMemory = 128GiB",
    "18 platform.kind = tdx (confidential, and a setting that only TDX has)",
  ]);
  const all = remarksOf(KATA, TDX).join("\n");
  for (const part of [
    "2 2 other settings of the hypervisor",
    "12 default_maxvcpus = 240: how many CPUs could be plugged in, the file does not settle",
    "16 enable_hugepages = true: huge pages of the host back only shared memory",
    '17 cold_plug_vfio = "root-port": VFIO pins',
    "24 static_sandbox_resource_mgmt: the guest starts with what",
  ])
    assert.ok(all.includes(part), part);
});

const says = (inner: string, name = "qemu") => statementsOf(KATA, `[hypervisor.${name}]\n${inner}`);
const remarks = (inner: string, name = "qemu") =>
  remarksOf(KATA, `[hypervisor.${name}]\n${inner}`).join("\n");

test("an SNP guest, and one that nothing tells", () => {
  assert.ok(says("confidential_guest = true\nsev_snp_guest = true").includes("3 platform.kind = snp"));
  assert.ok(!says("confidential_guest = true").some((line) => line.includes("platform.kind")));
  assert.match(remarks("confidential_guest = true"), /the runtime takes what the host offers, TDX or SEV/);
});

test("defaults of Kata are said as such", () => {
  assert.equal(says(""), [
    "1 vmm.kind = q35 (Kata's default for machine_type)",
    "1 platform.kind = none (false, which is Kata's default)",
    "1 memory = 2GiB (Kata's default)",
    "1 vcpus = 1 (Kata's default)",
  ]);
  assert.match(remarks(""), /default_maxmemory is 0: as much as the host has can be plugged in/);
});

test("memory is rounded only for TDX, from 61 GiB on", () => {
  const memory = (inner: string) => says(inner).find((line) => line.includes(" memory = "));
  assert.is(memory("default_memory = 67000"), "2 memory = 67000MiB");
  assert.is(
    memory('default_memory = 62463\nconfidential_guest = true\nfirmware = "TDVF.fd"'),
    "2 memory = 62463MiB",
  );
  assert.is(
    memory('default_memory = 65535\nconfidential_guest = true\nfirmware = "TDVF.fd"'),
    "2 memory = 64GiB (rounded up to GiB, as Kata does for TDX since 2026-02)",
  );
});

test("other hypervisors", () => {
  assert.ok(says("default_memory = 512", "clh").includes("1 vmm.kind = cloud-hypervisor"));
  assert.ok(says("default_memory = 512", "firecracker").includes("1 vmm.kind = firecracker"));
  assert.ok(!says("default_memory = 512", "dragonball").some((line) => line.includes("vmm.kind")));
  assert.match(
    remarks("", "dragonball"),
    /\[hypervisor.dragonball\]: the place of its RAM is none of vmm.kind/,
  );
  const two =
    '[hypervisor.qemu]\ndefault_memory = 1024\n[hypervisor.clh]\ndefault_memory = 4096\n[runtime]\nhypervisor_name = "clh"';
  assert.ok(statementsOf(KATA, two).includes("4 memory = 4GiB"));
  assert.match(remarksOf(KATA, two).join("\n"), /2 hypervisors \(qemu, clh\): that of clh is read/);
});

test("values that Kata refuses are refused at their place", () => {
  const error = (inner: string) => () => KATA.read(`[hypervisor.qemu]\n${inner}`);
  assert.throws(
    error('default_memory = "2G"'),
    /^2:18: expected a whole number of at least 0 for default_memory, found "2G"$/,
  );
  assert.throws(
    error("confidential_guest = 1"),
    /^2:22: expected true or false for confidential_guest, found 1$/,
  );
  assert.throws(error('machine_type = "virt"'), /^2:16: expected a machine of x86/);
  assert.throws(error("default_memory = @DEFMEMSZ@"), /^2:18: expected TOML, found /);
});

test("CPUs by number, and as many as the host has", () => {
  assert.ok(
    says("default_vcpus = 4\ndefault_maxvcpus = 6").includes(
      "3 guest.hotplugCpus = 2 (CPUs that can be plugged in)",
    ),
  );
  assert.match(remarks("default_maxvcpus = 0"), /default_maxvcpus = 0: how many CPUs could be plugged in/);
  assert.ok(says("default_vcpus = 4").includes("2 vcpus = 4"));
  assert.ok(!says("default_vcpus = -1").some((line) => line.includes("vcpus")));
  assert.match(remarks("default_vcpus = -1"), /as many as the host has/);
});

test("texts of other kinds are not taken for it", () => {
  for (const text of ["", "[hypervisor]\n", "see [hypervisor.qemu] there", '{"hypervisor.qemu": 1}'])
    assert.not.ok(KATA.recognises(text), text);
  assert.ok(KATA.recognises(TDX));
});

test.run();
