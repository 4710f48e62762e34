import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import { efiOfBootLog } from "../../src/x86/efi-boot-log.js";

const test = suite("x86: the firmware's map in a boot log");

const NONE = "|   |  |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC]";
const LOG = `
[    0.000000] efi: EFI v2.7 by EDK II
[    0.000000] efi: SMBIOS=0x7f918000 ACPI=0x7fb7e000 ACPI 2.0=0x7fb7e014 MEMATTR=0x7e672198 Unaccepted=0x7fb74018 
[    0.000000] efi: mem00: [Conventional${NONE} range=[0x0000000000000000-0x0000000000086fff] (0MB)
[    0.000000] efi: mem01: [Boot Data   ${NONE} range=[0x0000000000087000-0x0000000000087fff] (0MB)
[    0.000000] efi: mem02: [Unaccepted  ${NONE} range=[0x0000000100000000-0x000000017fffffff] (2048MB)
[    0.000000] efi: mem100: [MMIO        |RUN|  |  |  |SP|  |  |  |  |  |   |  |  |  |UC] range=[0x00000000ffc00000-0x00000000ffffffff] (4MB)
[    0.065103] efi: EFI runtime memory map:
[    0.065601] efi: mem00: [MMIO        |RUN|  |  |  |  |  |  |  |  |  |   |  |  |  |UC] range=[0x00000000ffc00000-0x00000000ffffffff] (4MB)
[    0.121204] efi: memattr: Processing EFI Memory Attributes table:
[    0.121628] efi: memattr:  0x000000812000-0x000000812fff [Runtime Data|RUN|  |  |  |  |  |XP|  |  |  |   |  |  |  |  ]
[    0.122133] efi: memattr:  0x00007ee17000-0x00007eed7fff [Runtime Data|RUN|  |  |  |  |  |XP|  |  |  |   |  |  |  |  ]
`;

test("descriptors are read with type, range and what the kernel looks at of their attributes", () => {
  const plain = { isRuntime: false };
  assert.equal(efiOfBootLog(LOG)!.descriptors, [
    { type: EfiMemoryType.CONVENTIONAL, start: 0, end: 0x87000, ...plain },
    { type: EfiMemoryType.BOOT_SERVICES_DATA, start: 0x87000, end: 0x88000, ...plain },
    { type: EfiMemoryType.UNACCEPTED, start: 0x1_0000_0000, end: 0x1_8000_0000, ...plain },
    {
      type: EfiMemoryType.MEMORY_MAPPED_IO,
      start: 0xffc0_0000,
      end: 0x1_0000_0000,
      isRuntime: true,
      isSpecialPurpose: true,
    },
  ]);
});

test("the map of the runtime services, which is printed later, is another one", () => {
  assert.is(efiOfBootLog(LOG)!.runtimeMap.length, 1);
});

test("configuration tables have the names that the kernel prints, one of them with a space", () => {
  assert.equal(Object.fromEntries(efiOfBootLog(LOG)!.tables), {
    SMBIOS: 0x7f918000,
    ACPI: 0x7fb7e000,
    "ACPI 2.0": 0x7fb7e014,
    MEMATTR: 0x7e672198,
    Unaccepted: 0x7fb74018,
  });
});

test("memory attributes are counted by their lines", () => {
  assert.is(efiOfBootLog(LOG)!.memoryAttributes, 2);
});

test("a log without the map, or with a type that nobody knows, has none", () => {
  assert.is(efiOfBootLog("[    0.000000] efi: EFI v2.7 by EDK II\n"), undefined);
  assert.is(efiOfBootLog(LOG.replace("Unaccepted  |", "type=20|")), undefined);
});

test.run();
