/**
 * Named starting points, written in the language of a scenario file. A file picks
 * them with `preset:` and `machine:` and overrides what it likes; the defaults lie
 * below everything. Each says where its numbers come from.
 */

/** A preset with the origin of its values. */
export interface Preset {
  /** Anything but what makes a scenario its own: name, description, workload, preset and machine. */
  readonly document: object;
  /** Where the values come from, or `assumption` and why. */
  readonly source: string;
}

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
