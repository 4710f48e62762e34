/**
 * Everything that costs time, as one list of numbers. Rooms that change state charge
 * events on a ledger; only the price list of a platform turns them into time, so one run
 * can be priced twice, or not at all.
 */

export const CostEvent = {
  /** TDX: a TDG.MEM.PAGE.ACCEPT that succeeded, at any page size, without its zeroing and its exit. */
  tdcall: 0,
  /** TDX: an accept that failed because the host has mapped smaller pages (PAGE_SIZE_MISMATCH). */
  tdcallMismatch: 1,
  /** TDX: an accept of a page that was accepted before (PAGE_ALREADY_ACCEPTED). */
  tdcallAlreadyAccepted: 2,
  /** TDX: an accept left the guest, and the host allocated and mapped 4 KiB. */
  eptViolation4k: 3,
  /** TDX: the same with 2 MiB. */
  eptViolation2m: 4,
  /** TDX: the same with 1 GiB. */
  eptViolation1g: 5,
  /** TDX: the module cleared 4 KiB with the guest's key as part of an accept. */
  acceptZero4k: 6,
  /** TDX: the same with 2 MiB. */
  acceptZero2m: 7,
  /** TDX: the same with 1 GiB. */
  acceptZero1g: 8,
  /** TDX: the host added a page to the secure EPT (TDH.MEM.SEPT.ADD). */
  septAdd: 9,
  /** SNP: a VMGEXIT that asks for page state changes, by GHCB or by MSR protocol. */
  vmgexitPsc: 10,
  /** SNP: the host kernel left to the VMM for a run of page state changes, and came back. */
  userExit: 11,
  /** SNP: a KVM_SET_MEMORY_ATTRIBUTES, without its cost for each page. */
  attributeSet: 12,
  /** SNP: one 4 KiB page of a KVM_SET_MEMORY_ATTRIBUTES. */
  attributeSetPage: 13,
  /** SNP: a nested page fault; the host allocated, assigned and mapped 4 KiB. */
  npf4k: 14,
  /** SNP: the same with 2 MiB. */
  npf2m: 15,
  /** SNP: the VMM made the host back and map 4 KiB before the guest touched it. */
  prefault4k: 16,
  /** SNP: the same with 2 MiB. */
  prefault2m: 17,
  /** SNP: a PVALIDATE of 4 KiB. */
  pvalidate4k: 18,
  /** SNP: a PVALIDATE of 2 MiB. */
  pvalidate2m: 19,
  /** SNP: a PVALIDATE of 2 MiB that failed on 4 KiB entries (FAIL_SIZEMISMATCH). */
  pvalidateMismatch: 20,
  /** SNP: the host split 2 MiB of its direct map ahead of the first 4 KiB RMPUPDATE in it. */
  directMapSplit: 21,
  /** SNP: the guest read a validated 4 KiB page's first and last line (coherency erratum). */
  evictTouch4k: 22,
  /** Guest: one `struct page` initialised. */
  initStructPage: 23,
  /** The VMM starts: memory set up, measured pages loaded, up to the first guest instruction. */
  launch: 24,
  /** Firmware, up to ExitBootServices, without accepting memory, where its phases have no prices of their own. */
  firmwareFixed: 25,
  /** The guest's own work: one nanosecond of it as recorded. */
  guestWork: 26,
  /**
   * TDX: one exit of the guest held up by one other CPU that is online, idle and takes its timer tick, while 247
   * are; beside fewer it counts for the less (`idleCpuDelays`).
   */
  idleCpuDelay: 27,
  /** TDX: a MapGPA request of the guest (TDG.VP.VMCALL), to the VMM and back. */
  mapGpa: 28,
  /** TDX: the host took a page away from the guest (RANGE.BLOCK, TRACK, PAGE.REMOVE). */
  septRemove: 29,
  /** TDX: the host gave the module a pair of pages to track 2 MiB (TDH.PHYMEM.PAMT.ADD). */
  pamtAdd: 30,
  /** SNP: a call of the SVSM core protocol, into its privilege level and back. */
  svsmCall: 31,
  /** SNP: the host split a 2 MiB entry of the reverse map table, and its nested page (PSMASH). */
  psmash: 32,
  /** SNP: the host made a 4 KiB page its own again (RMPUPDATE). */
  rmpupdateShared: 33,
  /** Firmware: its other CPUs are set up to accept memory with the first. */
  firmwareMpSetup: 34,
  /** Firmware: the same, for each other CPU. */
  firmwareApSetup: 35,
  /** Guest: user space touched a new page of 4 KiB: its page fault without acceptance, and its read or write. */
  userTouch4k: 36,
  /** Guest: the exception of a first touch (#VE, #VC), entered and decoded. */
  exception: 37,
  /** Guest: a leaf of the direct map was split: a page allocated, 512 entries written. */
  leafSplit: 38,
  /** Guest: an entry of the direct map got another attribute, whatever size it maps. */
  leafChange: 39,
  /** Guest: a flush of TLBs, without its cost for each CPU. */
  tlbFlush: 40,
  /** Guest: one CPU of such a flush. */
  tlbFlushCpu: 41,
  /**
   * The VMM put 4 KiB into the guest before it ran, with its part of the tables. SNP: all of them, by way of the
   * processor's security coprocessor (PSP). TDX: empty memory in the firmware's place; the rest is part of `launch`.
   */
  launchPage4k: 42,
  /** SNP: an SVSM mapped an entry that it has validated, and gave the guest its permissions (RMPADJUST). */
  rmpadjust: 43,
  /** SNP: an SVSM cleared 4 KiB that it has validated. */
  svsmZero4k: 44,
  /** SNP: the same with 2 MiB. */
  svsmZero2m: 45,
  /** The VMM created a virtual CPU and its thread. */
  vcpuStart: 46,
  /** OVMF in its phases, without accepting memory: the first code, memory set up, drivers, the boot device and the kernel's image. */
  firmwareSec: 47,
  firmwarePei: 48,
  firmwareDxe: 49,
  firmwareBds: 50,
  /** SNP: what the kernel takes longer until init runs: #VC, bouncing, encrypted page tables. */
  kernelEncrypted: 51,
  /** TDX: a page taken away while one other CPU runs inside the guest: at work, or spinning in the firmware's mailbox. */
  runningCpuDelay: 52,
  /** TDX: the same for a CPU that idles and takes its timer tick. */
  tickingCpuDelay: 53,
  /** TDX: the same for a CPU that idles without a tick, halted outside the guest. */
  haltedCpuDelay: 54,
  /** SNP: the PSP served a page of another guest that starts at the same time. */
  launchPageWait4k: 55,
  /** TDX: a MapGPA request for the rest of a range of which the VMM did a part (TDVMCALL_STATUS_RETRY). */
  mapGpaRetry: 56,
  /** The host cleared 4 KiB that no guest had yet. */
  hostClear4k: 57,
  /** The same with 2 MiB, page after page from both ends to the middle, as kernels before 7.0 do; 512 times for 1 GiB. */
  hostClear2m: 58,
  /** The same in the order of addresses, as kernels from 7.0 on do. */
  hostClear2mSequential: 59,
  /** TDX: a TDG.MEM.PAGE.RELEASE that succeeded, at any page size. */
  pageRelease: 60,
  /** TDX: a release that failed because the host has mapped smaller pages (PAGE_SIZE_MISMATCH). */
  pageReleaseMismatch: 61,
  /** TDX: the host broke a large page of the secure EPT up, because the guest shares a part of it (TDH.MEM.PAGE.DEMOTE). */
  septDemote: 62,
} as const;
export type CostEvent = (typeof CostEvent)[keyof typeof CostEvent];
/** Name of an event; a platform may have some of its own. */
export type CostEventName = keyof typeof CostEvent | (string & {});

const names: string[] = Object.keys(CostEvent);
export const COST_EVENT_NAMES: readonly string[] = names;

/** An event that only the platform that charges it knows of; to be called before there is any ledger. */
export function newCostEvent(name: string): CostEvent {
  return (names.push(name) - 1) as CostEvent;
}
