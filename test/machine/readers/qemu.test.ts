import { suite } from "uvu";
import * as assert from "uvu/assert";
import { QEMU } from "../../../src/machine/readers/qemu.js";
import { remarksOf, statementsOf } from "../readings.js";

const test = suite("machine import: QEMU's command line");

const says = (options: string) => statementsOf(QEMU, `qemu-system-x86_64 ${options}`);
const remarks = (options: string) => remarksOf(QEMU, `qemu-system-x86_64 ${options}`);
const error = (options: string) => {
  try {
    QEMU.read(`qemu-system-x86_64 ${options}`);
    return "no error";
  } catch (thrown) {
    return (thrown as Error).message;
  }
};

const TD_SCRIPT = `#!/bin/bash
MEM=\${MEM:-24G}
ARGS=(-nographic -nodefaults)
ARGS+=(-m "$MEM",slots=4,maxmem=96G)
taskset -c 4-15 /opt/qemu/bin/qemu-system-x86_64 \\
  -accel kvm -cpu host -smp 12 "\${ARGS[@]}" \\
  -object '{"qom-type":"tdx-guest","id":"td","sept-ve-disable":true,"quote-generation-socket":{"type":"vsock","cid":"2","port":"4050"}}' \\
  -machine q35,kernel_irqchip=split,confidential-guest-support=td,hpet=off \\
  -bios /usr/share/ovmf/OVMF.inteltdx.fd \\
  -kernel /boot/vmlinuz-6.11.0-19-generic -append "console=ttyS0 accept_memory=lazy swiotlb=131072" \\
  -device virtio-net-pci,netdev=n0 -netdev user,id=n0 2>&1 | tee log
`;

test("a script that starts a TD", () => {
  assert.equal(statementsOf(QEMU, TD_SCRIPT), [
    "4 memory = 24GiB",
    "4 vmm.maxMemory = 96GiB",
    "4 vmm.slots = 4",
    "6 vcpus = 12",
    "7 platform.kind = tdx",
    "7 guest.septVeDisable = true",
    "8 vmm.kind = q35",
    "9 firmware.flavour = inteltdx (the name of the firmware's file)",
    "10 kernel = 6.11.0-19-generic (the name of the kernel's file)",
    "10 policy = lazy",
    "10 guest.commandLine = console=ttyS0 swiotlb=131072",
  ]);
});

const PS_LINE =
  "libvirt+  7731 99.0 6.1 9876 5432 ? Sl Nov28 88:01 /usr/bin/qemu-system-x86_64 -name guest=web7,debug-threads=on -S " +
  '-object {"qom-type":"secret","id":"masterKey0","format":"raw","file":"/var/lib/key.aes"} ' +
  "-machine pc-q35-10.0,usb=off,dump-guest-core=off,memory-backend=pc.ram,confidential-guest-support=lsec0 -accel kvm " +
  "-cpu EPYC-Milan -global ICH9-LPC.disable_s3=1 -m size=6291456k " +
  '-object {"qom-type":"memory-backend-memfd","id":"pc.ram","share":true,"size":6442450944} ' +
  "-smp 6,sockets=6,cores=1,threads=1 -kernel /vm/vmlinuz -append root=/dev/vda1 ro swiotlb=65536 " +
  '-object {"qom-type":"sev-snp-guest","id":"lsec0","cbitpos":51,"reduced-phys-bits":1,"policy":196608} ' +
  '-blockdev {"driver":"file","filename":"/usr/share/edk2/OVMF.amdsev.fd","node-name":"libvirt-pflash0-storage"} ' +
  '-device {"driver":"virtio-balloon-pci","id":"balloon0"} -msg timestamp=on';

test("a line of ps of a guest that libvirt started, JSON and an unquoted -append included", () => {
  assert.equal(statementsOf(QEMU, PS_LINE), [
    "1 vmm.kind = q35",
    "1 platform.kind = snp",
    "1 memory = 6GiB",
    "1 vcpus = 6",
    "1 firmware.flavour = amdsev (the name of the firmware's file)",
    "1 firmware.s3 = false",
    "1 guest.commandLine = root=/dev/vda1 ro swiotlb=65536",
  ]);
});

test("a log of libvirt has several starts, of which the last counts", () => {
  const start = (memory: string) =>
    `2026-11-0${memory} 09:00:00.000+0000: starting up libvirt version: 11.0.0, qemu version: 10.0.2\n` +
    `LC_ALL=C \\\nPATH=/usr/bin \\\n/usr/bin/qemu-system-x86_64 \\\n-name guest=a \\\n-machine pc-q35-10.0 \\\n-m ${memory}G\n` +
    "char device redirected to /dev/pts/1 (label charserial0)\ncan't do that\n";
  assert.ok(statementsOf(QEMU, start("2") + start("3")).includes("16 memory = 3GiB"));
  assert.match(
    remarksOf(QEMU, start("2") + start("3"))[0]!,
    /^14 2 commands of QEMU: the last one is read, which begins here$/,
  );
});

test("/proc/PID/cmdline", () => {
  assert.equal(
    statementsOf(
      QEMU,
      "qemu-system-x86_64\0-m\0" + "768\0-smp\0" + "2\0-M\0pc\0-append\0a b\0-kernel\0vmlinuz\0",
    ),
    [
      "1 vmm.kind = i440fx",
      "1 platform.kind = none (a machine without it is not confidential)",
      "1 memory = 768MiB (-m counts MiB where it has no letter)",
      "1 vcpus = 2",
      "1 guest.commandLine = a b",
    ],
  );
});

test("defaults of QEMU are said as such", () => {
  assert.equal(says("-nographic -enable-kvm"), [
    "1 vmm.kind = i440fx (pc, an i440fx, is QEMU's default for x86)",
    "1 platform.kind = none (a machine without it is not confidential)",
    "1 memory = 128MiB (QEMU's default)",
    "1 vcpus = 1 (QEMU's default)",
  ]);
});

test("sizes of RAM: MiB without a letter, rounded up to 8 KiB, and down to MiB for a scenario", () => {
  const memory = (m: string) => says(`-M q35 ${m}`).find((line) => line.includes("memory = "));
  assert.is(memory("-m 4096"), "1 memory = 4GiB (-m counts MiB where it has no letter)");
  assert.is(memory("-m size=67000"), "1 memory = 67000MiB (-m counts MiB where it has no letter)");
  assert.is(memory("-m 1.5G"), "1 memory = 1536MiB");
  assert.is(memory("-m 1048580k"), "1 memory = 1GiB (1073750016 bytes, rounded down to MiB)");
  assert.is(memory("-m 1G -m 2G"), "1 memory = 2GiB");
});

test("a memory backend says the RAM where -m does not, and both where they differ", () => {
  const backend = "-object memory-backend-memfd,id=r,size=8G -machine q35,memory-backend=r";
  const memory = (more: string) => says(`${backend} ${more}`).filter((line) => line.includes(" memory = "));
  assert.equal(memory(""), ["1 memory = 8GiB (no -m: the size of the machine's memory backend)"]);
  assert.equal(memory("-m 8G"), ["1 memory = 8GiB"]);
  assert.equal(memory("-m 4G"), [
    "1 memory = 4GiB",
    "1 memory = 8GiB (the size of the machine's memory backend, which QEMU wants to equal -m)",
  ]);
});

test("a window for memory to be plugged in is there only above the RAM", () => {
  assert.ok(says("-m 4G,slots=2,maxmem=8G").includes("1 vmm.maxMemory = 8GiB"));
  assert.ok(!says("-m 4G,slots=0,maxmem=4G").some((line) => line.includes("vmm.maxMemory")));
  assert.match(
    error("-m 4G,slots=2,maxmem=2G"),
    /^1:34: expected a maxmem of at least the RAM, 4GiB, found 2G$/,
  );
  assert.match(error("-m 4G,slots=2"), /^1:26: expected maxmem= where there are slots, found slots=2$/);
});

test("CPUs by number, by maximum and by topology", () => {
  const vcpus = (smp: string) => says(`-smp ${smp}`).find((line) => line.includes("vcpus"));
  assert.is(vcpus("6"), "1 vcpus = 6");
  assert.is(vcpus("cpus=4,maxcpus=16"), "1 vcpus = 4");
  assert.is(vcpus("maxcpus=16"), "1 vcpus = 16 (as many as maxcpus where cpus is not said)");
  assert.is(vcpus("sockets=2,cores=4,threads=2"), "1 vcpus = 16 (the product of the topology)");
  assert.is(vcpus("8,sockets=2"), "1 vcpus = 8");
  assert.ok(says("-smp 4,maxcpus=16").includes("1 guest.hotplugCpus = 12 (CPUs that can be plugged in)"));
});

test("CPUs that QEMU refuses are refused", () => {
  assert.match(error("-smp 4,maxcpus=2"), /^1:25: expected at most maxcpus=2, found 4$/);
  assert.match(
    error("-smp 8,sockets=3,cores=2,threads=1"),
    /expected a topology of 8 CPUs, found sockets=3,cores=2,threads=1$/,
  );
  assert.match(error("-smp 0"), /expected a whole number of at least 1 for cpus, found 0/);
});

test("a CPU that can be plugged in counts, and none where there are no more", () => {
  const spare = (smp: string): boolean =>
    says(`-smp ${smp}`).some((line) => line.includes("guest.hotplugCpus = 1 "));
  assert.ok(spare("4,maxcpus=5"));
  assert.not.ok(says("-smp 4,maxcpus=4").some((line) => line.includes("hotplugCpus")));
});

test("words of the kernel that cannot be simulated are left out, each with its reason", () => {
  const options = '-m 4G -bios f -kernel k -append "ro movable_node mem=lots quiet"';
  assert.ok(says(options).includes("1 guest.commandLine = ro quiet"));
  assert.match(
    remarks(options).join("\n"),
    /^1 movable_node: left out of guest.commandLine, since no memory/m,
  );
  assert.match(remarks(options).join("\n"), /^1 mem=lots: left out of guest.commandLine, expected a size/m);
});

test("the place of RAM: machine types and max-ram-below-4g", () => {
  const kind = (machine: string) => says(`-machine ${machine}`).filter((line) => line.includes("vmm."));
  assert.equal(kind("pc-q35-8.2"), ["1 vmm.kind = q35"]);
  assert.equal(kind("type=q35,max-ram-below-4g=1G"), ["1 vmm.kind = q35", "1 vmm.lowMemory = 1GiB"]);
  assert.equal(kind("pc-i440fx-jammy"), ["1 vmm.kind = i440fx"]);
  assert.equal(kind("pc"), ["1 vmm.kind = i440fx"]);
  assert.equal(kind("microvm"), [
    "1 vmm.kind = cloud-hypervisor (a microvm has RAM where cloud-hypervisor has it: at most 3 GiB below 4 GiB)",
  ]);
  assert.match(error("-machine virt"), /^1:29: expected a machine of x86: .*, found virt$/);
});

test("a TD needs its object, and an object its machine", () => {
  assert.match(
    error("-machine q35,confidential-guest-support=t0 -object tdx-guest,id=t1"),
    /^1:33: expected the id of an -object of type tdx-guest, sev-snp-guest or sev-guest, found t0$/,
  );
  assert.match(
    remarks("-machine q35 -object tdx-guest,id=t1").join("\n"),
    /no machine refers to it .* protects nothing/,
  );
});

test("SEV without SNP accepts nothing", () => {
  const options = "-machine q35,memory-encryption=s -object sev-guest,id=s,cbitpos=51,reduced-phys-bits=1";
  assert.ok(
    says(options).includes(
      "1 platform.kind = none (SEV without SNP accepts no memory; the nearest platform is none)",
    ),
  );
  assert.match(
    remarks(options).join("\n"),
    /sev-guest: its encryption and its bounce buffer are not simulated/,
  );
});

test("huge pages of the host back a plain guest, and only shared memory of a confidential one", () => {
  const pages = (options: string) => says(options).find((line) => line.includes("host.pageSize"));
  const backend = "-m 4G -machine q35,memory-backend=r -object memory-backend-memfd,id=r,size=4G,hugetlb=on";
  assert.match(pages(backend)!, /host.pageSize = 2MiB \(2 MiB is the usual size/);
  assert.is(pages(`${backend},hugetlbsize=1G`), "1 host.pageSize = 1GiB");
  assert.is(pages("-m 4G -mem-path /dev/hugepages1G"), "1 host.pageSize = 1GiB (the name of the folder)");
  const td =
    "-m 4G -machine q35,memory-backend=r,confidential-guest-support=t -object tdx-guest,id=t -object memory-backend-memfd,id=r,size=4G,hugetlb=on";
  assert.is(pages(td), undefined);
  assert.match(remarks(td).join("\n"), /hugetlb=on: huge pages of the host back only shared memory/);
  assert.match(
    error(`${backend},hugetlbsize=4M`),
    /expected 2M or 1G, the sizes of x86, for hugetlbsize, found 4M/,
  );
});

test("nodes of the guest add up to its RAM, or both are said", () => {
  const nodes =
    "-object memory-backend-ram,id=a,size=2G,host-nodes=0,policy=bind -object memory-backend-ram,id=b,size=3G -numa node,memdev=a -numa node,memdev=b";
  assert.equal(
    says(`-m 5G ${nodes}`).filter((line) => line.includes(" memory")),
    ["1 memory = 5GiB"],
  );
  assert.equal(
    says(`-m 4G ${nodes}`).filter((line) => line.includes(" memory")),
    ["1 memory = 4GiB", "1 memory = 5GiB (the sum of 2 nodes, which QEMU wants to equal -m)"],
  );
  assert.match(
    remarks(`-m 5G ${nodes}`).join("\n"),
    /2 NUMA nodes \(2GiB, 3GiB\): a scenario says them by their addresses/,
  );
  assert.match(remarks(`-m 5G ${nodes}`).join("\n"), /host-nodes=0 \(bind\)/);
});

test("memory that is pinned, backed early or plugged in is remarked", () => {
  const all = remarks(
    "-m 4G,slots=1,maxmem=8G -mem-prealloc -overcommit mem-lock=on -device vfio-pci,host=01:00.0 " +
      "-object memory-backend-ram,id=d,size=1G -device pc-dimm,id=dimm0,memdev=d -device virtio-balloon,free-page-reporting=on " +
      "-cpu host,phys-bits=46 -accel tcg -initrd i.img -fw_cfg opt/ovmf/X-PciMmio64Mb,string=65536",
  ).join("\n");
  for (const part of [
    "-mem-prealloc: the host backs all RAM before the guest starts",
    "mem-lock=on",
    "-device vfio-pci: VFIO pins",
    "-device pc-dimm of 1GiB: memory besides",
    "-device virtio-balloon: pages that a balloon",
    "-cpu phys-bits=46",
    "-accel tcg: prices are those of a guest under KVM",
    "i.img: the initrd",
    "-fw_cfg opt/ovmf/X-PciMmio64Mb",
  ])
    assert.ok(all.includes(part), part);
});

test("options without bearing are counted in one remark", () => {
  assert.equal(remarks("-m 4G -bios OVMF_202402.fd -nographic -device e1000 -device nvme -name x"), [
    "1 without bearing on memory, CPUs and acceptance: -nographic, -device (2 times), -name",
  ]);
});

test("what only a shell knows is not replaced by a default", () => {
  const text = "-smp $(nproc) -m $SIZE -machine $TYPE";
  assert.equal(says(text), []);
  assert.match(
    remarks(text)[0]!,
    /-smp \$\(nproc\): only the shell that runs it knows \$\(nproc\), so nothing is taken/,
  );
});

test("firmware by its file: td-shim, a release, SeaBIOS", () => {
  const firmware = (options: string) => says(`-m 4G ${options}`).filter((line) => line.includes("firmware"));
  assert.equal(firmware("-bios td-shim-final.bin"), [
    "1 firmware.preset = td-shim (the name of the firmware's file)",
  ]);
  assert.equal(
    firmware(
      "-drive if=pflash,format=raw,readonly=on,file=/fw/OVMF_CODE_4M-20240524.fd -drive if=pflash,file=OVMF_VARS.fd",
    ),
    ["1 firmware.version = 2024.05 (the name of the firmware's file)"],
  );
  assert.match(
    remarks("-m 4G -kernel k").join("\n"),
    /no -bios and no pflash: QEMU's own SeaBIOS, which starts k without EFI/,
  );
});

test("an option that QEMU does not have is refused with the nearest", () => {
  assert.is(error("-smpp 4"), "1:20: expected an option of QEMU, did you mean -smp?, found -smpp");
  assert.is(error("-smp"), "1:20: expected a value after -smp, found the end of the command");
});

test("the program in a variable, in a unit of systemd, and as Proxmox starts it", () => {
  const memory = (text: string): string | undefined => {
    assert.ok(QEMU.recognises(text), text);
    return statementsOf(QEMU, text).find((line) => line.includes(" memory = "));
  };
  assert.is(memory("QEMU=/opt/qemu-system-x86_64\nexec $QEMU -m 3G"), "2 memory = 3GiB");
  assert.is(
    memory("[Service]\nExecStart=-/usr/bin/qemu-system-x86_64 -m 3G \\\n  -smp 2\n"),
    "2 memory = 3GiB",
  );
  const proxmox =
    "/usr/bin/kvm \\\n  -id 104 \\\n  -smp '2,sockets=1,cores=2,maxcpus=2' \\\n  -m 3072 \\\n  -machine 'type=pc+pve0'\n";
  assert.is(memory(proxmox), "4 memory = 3GiB (-m counts MiB where it has no letter)");
  assert.ok(statementsOf(QEMU, proxmox).includes("5 vmm.kind = i440fx"));
});

test("a command that cannot be found is refused, not read as nothing", () => {
  assert.throws(
    () => QEMU.read("ssh host 'qemu-system-x86_64 -m 4G'"),
    /^1:1: expected a command of QEMU that starts a guest, found none$/,
  );
});

test("texts of other kinds are not taken for it", () => {
  for (const text of [
    "[    0.0] DMI: QEMU Standard PC (Q35 + ICH9, 2009)",
    "<emulator>/usr/bin/qemu-system-x86_64</emulator>",
    'path = "/usr/bin/qemu-system-x86_64"\n',
    "x86/split lock detection: #AC: qemu-system-x86/1234 took a trap",
    "",
  ])
    assert.not.ok(QEMU.recognises(text), text);
  for (const text of [TD_SCRIPT, PS_LINE, "kvm -m 4G", "qemu-kvm\0-m\0" + "4G\0"])
    assert.ok(QEMU.recognises(text), text);
});

test.run();
