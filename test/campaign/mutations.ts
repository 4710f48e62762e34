/**
 * Faults that a tired programmer might make, for `mutate.ts`: each is put into the sources alone, and some
 * test must fail. None is equivalent to the code that it replaces. A fault has no path: it is found by its
 * text, which stands once under src, and so follows the code when files move.
 */

/** One fault. */
export interface Mutation {
  /** What is wrong then. */
  readonly what: string;
  /** Text that stands once in all sources. */
  readonly find: string;
  readonly replace: string;
  /** Parts of paths of the few test files that ought to notice. Where they do not, those of the whole room are asked. */
  readonly tests: readonly string[];
}

export const MUTATIONS: readonly Mutation[] = [
  // Acceptance in the kernel
  {
    what: "no guard unit behind a request that ends on a border",
    find: "relative % unit === 0 ? relative + unit : relative",
    replace: "relative",
    tests: ["/accept-memory.test"],
  },
  {
    what: "an end inside the last page of a unit has no guard in 7.0 either",
    find: "return this.#wholePages ? roundUp(start + sizeBytes, PAGE_SIZE) : start + sizeBytes;",
    replace: "return start + sizeBytes;",
    tests: ["accept/accept-oracle.test"],
  },
  {
    what: "shared memory that is never accepted leaves the guard unit unaccepted",
    find: "Math.min(Math.floor(to) + 1, table.unitCount)",
    replace: "Math.min(Math.ceil(to), table.unitCount)",
    tests: ["/accept-memory.test", "/share-without-accept.test"],
  },
  {
    what: "the accepted blocks in front of an unaccepted unit are one too few",
    find: "Math.ceil((set - unitsPerBlock - firstUnit) / unitsPerBlock)",
    replace: "Math.max(1, Math.floor((set - unitsPerBlock - firstUnit) / unitsPerBlock))",
    tests: ["/accept-memory.test"],
  },
  {
    what: "ranges that touch do not wait for each other in 6.6",
    find: "touchingWait ? 1 : 0",
    replace: "touchingWait ? 0 : 0",
    tests: ["/accepting-list.test"],
  },
  {
    what: "a range that begins at the very time at which another CPU asks is not seen",
    find: "if (this.#startNs[i]! <= at) until",
    replace: "if (this.#startNs[i]! < at) until",
    tests: ["/accepting-list.test"],
  },
  {
    what: "adaptive batches grow beyond the largest",
    find: "Math.min(2 * this.#batchBytes, batchMaxBytes)",
    replace: "2 * this.#batchBytes",
    tests: ["/fault-acceptance.test"],
  },
  {
    what: "a CPU that spins for a range in flight counts as having interrupts off",
    find: "this.#irqOffNs = clock.nowNs;\n        this.#lockups.look(",
    replace: "this.#lockups.look(",
    tests: ["/kernel-accept.test"],
  },
  {
    what: "every kernel excuses a CPU that accepts from the soft lockup detector",
    find: "if (this.#touchesWatchdog) this.#lockups",
    replace: "this.#lockups",
    tests: ["/kernel-accept.test"],
  },
  {
    what: "blocks accepted as one take the channel for the time of one",
    find: "pieces * this.#sharedNsOf().sharedNs",
    replace: "this.#sharedNsOf().sharedNs",
    tests: ["/alike-accepts.test"],
  },
  {
    what: "blocks accepted as one need no table for another GiB",
    find: "this.missing(start, end, 1) > high ? 1 : 0",
    replace: "0",
    tests: ["/alike-accepts.test"],
  },
  {
    what: "blocks accepted as one for the allocator have no frames, whatever they had",
    find: "frames.withoutPlace(node, blocks)",
    replace: "blocks",
    tests: ["/alike-accepts.test"],
  },
  {
    what: "a single idle CPU does not delay a fault",
    find: "if (ticking > 0) ledger.charge",
    replace: "if (ticking > 1) ledger.charge",
    tests: ["/accept-meter.test"],
  },
  {
    what: "background threads do not keep to their rate",
    find: "startNs + this.#intervalNs",
    replace: "startNs",
    tests: ["/background-acceptor.test", "/strategies.test"],
  },
  {
    what: "background threads run from the first CPU up",
    find: "plan.cpus - 1 - (at % plan.cpus)",
    replace: "at % plan.cpus",
    tests: ["/background-acceptor.test", "/strategies.test"],
  },
  {
    what: "a thread waits on its CPU though another one idles",
    find: "this.#reach = plan.bound ? 1 : plan.cpus;",
    replace: "this.#reach = 1;",
    tests: ["/background-acceptor.test", "/fair-share.test"],
  },
  {
    what: "threads share a CPU half and half with its work, whatever their nice level",
    find: "OWN_WEIGHT / niceWeight(plan.nice)",
    replace: "OWN_WEIGHT / niceWeight(0)",
    tests: ["/background-acceptor.test", "/fair-share.test"],
  },
  {
    what: "a thread that has slept runs until it has made up for that",
    find: "Math.max(eligible, Math.min(this.#asked[thread]!, ownWork)) + more",
    replace: "eligible + more",
    tests: ["/background-acceptor.test", "/fair-share.test"],
  },
  {
    what: "a CPU that sleeps does so for longer by what a thread has of it",
    find: "this.#work.sleptSince(cpu, sleptNs);",
    replace: "",
    tests: ["/fair-share.test"],
  },
  {
    what: "nobody tells threads that a CPU idles",
    find: "threads.cpuIdles();",
    replace: "{}",
    tests: ["/fair-share.test", "sim/scheduler.test"],
  },
  {
    what: "a CPU goes before a thread that is due at the same time",
    find: "if (dueNs > untilNs) return false;",
    replace: "if (dueNs >= untilNs) return false;",
    tests: ["/fair-share.test", "sim/scheduler.test"],
  },
  {
    what: "whoever joins all CPUs waits for threads that have one",
    find: "this.#waitFor(0, cpu, this.cpus.ownEndNs(cpu))",
    replace: "this.#waitFor(0, cpu, this.cpus.timeNs[cpu]!)",
    tests: ["sim/guest-clock.test"],
  },
  {
    what: "threads that keep ahead of the promo watermark keep ahead of the high one",
    find: "watermarkPages(zone, Watermark.PROMO) + share",
    replace: "watermarkPages(zone, Watermark.HIGH) + share",
    tests: ["/background-acceptor.test", "/strategies.test"],
  },
  {
    what: "threads for idle CPUs take one that the workload after boot keeps busy",
    find: "replays.at(-1)!.isBusy(cpu)",
    replace: "replays[0]!.isBusy(cpu)",
    tests: ["/strategies.test"],
  },

  // Command
  {
    what: "merge takes the first of two parts that are not the same",
    find: "others.find(({ text }) => text !== first!.text)",
    replace: "others.find(({ text }) => text.length < first!.text.length)",
    tests: ["/sweep-parts.test", "cli/sweep.test"],
  },
  {
    what: "exactly as many runs as nobody is asked about are asked about",
    find: "plan.isAgreed !== true && plan.runs > most",
    replace: "plan.isAgreed !== true && plan.runs >= most",
    tests: ["/plan.test"],
  },
  {
    what: "a failed repetition does not make the exit code 1",
    find: "hasFailed(row) || (row.repeats?.failed ?? 0) > 0",
    replace: "hasFailed(row)",
    tests: ["cli/commands.test", "cli/output.test", "cli/study.test"],
  },
  {
    what: "of several runs that fail the one that failed first is told, and not the first of them",
    find: "for (const one of asked) answers.push(await one);",
    replace: "answers.push(...(await Promise.all(asked)));",
    tests: ["study/in-order.test"],
  },
  {
    what: "one item more than there are lanes is worked on at once",
    find: "if (free > 0) free--;",
    replace: "if (free >= 0) free--;",
    tests: ["study/in-order.test"],
  },
  {
    what: "a run is compared with the first of the baseline policy, whatever its settings",
    find: "first.get(input) ?? first.get(machines[index]!)",
    replace: "first.get(machines[index]!)",
    tests: ["study/compare.test"],
  },
  {
    what: "threads know no policies of files",
    find: "Promise.all([loadZstd(), ...policyFiles.map(registerPolicyFile)])",
    replace: "Promise.all([loadZstd(), policyFiles, registerPolicyFile])",
    tests: ["cli/pool/threads.test"],
  },
  {
    what: "a chunk behind the last one of a sweep is no stray file",
    find: "!(chunkNamed(name) < chunkCount(points))",
    replace: "!(chunkNamed(name) <= chunkCount(points))",
    tests: ["/sweep-parts.test"],
  },

  // Platforms
  {
    what: "the small pages at the end of an SNP range count as the first of a batch",
    find: "batchEntries - ((head + large) % batchEntries)",
    replace: "batchEntries",
    tests: ["/snp-oracle.test", "/snp-accept.test"],
  },
  {
    what: "a page that was shared without being accepted stays so after it was made private",
    find: "this.#shared.remove(first, last);\n    this.#sharedUnaccepted.remove(first, last);",
    replace: "this.#shared.remove(first, last);",
    tests: ["coco/platforms.test"],
  },
  {
    what: "the flush of other CPUs' TLBs has the price of one's own",
    find: '[100, 20, 1_000],\n    "assumption: an answer more to wait for",',
    replace: '[2_000, 500, 5_000],\n    "assumption: an answer more to wait for",',
    tests: ["/prices.test", "x86/"],
  },
  {
    what: "the two cache lines of the coherency erratum are read where the host had no memory any more",
    find: "charge(CostEvent.evictTouch4k, reached - first)",
    replace: "charge(CostEvent.evictTouch4k, valid - first)",
    tests: ["/snp-accept.test", "/snp-oracle.test"],
  },
  {
    what: "an accept of a page that is mapped costs a successful call too",
    find: "ledger.charge(CostEvent.tdcall, accepted);",
    replace: "ledger.charge(CostEvent.tdcall, accepted + duplicates);",
    tests: ["/tdx-oracle.test", "/tdx-firmware-accept.test"],
  },
  {
    what: "a leaf that the host has taken away is demoted",
    find: "pfn % LEVEL_PAGES[level] !== 0 && this.backedIn(pfn, pfn + 1) > 0",
    replace: "pfn % LEVEL_PAGES[level] !== 0",
    tests: ["/secure-ept.test", "/tdx-convert.test", "/tdx-oracle.test"],
  },

  // The kernel's command line
  {
    what: "memory at the lower end of a range of crashkernel= is not in it",
    find: "total >= start && total < end",
    replace: "total > start && total < end",
    tests: ["command-line/"],
  },
  {
    what: "an encrypted guest resizes a bounce buffer whose size the command line gives",
    find: "if (size.slabs !== DEFAULT_SLABS) return size;",
    replace: "",
    tests: ["command-line/", "/swiotlb.test"],
  },
  {
    what: "octal numbers are read as decimal ones",
    find: "octal ? Number.parseInt(digits, 8) : Number(digits)",
    replace: "octal ? Number.parseInt(digits, 10) : Number(digits)",
    tests: ["command-line/"],
  },
  {
    what: "nosmp leaves data for all CPUs",
    find: "atMost === 0 || noApic ? 1",
    replace: "noApic ? 1",
    tests: ["command-line/"],
  },

  // The direct map in early boot
  {
    what: "a share that ends inside a leaf and begins with it does not split it",
    find: "at > leafStart || leafEnd < leafStart + leaf",
    replace: "at > leafStart",
    tests: ["/direct-map.test"],
  },
  {
    what: "one flush is missing at each conversion",
    find: "this.#change(start, end) + 2",
    replace: "this.#change(start, end) + 1",
    tests: ["/direct-map.test", "/interplay.test"],
  },
  {
    what: "the last page of the brk area is never used",
    find: "Math.floor((end - next) / PAGE_SIZE)",
    replace: "Math.floor((end - next - 1) / PAGE_SIZE)",
    tests: ["/table-pages.test"],
  },
  {
    what: "all CPUs have the same GHCB in a decrypted section",
    find: "return section + cpu * PAGE_SIZE",
    replace: "return section",
    tests: ["/decrypted-section.test"],
  },
  {
    what: "DMA buffers are shared at a page index taken for a frame number",
    find: "physRange(addressOf(allocator.frames.pfnOf(page)), PAGE_SIZE)",
    replace: "physRange(addressOf(page as never), PAGE_SIZE)",
    tests: ["/interplay.test", "/verify-guest.test"],
  },

  // The EFI stub
  {
    what: "a range of exactly two units is accepted at once",
    find: "if (end - start < 2 * unit)",
    replace: "if (end - start <= 2 * unit)",
    tests: ["/process-unaccepted-memory.test"],
  },
  {
    what: "e820 entries of one type become one across a hole",
    find: "if (last?.type === type && last.end === start) {\n      entries[",
    replace: "if (last?.type === type) {\n      entries[",
    tests: ["/setup-e820.test"],
  },
  {
    what: "the last place of an area is never chosen for a random kernel",
    find: "(last - first) / ALIGN + 1",
    replace: "(last - first) / ALIGN",
    tests: ["/kaslr.test"],
  },
  {
    what: "a search at the end of a chunk of the bitmap runs on into the words of another one",
    find: "if (base >= stop) return stop;",
    replace: "if (base > stop) return stop;",
    tests: ["/unit-bitmap.test"],
  },
  {
    what: "the stub does not allocate its seed before the table",
    find: "boot.allocatePool(EfiMemoryType.ACPI_RECLAIM, SEED_BYTES);\n",
    replace: "",
    tests: ["/exit-boot-services.test", "/real-maps.test"],
  },
  {
    what: "the decompressor accepts a guard unit behind the kernel",
    find: "Math.min(Math.ceil(end / unitSizeBytes), unitCount), arch",
    replace: "Math.min(Math.floor(end / unitSizeBytes) + 1, unitCount), arch",
    tests: ["/stub-accept.test"],
  },

  // The firmware
  {
    what: "a request that fills a pool block whole takes the next larger one",
    find: "(size) => size >= wanted",
    replace: "(size) => size > wanted",
    tests: ["firmware/pool.test"],
  },
  {
    what: "a region no longer than a chunk is only begun for the stacks of the other CPUs",
    find: "sizeBytes >= stacksBytes && sizeBytes > ACCEPT_CHUNK_SIZE",
    replace: "sizeBytes >= stacksBytes",
    tests: ["/tdvf.test"],
  },
  {
    what: "firmware allocates from the wrong end of a free range",
    find: "{ start: end - length, end };",
    replace: "{ start: free.start, end: free.start + length };",
    tests: ["/boot-services.test"],
  },
  {
    what: "firmware that accepts on demand accepts no more than is needed",
    find: "Math.max(sizeBytes, ON_DEMAND_CHUNK)",
    replace: "sizeBytes",
    tests: ["/boot-services.test", "firmware/start.test"],
  },
  {
    what: "the initrd goes above 2 GiB although there is room below",
    find: "initrdBytes, INITRD_SOFT_LIMIT)",
    replace: "initrdBytes, Number.POSITIVE_INFINITY)",
    tests: ["firmware/start.test"],
  },
  {
    what: "TDVF of every version accepts what a region has beyond whole 2 MiB",
    find: "if (acceptsTail) bspAccept(end, range.end, sink);",
    replace: "bspAccept(end, range.end, sink);",
    tests: ["firmware/accept-counts.test"],
  },
  {
    what: "RAM moves behind the hole at 1 TiB on every processor",
    find: "amd && used > AMD_HT_START",
    replace: "used > AMD_HT_START",
    tests: ["firmware/accept-counts.test"],
  },
  {
    what: "free pages of bins are reported as free by no version of the firmware",
    find: "!(leaks && spans)",
    replace: "true",
    tests: ["firmware/edk2-map.test"],
  },
  {
    what: "requests of the firmware pass its bins by",
    find: "this.#takeOfBin(type, length, maxEnd) ??",
    replace: "",
    tests: ["/boot-services.test", "firmware/edk2-map.test"],
  },
  {
    what: "the copy of the kernel's file is not freed",
    find: "boot.setType(copy, CONVENTIONAL);",
    replace: "",
    tests: ["firmware/edk2-map.test"],
  },
  {
    what: "a firmware that does not count unaccepted ranges has room for them all the same",
    find: "return this.writtenEntries - left;",
    replace: "return this.writtenEntries;",
    tests: ["/boot-services.test", "/exit-boot-services.test"],
  },
  {
    what: "memory that the firmware has not accepted serves it well",
    find: "requireAccepted(guest, started.boot);",
    replace: "",
    tests: ["guest/firmware-versions.test"],
  },
  {
    what: "an SVSM clears what it takes back from the guest as well",
    find: "if (!toPrivate) return;",
    replace: "",
    tests: ["/snp-svsm.test"],
  },

  // The guest's boot
  {
    what: "small encrypted guests have a bounce buffer below the least size",
    find: "Math.min(Math.max(share, ENCRYPTED_LEAST_BYTES), ENCRYPTED_MOST_BYTES)",
    replace: "Math.min(share, ENCRYPTED_MOST_BYTES)",
    tests: ["/swiotlb.test"],
  },
  {
    what: "idle CPUs go on ticking once init runs",
    find: "clock.idle.ticking = false;",
    replace: "",
    tests: ["/recorded-boot.test", "/many-cpus.test"],
  },
  {
    what: "an attack puts a page in the place of itself",
    find: "second === first ? (second + 1) % privatePages.length : second",
    replace: "second",
    tests: ["/attack.test"],
  },
  {
    what: "the first page behind the table of page extensions is lost",
    find: "= table + pages; page < table",
    replace: "= table + pages + 1; page < table",
    tests: ["/page-ext.test"],
  },
  {
    what: "deferred initialisation looks one block too far for unaccepted memory",
    find: "roundDown(Math.min(range.endPfn, this.span.endPfn), MAX_ORDER_PAGES)",
    replace: "roundUp(Math.min(range.endPfn, this.span.endPfn), MAX_ORDER_PAGES)",
    tests: ["/eager-chunks.test"],
  },

  // x86 early boot
  {
    what: "memory of a node is joined across another node's",
    find: "if (last?.nid === block.nid) cleaned[cleaned.length - 1]",
    replace: "if (cleaned.some(({ nid }) => nid === block.nid)) cleaned[cleaned.length - 1]",
    tests: ["/early-setup-arch.test", "/odd-machines.test"],
  },
  {
    what: "the steps in which memory is mapped do not grow",
    find: "if (mappedBytes >= stepSize) stepSize *= STEP_GROWTH;",
    replace: "",
    tests: ["/init-mem-mapping.test"],
  },
  {
    what: "exactly a third of the per-CPU units may not be wasted",
    find: "if (wasted > Math.floor(cpuCount / 3)) continue;",
    replace: "if (wasted >= Math.floor(cpuCount / 3)) continue;",
    tests: ["/percpu-first-chunk.test"],
  },
  {
    what: "the lower type wins where e820 entries overlap",
    find: "entry.type > highest.type ? entry : highest",
    replace: "entry.type < highest.type ? entry : highest",
    tests: ["/e820-table.test"],
  },
  {
    what: "a crash kernel with ,high goes below 4 GiB first",
    find: "high ? above() || low() : low() || above()",
    replace: "low() || above()",
    tests: ["/reservations.test"],
  },

  // The host
  {
    what: "what the host gets back at a conversion is not in its peak",
    find: "this.#peakBytes = this.hostBytesPeak;",
    replace: "",
    tests: ["/guest-memory.test"],
  },
  {
    what: "the last of several greatest samples is the peak",
    find: "this.#amountOf(sample) > this.#amountOf(this.#peak)",
    replace: "this.#amountOf(sample) >= this.#amountOf(this.#peak)",
    tests: ["/bounded-samples.test"],
  },
  {
    what: "a PAMT has no entry for a page in part",
    find: "Math.ceil(sizeBytes / pageSizeBytes) * entryBits",
    replace: "Math.floor(sizeBytes / pageSizeBytes) * entryBits",
    tests: ["/pamt-bytes.test", "/tdx-module.test"],
  },
  {
    what: "the search for a PAMT starts at a multiple of its size",
    find: "Number((BigInt(zone.startPfn) + mask) & ~mask)",
    replace: "Math.ceil(zone.startPfn / (Number(mask) + 1)) * (Number(mask) + 1)",
    tests: ["/tdx-module.test"],
  },
  {
    what: "the kernel warns of few TDMRs with one more left",
    find: "host.maxTdmrs - tdmrs.length < TDMR_NR_WARN",
    replace: "host.maxTdmrs - tdmrs.length <= TDMR_NR_WARN",
    tests: ["/tdx-module.test"],
  },

  // Memory that is plugged in
  {
    what: "a guest of exactly 64 GiB adds memory in small blocks",
    find: "if (bootEnd < 64 * GiB) return SECTION_BYTES;",
    replace: "if (bootEnd <= 64 * GiB) return SECTION_BYTES;",
    tests: ["/add-memory.test"],
  },
  {
    what: "the memory map of plugged memory needs no new page of page middle directory",
    find: "if (section % SECTIONS_PER_PMD_PAGE === 0 && !take(0)) break;",
    replace: "",
    tests: ["/add-memory.test"],
  },
  {
    what: "faults do not learn of the longer bitmap",
    find: "if (faults !== undefined) faults.table = table;",
    replace: "",
    tests: ["/hotplug.test"],
  },
  {
    what: "watermarks stay as they are when memory goes online",
    find: "stages.onlinePages();",
    replace: "",
    tests: ["/online-pages.test", "/hotplug.test"],
  },

  // The next kernel
  {
    what: "kexec leaves a gap between a segment and what lies below it",
    find: "other.start < from + sizeBytes && other.end > from",
    replace: "other.start < from + sizeBytes && other.end >= from",
    tests: ["/segments.test"],
  },
  {
    what: "the crash kernel reads the page in front of unaccepted memory",
    find: "end - (isSetAt(table, end) ? PAGE_SIZE : 0)",
    replace: "end",
    tests: ["/vmcore.test"],
  },
  {
    what: "memory that is made private again stays shared in the direct map",
    find: "map.setShared(start, end, false);",
    replace: "",
    tests: ["/kexec.test", "/interplay.test"],
  },
  {
    what: "phases of the next kernel are among those of the boot",
    find: "NEXT_KERNEL.run({ start }, () => clock.settle(0))",
    replace: "NEXT_KERNEL.run({ start }, (phase) => clock.endPhase(phase))",
    tests: ["/kexec.test"],
  },

  // Releases
  {
    what: "the point release that took a commit over does not have it",
    find: "(release.point ?? 0) < point",
    replace: "(release.point ?? 0) <= point",
    tests: ["linux/kernel-rules.test"],
  },
  {
    what: "the release that changed request flags has the old ones",
    find: "if (index > 0 && compareReleases(release, named(change.since)) < 0) break;",
    replace: "if (index > 0 && compareReleases(release, named(change.since)) <= 0) break;",
    tests: ["linux/gfp-table.test"],
  },
  {
    what: "a release candidate is newer than its release",
    find: "(a.rc ?? Number.MAX_SAFE_INTEGER) - (b.rc ?? Number.MAX_SAFE_INTEGER)",
    replace: "(a.rc ?? 0) - (b.rc ?? 0)",
    tests: ["linux/release-name.test"],
  },

  // memblock
  {
    what: "a free range that a request fills whole is passed over",
    find: "if (candidate >= rangeStart) return candidate;",
    replace: "if (candidate > rangeStart) return candidate;",
    tests: ["memblock/alloc.test"],
  },
  {
    what: "regions with other flags are merged",
    find: "region.nid !== next.nid || region.flags !== next.flags",
    replace: "region.nid !== next.nid",
    tests: ["memblock/flags.test"],
  },
  {
    what: "a block that ends with its range is cut in two",
    find: "while (pfn + 2 ** order > endPfn) order--;",
    replace: "while (order > 0 && pfn + 2 ** order >= endPfn) order--;",
    tests: ["memblock/hand-over.test"],
  },
  {
    what: "an array that grows is moved to memory that nobody accepts",
    find: "this.options.accept?.(address, newAllocBytes);",
    replace: "",
    tests: ["memblock/accept.test"],
  },
  {
    what: "a row of requests goes on below the bound of each",
    find: "address >= minAddr ? minAddr : 0,",
    replace: "0,",
    tests: ["memblock/alloc-each.test"],
  },
  {
    what: "a row of requests goes on while the array has to grow",
    find: "this.reserved.regions.length < this.reserved.max",
    replace: "this.reserved.regions.length <= this.reserved.max",
    tests: ["memblock/alloc-each.test"],
  },
  {
    what: "a page that a reservation ends in is free",
    find: "Math.max(pfnUp(range.start), zone.startPfn)",
    replace: "Math.max(pfnDown(range.start), zone.startPfn)",
    tests: ["memblock/reserve.test"],
  },

  // Measures
  {
    what: "quantiles are one rank too high",
    find: "Math.ceil(share * this.#allocations) - 1 - withoutWait",
    replace: "Math.ceil(share * this.#allocations) - withoutWait",
    tests: ["/waits.test"],
  },
  {
    what: "the soft lockup detector complains again at once",
    find: "this.onLockup(cpu, atNs);\n    this.#resetNs[cpu] = atNs;",
    replace: "this.onLockup(cpu, atNs);",
    tests: ["/lockups.test"],
  },
  {
    what: "zoneinfo prints watermarks without their boost",
    find: "add(name, zone.watermark[index]! + zone.boost);",
    replace: "add(name, zone.watermark[index]!);",
    tests: ["verify/proc.test"],
  },

  {
    what: "meminfo counts pages where it says kB",
    find: '("managedPages") * KIB_PER_PAGE} kB',
    replace: '("managedPages")} kB',
    tests: ["verify/proc.test"],
  },
  {
    what: "zoneinfo calls present what is managed",
    find: 'add("present", zone.presentPages);',
    replace: 'add("present", zone.managedPages);',
    tests: ["verify/proc.test"],
  },

  // Zones and their sizes
  {
    what: "ZONE_MOVABLE has a share of vm.min_free_kbytes for its watermark",
    find: "type === ZoneType.MOVABLE ? clamp(Math.floor(managedPages / 1024), 32, 128) : share",
    replace: "share",
    tests: ["mm/watermarks.test"],
  },
  {
    what: "per-CPU lists may hold one batch at least, and not four",
    find: "Math.max(Math.floor(lowPages / cpus), 4 * batch)",
    replace: "Math.max(Math.floor(lowPages / cpus), batch)",
    tests: ["mm/pcp-sizes.test"],
  },
  {
    what: "a section that two nodes share has two maps",
    find: "Math.max(nextSection, Math.floor(startPfn / PAGES_PER_SECTION))",
    replace: "Math.floor(startPfn / PAGES_PER_SECTION)",
    tests: ["mm/sparse.test"],
  },
  {
    what: "the memory map of a terabyte more has its tables of the upper level too early",
    find: "Math.min(end, roundUp(section, SECTIONS_PER_PUD_PAGE)) - section",
    replace: "end - section",
    tests: ["mm/sparse-rows.test"],
  },
  {
    what: "a run that has no whole block is accepted in two requests where a border lies in it",
    find: "if (firstBlock > lastBlock)",
    replace: "if (firstBlock >= lastBlock)",
    tests: ["mm/deferred-init.test"],
  },
  {
    what: "a zone that has grown by exactly a section grows by one more",
    find: "while (pages < PAGES_PER_SECTION && nextPfn !== Number.POSITIVE_INFINITY) {",
    replace: "while (pages <= PAGES_PER_SECTION && nextPfn !== Number.POSITIVE_INFINITY) {",
    tests: ["mm/deferred-init.test"],
  },
  {
    what: "a zone of 6.18 that has grown by exactly a section grows by one more",
    find: "while (pages < PAGES_PER_SECTION && nextPfn < endPfn) {",
    replace: "while (pages <= PAGES_PER_SECTION && nextPfn < endPfn) {",
    tests: ["regress/3acb913c9d5b.test"],
  },

  // The page allocator
  {
    what: "a request may take the last page above the watermark",
    find: "if (free <= min + zone.lowmemReserve[highestZoneType]!) return false;",
    replace: "if (free < min + zone.lowmemReserve[highestZoneType]!) return false;",
    tests: ["page-alloc/watermark.test", "page-alloc/oracle.test"],
  },
  {
    what: "a zone between its promo and its high watermark counts as one that has plenty",
    find: "const mark = Math.max(target, zone.watermark[HIGH]!);",
    replace: "const mark = target;",
    tests: ["page-alloc/watermark.test"],
  },
  {
    what: "what a refill leaves of a block is put back from its first page on",
    find: "for (let at = asPage(page + (blocks << order)); at < end; ) {",
    replace: "for (let at = asPage(page + (1 << order)); at < end; ) {",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "a block that is freed in parts is cut into other parts",
    find: "if (page >= upper) block = upper;\n    }\n  }",
    replace: "if (page > upper) block = upper;\n    }\n  }",
    tests: ["page-alloc/page-frames.test"],
  },
  {
    what: "a drain of adjoining pages takes one too many",
    find: "list.popTailRun(blockPages, Math.ceil(left / blockPages));",
    replace: "list.popTailRun(blockPages, Math.ceil(left / blockPages) + 1);",
    tests: ["page-alloc/pcp.test", "page-alloc/oracle.test"],
  },
  {
    what: "a refill of high order may take one block",
    find: "Math.max(batch >> order, 2)",
    replace: "Math.max(batch >> order, 1)",
    tests: ["page-alloc/pcp.test", "page-alloc/oracle.test"],
  },
  {
    what: "an accepted block goes to the head of its free list",
    find: "this.addTail(list, this.#newRange(startBlock, blocks));",
    replace: "this.addHead(list, this.#newRange(startBlock, blocks));",
    tests: ["page-alloc/unaccepted-list.test", "page-alloc/oracle.test"],
  },
  {
    what: "one pageblock too many is reserved for atomic requests",
    find: "if (zone.reservedHighatomicPages >= max) return;",
    replace: "if (zone.reservedHighatomicPages > max) return;",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "a pageblock of which exactly half is compatible is not claimed",
    find: "free + alike >= PAGEBLOCK_PAGES / 2",
    replace: "free + alike > PAGEBLOCK_PAGES / 2",
    tests: ["page-alloc/fallback.test", "page-alloc/oracle.test"],
  },
  {
    what: "a batch of the policy is one block more",
    find: "rules.acceptAtOncePages - MAX_ORDER_PAGES + 1",
    replace: "rules.acceptAtOncePages + 1",
    tests: ["page-alloc/unaccepted-list.test", "page-alloc/oracle.test"],
  },
  {
    what: "a free drains the lists of its CPU in one go in 7.3 too",
    find: "zone.rules.drainsInBatches ? pcp.batch : pcp.toDrain",
    replace: "pcp.toDrain",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "each batch of a drain begins with the first list",
    find: "Math.min(pcp.toDrain, step), pcp.drainIndex, cpu)",
    replace: "Math.min(pcp.toDrain, step), 0, cpu)",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "a run of frees of order 1 to 3 has to be a batch and all of high_min long",
    find: "Math.trunc(this.highMin / 2)",
    replace: "this.highMin",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "a free that must not wait for a lock drains",
    find: "  if (!mayDrain) return;\n",
    replace: "",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "frees that were put off stay so when a block is accepted",
    find: "if (zone.putOff.length > 0) freePutOff(zone, toTail, cpu);",
    replace: "if (zone.putOff.length > 0 && !toTail) freePutOff(zone, toTail, cpu);",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "an atomic request of more than a page refills its list in 7.3 too",
    find: "if (!this.#rules.highatomicRefills && (allocFlags & AllocFlag.HIGHATOMIC) !== 0) return NO_PAGE;",
    replace: "",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "an atomic request of more than a page reserves its pageblock in the first attempt too",
    find: "return (allocFlags & ALLOC_WMARK_MASK) === AllocFlag.WMARK_MIN;",
    replace: "return true;",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "an atomic request of more than a page uses no reserve in the first attempt",
    find: "? nonBlockingFlags(flags, order) & AllocFlag.HIGHATOMIC",
    replace: "? 0",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "an atomic request of more than a page is one that cannot block in the first attempt too",
    find: "? nonBlockingFlags(flags, order) & AllocFlag.HIGHATOMIC",
    replace: "? nonBlockingFlags(flags, order)",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "a node counts as idle before there is a kswapd",
    find: "if (!this.kswapdRunning) return true;",
    replace: "if (!this.kswapdRunning) return false;",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "a request that reaches another node tries its own, busy one first",
    find: "if (!reachesOtherNode && skipsBusyNodes && skipped) {",
    replace: "if (skipsBusyNodes && skipped) {",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "lowmem_reserve stays when pages are managed late",
    find: "if (this.rules.lowmemReserveFollows) this.nodes.setupLowmemReserve();",
    replace: "",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "a block that ends with its range of pages is freed in halves",
    find: "pfn + 2 ** (order + 1) <= endPfn) order++;",
    replace: "pfn + 2 ** (order + 1) < endPfn) order++;",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "a request that must not wait for a lock accepts",
    find: "if ((allocFlags & AllocFlag.NOLOCK) !== 0) return false;",
    replace: "",
    tests: ["page-alloc/oracle.test"],
  },
  {
    what: "a request that may use any node walks once only in 7.3",
    find: "if (!oneWalk || usesReserves || usesAnyNode)",
    replace: "if (!oneWalk || usesReserves)",
    tests: ["regress/refactor-slow-path-compaction.test"],
  },
  {
    what: "a huge page of one node only goes on to reclaim",
    find: 'if (isLocalOnly(gfp)) return this.#fail("would reclaim");',
    replace: "",
    tests: ["page-alloc/oracle.test"],
  },

  // Policies
  {
    what: "eager firmware leaves memory to the kernel",
    find: "behaviour: (_parameters, { byFirmware }) => byFirmware(),",
    replace: "behaviour: () => ({}),",
    tests: ["/strategies.test"],
  },
  {
    what: "watermark-ahead accepts up to a target in place of the watermark",
    find: "behaviour: ({ aheadBytes, ...threads }, { onAllocation, byThreads, aheadOfWatermark }) => ({",
    replace:
      "behaviour: ({ aheadBytes, ...threads }, { onAllocation, byThreads, upToTarget: aheadOfWatermark }) => ({",
    tests: ["/strategies.test"],
  },
  {
    what: "background threads use idle CPUs only unless told otherwise",
    find: "...byThreads({ ...threads, bytesPerSecond: rateBytes, wantedPages",
    replace: "...byThreads({ ...threads, bytesPerSecond: rateBytes, idleOnly: true, wantedPages",
    tests: ["/strategies.test", "scenario/strategy.test"],
  },
  {
    what: "acpi-prm tells of memory with type 15",
    find: 'highMemory: "acpi",',
    replace: 'highMemory: "type-15",',
    tests: ["/acpi-memory.test"],
  },

  // Reports
  {
    what: "a share just below 1 % reads as less than it is",
    find: "share > 0 && share < 0.005",
    replace: "share > 0 && share < 0.01",
    tests: ["report/cells.test"],
  },
  {
    what: "a field of CSV with a quote in it stands without quotes",
    find: '/[",\\r\\n]/.test(text)',
    replace: "/[,\\r\\n]/.test(text)",
    tests: ["/csv.test"],
  },
  {
    what: "a backslash in Markdown hides the bar behind it",
    find: '.replaceAll("\\\\", "\\\\\\\\")\n',
    replace: "",
    tests: ["report/markdown.test"],
  },
  {
    what: "the range of assumed shares begins at the greatest",
    find: "shares.reduce((a, b) => Math.min(a, b), 1)",
    replace: "shares.reduce((a, b) => Math.max(a, b), 0)",
    tests: ["/rows.test"],
  },

  // Scenario files
  {
    what: "a preset's values win over those of the file",
    find: "[machineDocument, presetDocument, file]\n",
    replace: "[machineDocument, file, presetDocument]\n",
    tests: ["scenario/presets.test", "scenario/load.test", "scenario/variants.test"],
  },
  {
    what: "the largest guest that faults can accept for is refused",
    find: "largest / batch > FAULT_UNITS_MAX",
    replace: "largest / batch >= FAULT_UNITS_MAX",
    tests: ["scenario/errors.test", "scenario/strategy.test"],
  },
  {
    what: "batches that are no power of two are taken",
    find: "if (field.powerOfTwo === true && !Number.isInteger(Math.log2(bytes))) return undefined;",
    replace: "",
    tests: ["scenario/strategy.test"],
  },
  {
    what: "the count of runs multiplies none of its lists",
    find: "counts.reduce((product, count) => product * count, 1)",
    replace: "counts.reduce((product) => product, 1)",
    tests: ["scenario/variants.test"],
  },

  {
    what: "the largest size that a field may have is refused",
    find: "if (bytes > bound(field.max, Number.POSITIVE_INFINITY)) return undefined;",
    replace: "if (bytes >= bound(field.max, Number.POSITIVE_INFINITY)) return undefined;",
    tests: ["fields/", "scenario/errors.test"],
  },
  {
    what: "a policy's default wins over what the file says",
    find: "{ ...field.defaults(choiceOf(field, root)), ...(value as object) }",
    replace: "{ ...(value as object), ...field.defaults(choiceOf(field, root)) }",
    tests: ["fields/", "scenario/strategy.test"],
  },

  // Rows
  {
    what: "a condition with >= does not hold at its limit",
    find: '">=": (a, b) => a >= b,',
    replace: '">=": (a, b) => a > b,',
    tests: ["results/conditions.test"],
  },
  {
    what: "a run with a problem that does not make it fail makes the exit code 1",
    find: "problemsOf(run).some(({ fails }) => fails)",
    replace: "problemsOf(run).length > 0",
    tests: ["results/problems.test"],
  },

  {
    what: "a measure that is better when more is found where less is better",
    find: 'better: "more",\n    label: "ratio"',
    replace: 'better: "less",\n    label: "ratio"',
    tests: ["results/", "study/"],
  },
  // Time and its CPUs
  {
    what: "the highest of equally early CPUs runs next",
    find: "ns < otherNs || (ns === otherNs && actor < other)",
    replace: "ns < otherNs || (ns === otherNs && actor > other)",
    tests: ["sim/scheduler.test"],
  },
  {
    what: "a CPU that waited for another does not know how much of that was assumed",
    find: "this.assumedNs[cpu] = this.assumedNs[other]!;",
    replace: "",
    tests: ["sim/guest-clock.test"],
  },
  {
    what: "a CPU that ended its work at this very moment is not idle",
    find: "timeNs[cpu]! <= atNs) idle++",
    replace: "timeNs[cpu]! < atNs) idle++",
    tests: ["/idle-cpus.test"],
  },
  {
    what: "the channel that CPUs share saves up the time in which nobody used it",
    find: "Math.max(this.#freeNs, arrivalNs) + sharedNs",
    replace: "this.#freeNs + sharedNs",
    tests: ["sim/bandwidth.test"],
  },
  {
    what: "what a step waited counts for the next one too",
    find: "this.#waitedNs = 0;\n    this.#settledNs",
    replace: "this.#settledNs",
    tests: ["sim/guest-clock.test"],
  },

  // Studies
  {
    what: "a candidate that is as good in one value and worse in the other is in the front",
    find: "last === undefined || candidate.y < last.y",
    replace: "last === undefined || candidate.y <= last.y",
    tests: ["/pareto.test"],
  },
  {
    what: "two policies that draw at an end of a range have changed places there",
    find: "(value < 1 ? [end] : [])",
    replace: "(value <= 1 ? [end] : [])",
    tests: ["study/uncertainty.test"],
  },
  {
    what: "neighbouring samples share their random numbers",
    find: "rest * ranges.length + at",
    replace: "rest + at",
    tests: ["sweep/points.test"],
  },
  {
    what: "the interval of confidence is that of all runs there are",
    find: "squares / (count - 1) / count",
    replace: "squares / count / count",
    tests: ["study/repeat.test"],
  },
  {
    what: "a condition with < allows its limit",
    find: '"<": (a, b) => a < b,',
    replace: '"<": (a, b) => a <= b,',
    tests: ["results/conditions.test", "tune/parse.test"],
  },

  // Recordings against the model
  {
    what: "a page of a range that is only prepared is freed twice",
    find: "if (kind[i] === LabKind.FREE && (a[i]! & FreeFlag.PREPARED) !== 0) break;",
    replace: "if (kind[i] === LabKind.FREE && (a[i]! & FreeFlag.NO_LOCK) !== 0) break;",
    tests: ["verify/lab-steps-7.3.test"],
  },
  {
    what: "an interrupted drain is not cut where the kernel's was",
    find: "    cutDrains.set(last.owner, last.batches);\n",
    replace: "",
    tests: ["verify/lab-steps-7.3.test"],
  },
  {
    what: "a drain goes on although other pages came to the list",
    find: "      last.held === bLow[i] &&\n",
    replace: "",
    tests: ["verify/lab-steps-7.3.test"],
  },
  {
    what: "what a claim counted belongs to the next allocation",
    find: "  claims(i: number): void {\n    this.#extend(i, this.#log.bLow[i]! >>> 8, this.#log.type[i]!);",
    replace:
      "  claims(i: number): void {\n    this.#extend(i, this.#log.bLow[i]! & 0xff, this.#log.type[i]!);",
    tests: ["verify/lab-steps-7.3.test", "verify/told.test"],
  },
  {
    what: "memory that a zone grew by is handed over twice",
    find: "pfn[before]! < end)",
    replace: "pfn[before]! > end)",
    tests: ["verify/lab-steps-7.3.test"],
  },
  {
    what: "a boost that kswapd takes away stays",
    find: "this.#zone(i).watermarkBoost = detail[i]!;",
    replace: "this.#zone(i).watermarkBoost += detail[i]!;",
    tests: ["verify/told.test"],
  },
  {
    what: "movable pages are read where the free ones stand",
    find: "return counts === NOT_COUNTED ? undefined : counts >>> 16;",
    replace: "return counts === NOT_COUNTED ? undefined : counts & 0xffff;",
    tests: ["verify/told.test"],
  },
  {
    what: "a list is cut behind the page at which compaction found it",
    find: "frames.addHead(withPage ? page : frames.prev[page]!, list);",
    replace: "frames.addHead(page, list);",
    tests: ["verify/told.test"],
  },
  {
    what: "half a pageblock that compaction takes keeps its type",
    find: "if (order < PAGEBLOCK_ORDER - 1) return;",
    replace: "if (order < PAGEBLOCK_ORDER) return;",
    tests: ["verify/told.test"],
  },
  {
    what: "the lists of all CPUs drain where one's should",
    find: "const pcp = zone.pcp[detail[i]!]!;\n    const before",
    replace: "const pcp = zone.pcp[cpu[i]!]!;\n    const before",
    tests: ["verify/told.test"],
  },
  {
    what: "a pass of the vmstat worker folds counters once for each zone",
    find: "if (!this.#goesOn(i, zone)) for (const each",
    replace: "for (const each",
    tests: ["verify/drain-steps.test"],
  },
  {
    what: "a decision that the model made and the kernel did not is no difference",
    find: "at < Math.max(expected.length, found.length)",
    replace: "at < expected.length",
    tests: ["verify/compare.test"],
  },
  {
    what: "a free list of the model may be longer than the recorded one",
    find: "tally.expect(at < 0 && expected.length === found.length,",
    replace: "tally.expect(at < 0,",
    tests: ["verify/compare.test"],
  },
  {
    what: "a block that waits for acceptance equals one that is free",
    find: "a.pfn === b.pfn && a.order === b.order && a.parked === b.parked",
    replace: "a.pfn === b.pfn && a.order === b.order",
    tests: ["verify/compare.test"],
  },
  {
    what: "the event that is asked about is not the next one",
    find: "if (events[middle]! < event) low = middle + 1;",
    replace: "if (events[middle]! <= event) low = middle + 1;",
    tests: ["/page-history.test"],
  },

  // Published numbers
  {
    what: "a bound that is not allowed is allowed",
    find: "value > from && value < to",
    replace: "value >= from && value <= to",
    tests: ["validate/claim.test"],
  },
  {
    what: "a line is fitted as if it went through the origin",
    find: "xIntercept: meanX - meanY / slope",
    replace: "xIntercept: meanX - meanX / slope",
    tests: ["validate/lkvs.test"],
  },
  {
    what: "a claim holds although a guest of it did not come to its end",
    find: "simulated !== null && isAllowed(simulated, allowed)",
    replace: "simulated === null || isAllowed(simulated, allowed)",
    tests: ["validate/validate.test"],
  },

  // Records of what is accepted
  {
    what: "the highest of equally small gaps goes first",
    find: "end - start >= bytes) continue;",
    replace: "end - start > bytes) continue;",
    tests: ["/e820-ranges.test"],
  },
  {
    what: "the bitmap does not know of a gap that the e820 table had no room for",
    find: "this.#forget(start, end);",
    replace: "",
    tests: ["/e820-record.test"],
  },
  {
    what: "a request looks at one word of the bitmap less",
    find: "word(endPfn - 1) - word(startPfn) + 1",
    replace: "word(endPfn - 1) - word(startPfn)",
    tests: ["/trackers.test"],
  },

  // Traces and workloads
  {
    what: "a recent text is told by all but its last bytes",
    find: "return length > 0 && view.getFloat64(last, true) === words[word];",
    replace: "return length > 0;",
    tests: ["/recent-texts.test"],
  },
  {
    what: "a line has the task of the line before, but for the end of its number",
    find: "return view.getFloat64(start + last, true) === view.getFloat64(known + last, true);",
    replace: "return true;",
    tests: ["readers/same-lines.test"],
  },
  {
    what: "a usual line may have any time",
    find: "      if (secondsNs < 0) break;\n",
    replace: "",
    tests: ["readers/same-lines.test"],
  },
  {
    what: "an actor whose clock has moved on keeps its place in the queue",
    find: "if (!(beginNs > this.#beginNs[actor]!)) return actor;",
    replace: "return actor;",
    tests: ["sim/scheduler.test"],
  },
  {
    what: "vmalloc asks for one page more at once",
    find: "while (length < lengthMax &&",
    replace: "while (length <= lengthMax &&",
    tests: ["workload/replay.test"],
  },
  {
    what: "the queue of actors sinks along the later child",
    find: "if (child + 1 < this.#count && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;",
    replace: "if (child + 1 < this.#count && this.#isBefore(heap[child]!, heap[child + 1]!)) child++;",
    tests: ["sim/scheduler.test"],
  },
  {
    what: "an interval inside another one ends both",
    find: "at = Math.max(at, interval.endNs);",
    replace: "at = interval.endNs;",
    tests: ["/think-time.test"],
  },
  {
    what: "a page that was taken in bulk was so at the refill, not behind the pages before it",
    find: "list.next++;\n    list.lastEvent = event;",
    replace: "list.next++;",
    tests: ["/pairing.test", "/pairing-property.test"],
  },
  {
    what: "a workload behind a boot has the clock of its own recording",
    find: "own.recording.clock.timeScale.value / boot.recording.clock.timeScale.value",
    replace: "boot.recording.clock.timeScale.value / boot.recording.clock.timeScale.value",
    tests: ["/after-boot.test"],
  },
  // Early boot from 6.13 to 7.3
  {
    what: "usage maps have no room for isolation",
    find: "rules.isolateBit && memoryIsolation ? PAGEBLOCK_BITS_ISOLATE : PAGEBLOCK_BITS",
    replace: "PAGEBLOCK_BITS",
    tests: ["mm/sparse.test"],
  },
  {
    what: "the memory map is one block in 7.2 too",
    find: 'options.rules.memmapBlocks === "section"',
    replace: "false",
    tests: ["mm/sparse.test"],
  },
  {
    what: "what is allocated on another node than the one asked for counts as that node's",
    find: "foundFor = NUMA_NO_NODE;",
    replace: "foundFor = nid;",
    tests: ["memblock/alloc-nid.test"],
  },
  {
    what: "the array of reservations is nobody's",
    find: "this.reserveKern(address, newAllocBytes);",
    replace: "this.reserve(address, newAllocBytes);",
    tests: ["regress/4c78cc596bb8.test"],
  },
  {
    what: "the first MiB stays marked for a kexec",
    find: "memblock.clearScratch(0, MiB);",
    replace: "",
    tests: ["guest/recorded-boot.test"],
  },
  {
    what: "hashes are sized without the memory map's memory in 7.3",
    find: "when: (rules) => afterSetupArch(rules) && rules.countsBeforeMemmap,",
    replace: "when: () => false,",
    tests: ["regress/free-area-init-before-sparse-init.test"],
  },
  {
    what: "the bounce buffer always comes last",
    find: "run: swiotlbInit, when: (rules) => rules.swiotlbFirst }",
    replace: "run: swiotlbInit, when: () => false }",
    tests: ["regress/0d98484ee333.test"],
  },
  {
    what: "a zone that grows by sections goes on beyond its end",
    find: "const left = nextPfn < endPfn ? nextPfn : Number.POSITIVE_INFINITY;",
    replace: "const left = nextPfn;",
    tests: ["regress/3acb913c9d5b.test", "mm/deferred-init.test"],
  },
  {
    what: "reserved pageblocks that struct pages are initialised early for change their type too",
    find: "Math.max(startPfn, firstDeferredPfn.get(nid) ?? Number.POSITIVE_INFINITY)",
    replace: "startPfn",
    tests: ["mm/memmap.test"],
  },
  {
    what: "a series without a build takes the newest build",
    find: "compareReleases(seriesOf(release), seriesOf(kernel)) <= 0",
    replace: "seriesOf(release) !== undefined",
    tests: ["linux/kernel-build.test"],
  },

  // What changed between two results
  {
    what: "another price counts as often as the event happened before",
    find: "byPriceNs: other.count *",
    replace: "byPriceNs: own.count *",
    tests: ["study/diff.test"],
  },
  {
    what: "events of the whole run account for the time of the boot",
    find: 'bootTimeNs: "bootCosts", totalTimeNs: "costs"',
    replace: 'bootTimeNs: "costs", totalTimeNs: "costs"',
    tests: ["study/diff.test"],
  },
  {
    what: "the difference of two means has the degrees of freedom of runs, not of runs less one",
    find: "squaredError ** 2 / (runs - 1)",
    replace: "squaredError ** 2 / runs",
    tests: ["study/diff.test"],
  },
  {
    what: "a condition that only one of two rows can be asked for is kept in silence",
    find: "ofBaseline ? has(a) !== has(b) : has(a) && !has(b)",
    replace: "ofBaseline ? false : has(a) && !has(b)",
    tests: ["cli/diff.test"],
  },
  {
    what: "a place in the second line of JSON Lines is told as one in the first",
    find: "line + lineBefore}",
    replace: "line}",
    tests: ["results/read.test"],
  },

  // Compact traces
  {
    what: "a far step back of a compact trace is one too short",
    find: "this.#wide[i] = (low[i]! & 1) === 0 ? size : -size - 1;",
    replace: "this.#wide[i] = (low[i]! & 1) === 0 ? size : -size;",
    tests: ["compact/compact.test"],
  },
  {
    what: "far steps that no event asks for are left over in silence",
    find: "      pfn[i] = first;\n    }\n    return next === steps.farCount;",
    replace: "      pfn[i] = first;\n    }\n    return next <= steps.farCount;",
    tests: ["compact/compact.test"],
  },
  {
    what: "microseconds are the unit of a block whose last time has nanoseconds",
    find: "  for (let i = 1; i < count; i++) {\n    const sinceNs",
    replace: "  for (let i = 1; i < count - 1; i++) {\n    const sinceNs",
    tests: ["compact/compact.test"],
  },

  // Files of workloads
  {
    what: "what is behind zeros after the last member of a gzip file is left out in silence",
    find: "engine.bytesWritten === bytes.length ? buffer : undefined",
    replace: "engine.bytesWritten <= bytes.length ? buffer : undefined",
    tests: ["cli/gunzip.test"],
  },
  {
    what: "compiled code is taken from a file that others may write",
    find: "!isTrusted || writers !== 0",
    replace: "!isTrusted",
    tests: ["cli/compiled-program.test"],
  },
  {
    what: "a link in the place where a file of compiled code begins is followed",
    find: 'flag: "wx",\n        });\n        // Whole',
    replace: "});\n        // Whole",
    tests: ["cli/compiled-program.test"],
  },
  {
    what: "compiled code that is damaged is used",
    find: "|| header[Word.data] !== crc32(data)",
    replace: "",
    tests: ["cli/compiled-program.test"],
  },
  {
    what: "requests that were prepared for another description are taken",
    find: "if (head.descriptionSha256 !== descriptionSha256) return undefined;",
    replace: "if (head.descriptionSha256.length !== descriptionSha256.length) return undefined;",
    tests: ["cli/prepared.test"],
  },
  {
    what: "prepared columns begin where their memory does",
    find: "byteOffset === 0 && buffer.byteLength === length ? buffer",
    replace: "byteOffset >= 0 ? buffer",
    tests: ["cli/prepared.test"],
  },
  {
    what: "remarks on a trace are lost where it is prepared",
    find: "    requests: { count, kind, order, gfp, cpu, handle, handleCount, offsetBytes, thinkNs, ...others },\n    report,\n    ...(remarks",
    replace:
      "    requests: { count, kind, order, gfp, cpu, handle, handleCount, offsetBytes, thinkNs, ...others },\n    report,\n    ...(!remarks",
    tests: ["cli/prepared.test"],
  },
  {
    what: "a boot on more CPUs than were recorded does without what brings them up",
    find: "return { ...own, bringUp };",
    replace: "return own;",
    tests: ["workload-files/workloads.test"],
  },
  {
    what: "a trace that is not the one described is taken",
    find: "if (found === trace.sha256) return;",
    replace: "if (found.length === trace.sha256.length) return;",
    tests: ["workload-files/workloads.test"],
  },
  {
    what: "a generated workload is made once for all seeds",
    find: "this.#generated.get(JSON.stringify([workload, memoryBytes, vcpus, seed])",
    replace: "this.#generated.get(JSON.stringify([workload, memoryBytes, vcpus])",
    tests: ["workload-files/workloads.test"],
  },

  // Patches, sizes and rows of settings
  {
    what: "a reserve before watermarks of exactly what is asked for does not suffice",
    find: "zone.freePages - zone.unacceptedPages >= reserveBeforeWatermarksPages",
    replace: "zone.freePages - zone.unacceptedPages > reserveBeforeWatermarksPages",
    tests: ["guest/reserve-before-watermarks.test"],
  },
  {
    what: "a request that found no page is refused a block for the sake of the reserve",
    find: "!unserved &&",
    replace: "",
    tests: ["guest/reserve-before-watermarks.test"],
  },
  {
    what: "7.4 reserves a CMA area at a fixed address and does not accept it",
    find: "if (rules.acceptsFixedCma) memblock.reserveAndAccept(asPhys(base), sizeBytes);",
    replace: "if (rules.acceptsFixedCma) memblock.reserve(base, sizeBytes);",
    tests: ["guest/reservations.test"],
  },
  {
    what: "the whole table of unaccepted memory counts as kept",
    find: "missedBytes: Math.max(0, range.end - kept.end),",
    replace: "missedBytes: 0,",
    tests: ["study/size-matrix.test"],
  },
  {
    what: "sizes that fail with one kernel only are named as if they failed with all",
    find: "own.size < new Set(every.map(of)).size",
    replace: "own.size > new Set(every.map(of)).size",
    tests: ["report/size-matrix.test"],
  },
  {
    what: "inputs are one table also where one of them has two rows",
    find: "if (titles.size === 1 || titles.size < rows.length) return undefined;",
    replace: "if (titles.size === 1) return undefined;",
    tests: ["report/rows.test"],
  },

  // What texts say about a machine
  {
    what: "RAM that firmware keeps below 4 GiB is none of the machine's",
    find: "const FIRMWARE_GAP: number = 64 * MiB;",
    replace: "const FIRMWARE_GAP: number = -1;",
    tests: ["machine/map-files.test"],
  },
  {
    what: "a mail's quotes hide the kernel's lines",
    find: '.trimEnd().replace(QUOTES, "")',
    replace: ".trimEnd()",
    tests: ["machine/log-text.test"],
  },
  {
    what: "of several boots in one log the first counts",
    find: "begins.length > 1 ? firstOf(all, begins.at(-1)!) : 0",
    replace: "begins.length > 1 ? 0 : 0",
    tests: ["machine/guest-dmesg.test"],
  },
  {
    what: "what a scenario refuses is left out without a word",
    find: "refused.push(...first);",
    replace: "",
    tests: ["machine/join.test"],
  },
  {
    what: "a map without acceptance has all of it accepted",
    find: 'entry.type === "usable" && entry.start >= ACCEPTED_END',
    replace: "false",
    tests: ["machine/golden.test"],
  },
  {
    what: "what no input causes is explained all the same",
    find: "return { causes, left: logged - before };",
    replace: "return { causes, left: 0 };",
    tests: ["machine/check.test"],
  },
  {
    what: "an initrd is freed in the zone of the kernel",
    find: '(value.what === "initrd" ? hasInitrd : hasImage)',
    replace: "hasImage",
    tests: ["machine/check.test"],
  },
  {
    what: "what KASLR costs has no bound",
    find: "if (pages < low || pages > high) return { causes, left };",
    replace: "",
    tests: ["machine/check.test"],
  },
  {
    what: "RAM that no line of a whole log names is explained",
    find: "if (!isWhole) causes.push",
    replace: "causes.push",
    tests: ["machine/map-difference.test"],
  },
  {
    what: "a reverse map table has no entries for itself",
    find: "rmpBytes(Math.max(ramEnd, table.end))",
    replace: "rmpBytes(ramEnd)",
    tests: ["host/rmp.test"],
  },
  {
    what: "a segment of the reverse map table maps more than its size",
    find: "const covers = Math.min(mappedBytes, segmentBytes);",
    replace: "const covers = mappedBytes;",
    tests: ["host/rmp.test"],
  },
  {
    what: "a segment for devices above RAM counts as cover",
    find: "findLast(({ first }) => first < ramEnd)",
    replace: "findLast(() => true)",
    tests: ["host/rmp.test"],
  },
  {
    what: "a VMM that does a part of a request is asked once less",
    find: "Math.ceil(bytes / this.#mapGpaLimitBytes) - 1",
    replace: "Math.ceil(bytes / this.#mapGpaLimitBytes) - 2",
    tests: ["coco/tdx-convert.test"],
  },
  {
    what: "a container takes one DMA mapping less than its limit",
    find: "mappings > mostMappings",
    replace: "mappings >= mostMappings",
    tests: ["host/assigned-device.test"],
  },
  {
    what: "what an assigned device maps is not pinned",
    find: "sharedBytes: Math.max(largeBytes + smallBytes, this.#pinnedBytes),",
    replace: "sharedBytes: largeBytes + smallBytes,",
    tests: ["host/assigned-device.test"],
  },
  {
    what: "a release falls from 1 GiB to 4 KiB at once",
    find: "release(sept, ledger, position, runEnd, smaller);",
    replace: "release(sept, ledger, position, runEnd, 0);",
    tests: ["coco/tdx-release.test"],
  },
  {
    what: "the firmware accepts a hot-plug window for a kernel that does not ask",
    find: "type === EfiMemoryType.UNACCEPTED && isHotplugWindow !== true;",
    replace: "type === EfiMemoryType.UNACCEPTED;",
    tests: ["hotplug/window.test"],
  },
  {
    what: "a kernel that drops unaccepted memory loses a hot-plug window",
    find: "if (!isHotplugWindow) lostBytes += end - start;",
    replace: "lostBytes += end - start;",
    tests: ["hotplug/window.test"],
  },
  {
    what: "a kernel takes a hot-plug window for RAM although it knows the mark",
    find: "if (isHotplugWindow && knowsHotplugWindow) continue;",
    replace: "",
    tests: ["hotplug/window.test"],
  },
  {
    what: "slots make a hot-plug window no longer",
    find: "roomBytes + slots * GiB",
    replace: "roomBytes",
    tests: ["firmware/hotplug-window.test"],
  },
  {
    what: "a dump has no descriptor for the page in front of unaccepted memory",
    find: 'if (kind !== "unaccepted" || !tellsUnaccepted) {',
    replace: "if (!tellsUnaccepted) {",
    tests: ["/vmcore.test"],
  },
  {
    what: "a sub-block of virtio-mem becomes private without a request to the host",
    find: "platform.askForPrivate(start, end);\n      kernelAccept",
    replace: "kernelAccept",
    tests: ["hotplug/hotplug.test"],
  },

  // Timelines
  {
    what: "a span that begins with the one around it lies beside it",
    find: "startNs >= span.startNs - 1 && endNs > span.startNs",
    replace: "startNs > span.startNs && endNs > span.startNs",
    tests: ["timeline/timeline.test"],
  },
  {
    what: "spans are merged across the start of one that has not ended",
    find: "first < cut && slice.startNs >= cut",
    replace: "false",
    tests: ["timeline/timeline.test"],
  },
  {
    what: "a flow never ends",
    find: 'part === "end" ? EVENT.lastFlowIds : EVENT.flowIds',
    replace: "EVENT.flowIds",
    tests: ["timeline/timeline.test"],
  },

  // Calibration
  {
    what: "errors of readings add up as if they knew of each other",
    find: "half: Math.hypot(...parts.map(({ half }) => half)),",
    replace: "half: parts.reduce((total, { half }) => total + half, 0),",
    tests: ["calibrate/quantity.test"],
  },
  {
    what: "samples that interrupts made longer count",
    find: "sorted.filter((one) => one <= high + 3 * (high - low))",
    replace: "sorted",
    tests: ["calibrate/quantity.test"],
  },
  {
    what: "what is subtracted is added",
    find: "others.map((one) => scaled(one, -1))",
    replace: "others.map((one) => scaled(one, 1))",
    tests: ["calibrate/quantity.test", "calibrate/calibrate.test"],
  },

  // Memory maps and the explorer
  {
    what: "what leaves a layer in part takes the rest with it",
    find: "if (to < one.end) rest.push({ ...one, start: to });",
    replace: "",
    tests: ["memory-map/layer-areas.test"],
  },
  {
    what: "what was in a layer before still counts in its bytes",
    find: "this.#bytes -= to - from;",
    replace: "",
    tests: ["memory-map/layer-areas.test", "memory-map/map-recorder.test"],
  },
  {
    what: "what background threads accept is on demand",
    find: 'if (this.#guest.background?.accepts === true) return "background";',
    replace: "",
    tests: ["memory-map/map-recorder.test"],
  },
  {
    what: "what comes twice in an address is not told",
    find: "if (side.has(read.key)) remarks.push",
    replace: "if (false) remarks.push",
    tests: ["explorer/settings.test"],
  },
  {
    what: "an address without a second side makes one",
    find: "...(hasSecond ? { b: settingsOf(sides.b) } : {})",
    replace: "b: settingsOf(sides.b)",
    tests: ["explorer/settings.test"],
  },
  {
    what: "a newer question waits for a run of minutes",
    find: "constructor(resources: Resources, patienceMs: number = PATIENCE_MS) {\n    this.#resources = resources;\n    this.#patienceMs = patienceMs;",
    replace:
      "constructor(resources: Resources, patienceMs: number = PATIENCE_MS) {\n    this.#resources = resources;\n    this.#patienceMs = 1e9;",
    tests: ["explorer/client.test"],
  },
];
