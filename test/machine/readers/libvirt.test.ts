import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LIBVIRT } from "../../../src/machine/readers/libvirt.js";
import { remarksOf, statementsOf } from "../readings.js";

const test = suite("machine import: a domain of libvirt");

const domain = (inner: string) => `<domain type='kvm'>\n${inner}\n</domain>`;
const says = (inner: string) => statementsOf(LIBVIRT, domain(inner));
const remarks = (inner: string) => remarksOf(LIBVIRT, domain(inner)).join("\n");
const error = (inner: string) => {
  try {
    LIBVIRT.read(domain(inner));
    return "no error";
  } catch (thrown) {
    return (thrown as Error).message;
  }
};
const RAM = "<memory>1048576</memory>";

const TD = `<domain type='kvm' id='7' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>td-build</name>
  <memory unit='GiB'>48</memory>
  <currentMemory unit='GiB'>48</currentMemory>
  <memoryBacking>
    <source type='anonymous'/>
    <access mode='private'/>
  </memoryBacking>
  <vcpu placement='static' current='24'>32</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-10.1'>hvm</type>
    <loader type='rom' readonly='yes'>/usr/share/edk2/ovmf/OVMF.inteltdx.fd</loader>
    <kernel>/boot/vmlinuz-6.16.3</kernel>
    <cmdline>console=hvc0 accept_memory=eager</cmdline>
  </os>
  <pm>
    <suspend-to-mem enabled='no'/>
  </pm>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <interface type='network'/>
    <memballoon model='none'/>
  </devices>
  <launchSecurity type='tdx'>
    <policy>0x10000000</policy>
    <quoteGenerationService/>
  </launchSecurity>
</domain>
`;

test("a TD as virsh dumpxml prints it", () => {
  assert.equal(statementsOf(LIBVIRT, TD), [
    "3 memory = 48GiB",
    "9 vcpus = 24",
    "9 guest.hotplugCpus = 8 (CPUs that can be plugged in)",
    "11 vmm.kind = q35",
    "12 firmware.flavour = inteltdx (the name of the firmware's file)",
    "13 kernel = 6.16.3 (the name of the kernel's file)",
    "14 policy = eager",
    "14 guest.commandLine = console=hvc0",
    "24 platform.kind = tdx",
    "25 guest.septVeDisable = true (bit 28 of the policy)",
  ]);
  assert.match(remarksOf(LIBVIRT, TD).join("\n"), /suspend-to-mem>: the image for TDX has no code for S3/);
});

const SNP = `<domain type='kvm'>
  <name>cvm3</name>
  <maxMemory slots='16' unit='KiB'>67108864</maxMemory>
  <memory unit='KiB'>17825792</memory>
  <vcpu>16</vcpu>
  <os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type></os>
  <cpu mode='host-passthrough'>
    <maxphysaddr mode='passthrough' limit='46'/>
    <numa><cell id='0' cpus='0-15' memory='16777216' unit='KiB'/></numa>
  </cpu>
  <pm><suspend-to-mem enabled='no'/></pm>
  <devices>
    <memory model='dimm'><target><size unit='KiB'>1048576</size><node>0</node></target></memory>
    <hostdev mode='subsystem' type='pci' managed='yes'/>
    <memballoon model='virtio' freePageReporting='on'/>
  </devices>
  <launchSecurity type='sev-snp' kernelHashes='yes'><policy>0x00030000</policy></launchSecurity>
</domain>`;

test("an SNP guest with a window, a node and a device of memory", () => {
  assert.equal(statementsOf(LIBVIRT, SNP), [
    "3 vmm.maxMemory = 64GiB",
    "3 vmm.slots = 16",
    "5 vcpus = 16",
    "6 vmm.kind = q35",
    "9 memory = 16GiB (the RAM of the guest's node)",
    "11 firmware.s3 = false",
    "17 platform.kind = snp",
  ]);
  const all = remarksOf(LIBVIRT, SNP).join("\n");
  for (const part of [
    '6 firmware="efi": libvirt chooses the image',
    "8 <maxphysaddr>",
    '13 <memory model="dimm"> of 1GiB: memory besides',
    '14 <hostdev type="pci">: VFIO pins',
    "15 <memballoon freePageReporting>",
    "17 kernelHashes",
  ])
    assert.ok(all.includes(part), part);
});

test("memory counts devices of memory, and is in KiB without a unit", () => {
  const memory = (inner: string) => says(inner).find((line) => line.includes(" memory = "));
  assert.is(memory("<memory>4194304</memory>"), "2 memory = 4GiB");
  assert.is(
    memory("<memory unit='GB'>4</memory>"),
    "2 memory = 3815MiB (rounded up to MiB, as libvirt does)",
  );
  assert.is(
    memory(
      "<memory unit='G'>6</memory><devices><memory model='dimm'><target><size unit='GiB'>2</size></target></memory></devices>",
    ),
    "2 memory = 4GiB (without the 2GiB of devices of memory)",
  );
});

test("sizes that libvirt refuses are refused at their element", () => {
  assert.match(
    error("<memory unit='Gib it'>4</memory>"),
    /^2:1: expected a unit such as KiB, MiB or GB, found Gib it$/,
  );
  assert.match(
    error("<memory>4.5</memory>"),
    /^2:1: expected a whole number in <memory>, below 2\^53 bytes, found 4.5$/,
  );
  assert.match(error("<vcpu>2</vcpu>"), /^1:1: expected an element <memory>, found none$/);
  assert.match(
    error(`${RAM}<maxMemory>1024</maxMemory>`),
    /^2:25: expected a maxMemory of at least the memory, 1GiB, found 1024$/,
  );
  assert.match(error(`${RAM}<vcpu current='4'>2</vcpu>`), /^2:25: expected at most 2 in current, found 4$/);
});

test("huge pages back a plain guest, and only shared memory of a confidential one", () => {
  const pages = (inner: string) => says(RAM + inner).find((line) => line.includes("host.pageSize"));
  const huge =
    "<memoryBacking><hugepages><page size='1' unit='G'/></hugepages><locked/><allocation mode='immediate'/></memoryBacking>";
  assert.is(pages(huge), "2 host.pageSize = 1GiB");
  assert.match(
    pages("<memoryBacking><hugepages/></memoryBacking>")!,
    /host.pageSize = 2MiB \(2 MiB is the usual/,
  );
  assert.is(pages(`${huge}<launchSecurity type='tdx'/>`), undefined);
  assert.match(remarks(`${RAM}${huge}`), /<allocation mode="immediate">: the host backs all RAM before/);
  assert.match(remarks(`${RAM}${huge}`), /<locked>/);
  assert.match(
    error(`${RAM}<memoryBacking><hugepages><page size='4'/></hugepages></memoryBacking>`),
    /expected a page of 2 MiB or 1 GiB/,
  );
});

test("options for QEMU are added, and nothing is taken for a default of it", () => {
  const inner = `${RAM}<os><type machine='pc'>hvm</type></os>
<qemu:commandline xmlns:qemu='q'>
  <qemu:arg value='-object'/>
  <qemu:arg value='tdx-guest,id=t0'/>
  <qemu:arg value='-machine'/>
  <qemu:arg value='confidential-guest-support=t0,max-ram-below-4g=1G'/>
</qemu:commandline>`;
  assert.equal(
    says(inner),
    [
      "2 memory = 1GiB",
      "2 vmm.kind = i440fx",
      "5 platform.kind = tdx",
      "7 vmm.lowMemory = 1GiB",
      "1 vcpus = 1 (libvirt's default)",
    ].toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
  );
});

test("SEV without SNP, other kinds of protection, processors and hypervisors", () => {
  assert.ok(
    says(`${RAM}<launchSecurity type='sev'/>`).includes(
      "2 platform.kind = none (SEV without SNP accepts no memory; the nearest platform is none)",
    ),
  );
  assert.match(
    error(`${RAM}<launchSecurity type='s390-pv'/>`),
    /expected launchSecurity of type tdx, sev-snp or sev, found s390-pv/,
  );
  assert.match(
    error(`${RAM}<os><type arch='aarch64' machine='virt'>hvm</type></os>`),
    /expected a machine of x86_64, found arch "aarch64"/,
  );
  assert.throws(
    () => LIBVIRT.read("<domain type='xen'/>"),
    /^1:1: expected a domain of type "kvm" or "qemu", found type "xen"$/,
  );
  assert.throws(() => LIBVIRT.read("<network/>"), /^1:1: expected an element <domain>, found <network>$/);
});

test("the state of a running guest and a snapshot have their domain within", () => {
  const state = `<domstatus state='running'>\n<domain type='kvm'>${RAM}</domain></domstatus>`;
  assert.ok(LIBVIRT.recognises(state));
  assert.ok(statementsOf(LIBVIRT, state).includes("2 memory = 1GiB"));
});

test("texts of other kinds are not taken for it", () => {
  for (const text of ["", "<html><body>domain</body></html>", "qemu-system-x86_64 -m 4G", "[ 0.0] <domain>"])
    assert.not.ok(LIBVIRT.recognises(text), text);
  assert.ok(LIBVIRT.recognises(TD));
});

test.run();
