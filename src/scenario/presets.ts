/**
 * Named starting points, written in the language of a scenario file. A file picks
 * them with `preset:` and `machine:` and overrides what it likes; `DEFAULTS` lies
 * below everything. Each says where its numbers come from.
 */

import type { ScenarioDocument } from "./document.js";

/** What a preset may say: anything but what makes a scenario its own. */
type PresetDocument = Omit<ScenarioDocument, "name" | "description" | "workload" | "preset" | "machine">;

/** A preset with the origin of its values. */
export interface Preset {
  readonly document: PresetDocument;
  /** Where the values come from, or `assumption` and why. */
  readonly source: string;
}

/**
 * What holds where neither the file nor a preset says otherwise.
 * - policy, kernel: Linux accepts lazily unless told `accept_memory=eager` (6.12
 *   mm/page_alloc.c: accept_memory_parse).
 * - host: KVM maps private TDX memory with 4 KiB pages (TDX as merged in 6.16), and guest_memfd
 *   allocates order 0 (6.12 virt/kvm/guest_memfd.c: kvm_gmem_get_folio); QEMU prefaults on
 *   a page state change only since commit 4cdc489eb9 (2025).
 * - contiguity: assumption; 1 leaves the page size alone in command.
 * - dynamicPamt: off, as in Linux 6.16; the feature is a patch series of 2025.
 * - keepsConverted: QEMU gives converted memory back (accel/kvm/kvm-all.c: kvm_convert_memory).
 * - septVeDisable: Linux refuses to run otherwise (6.12 arch/x86/coco/tdx/tdx.c: disable_sept_ve),
 *   but for policies that live on the exception; so the policy decides.
 * - svsm, coherencyErratum: assumption; a guest without either is the simpler one.
 * - firmware: both TDVF and OVMF accept everything below 4 GiB (edk2 c5aa7e7
 *   OvmfPkg/IntelTdx/TdxHelperLib/SecTdxHelper.c, OvmfPkg/PlatformPei/AmdSev.c).
 * - preAcceptBy: a VMM loads what the firmware's metadata names, and leaves RAM to the firmware (QEMU
 *   target/i386/kvm/tdx.c: tdx_finalize_vm; target/i386/sev.c: snp_populate_metadata_pages).
 * - unacceptedMemory, bootLoader: as every distribution boots Linux since 6.5, through its EFI stub.
 * - shareWithoutAccept: Linux accepts whatever it allocates (6.12 mm/memblock.c: memblock_alloc_range_nid).
 * - decryptedSection: Linux shares the GHCB page of each CPU by itself (6.12 arch/x86/coco/sev/core.c: init_ghcb).
 * - record: drivers/firmware/efi/unaccepted_memory.c, 6.5 and later.
 * - staysInAccepted: memblock does not ask what is accepted when it looks for a place (6.12 mm/memblock.c:
 *   memblock_find_in_range_node).
 * - splitTables: 6.12 arch/x86/mm/init.c: alloc_low_pages, arch/x86/mm/pat/set_memory.c: split_large_page.
 * - splitRaces: off; how often CPUs meet at one leaf depends on what they do.
 * - dmaBuffers: assumption; drivers of virtio devices share what they allocate, how much depends on them.
 * - kaslr: off, as in the recorded guests, whose addresses can be compared then.
 * - vcpus, seed, transparentHugePages: assumption; one CPU because that is the guest whose
 *   requests can be compared one by one, huge pages as with THP `always`.
 */
export const DEFAULTS: PresetDocument = {
  policy: "lazy",
  kernel: "6.12",
  vcpus: 1,
  seed: 1,
  host: { pageSize: "4KiB", contiguity: 1, prefault: false, dynamicPamt: false, keepsConverted: false },
  firmware: {
    preset: "auto",
    preAcceptBy: "firmware",
    acceptAll: false,
    acceptOnDemand: false,
    highMemory: "type-15",
  },
  guest: {
    transparentHugePages: true,
    commandLine: "",
    svsm: false,
    coherencyErratum: false,
    unacceptedMemory: "asks",
    bootLoader: "stub",
    kaslr: false,
    checksAcpiMemory: true,
    shareWithoutAccept: false,
    decryptedSection: false,
    record: "bitmap",
    staysInAccepted: false,
    splitTables: "by-phase",
    splitRaces: false,
    dmaBuffers: 0,
  },
};

/** Platform, firmware and host together, for `preset:`. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  "tdx-tdvf": {
    document: {
      platform: { kind: "tdx" },
      firmware: { preset: "tdvf", preAcceptLimit: "4GiB" },
      host: { pageSize: "4KiB", prefault: false },
    },
    source:
      "edk2 c5aa7e7 OvmfPkg/IntelTdx/TdxHelperLib/SecTdxHelper.c (AcceptMemoryEndAddress 4 GiB); " +
      "KVM TDX as merged in Linux 6.16 maps private memory with 4 KiB pages",
  },
  "snp-ovmf": {
    document: {
      platform: { kind: "snp" },
      firmware: { preset: "ovmf-snp", preAcceptLimit: "4GiB" },
      host: { pageSize: "4KiB", prefault: false },
    },
    source:
      "edk2 c5aa7e7 OvmfPkg/PlatformPei/AmdSev.c and OvmfPkg/AmdSevDxe/AmdSevDxe.c; " +
      "Linux 6.12 virt/kvm/guest_memfd.c allocates order 0; QEMU before commit 4cdc489eb9 does not prefault",
  },
  plain: {
    document: {
      platform: { kind: "none" },
      firmware: { preset: "ovmf" },
      host: { pageSize: "4KiB", prefault: false },
    },
    source:
      "assumption: a guest without memory acceptance; host pages of 4 KiB, so that it differs from the " +
      "confidential presets in nothing but its protection",
  },
};

/** Sizes of guests, for `machine:`. */
export const MACHINES: Readonly<Record<string, Preset>> = {
  small: {
    document: { memory: "4GiB", vcpus: 1 },
    source:
      "the smaller guest of the cover letter of Linux's unaccepted-memory series (linux-efi, 2022); " +
      "its CPU count is not stated, one is an assumption",
  },
  medium: {
    document: { memory: "64GiB", vcpus: 8 },
    source: "the SNP guest of github.com/AMDESE/AMDSEV issue 225 (2024)",
  },
  large: {
    document: { memory: "96GiB", vcpus: 32 },
    source: "the largest TDX guest of github.com/intel/lkvs BM/tdx-guest/tdx_mem_test.sh (2024)",
  },
  wide: {
    document: { memory: "32GiB", vcpus: 248 },
    source: "the TDX guest of github.com/Dstack-TEE/dstack pull request 1220 (2026)",
  },
  huge: {
    document: { memory: "800GiB", vcpus: 32 },
    source:
      "the GPU guest of github.com/kata-containers/kata-containers issue 13535 (2026); its CPU count is " +
      "not stated, 32 is an assumption",
  },
};
