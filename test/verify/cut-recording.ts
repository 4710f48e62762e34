import { kernelRules } from "../../src/linux/kernel-rules.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { Follower } from "../../src/verify/follower.js";
import { labSteps } from "../../src/verify/lab-steps.js";
import { procFields } from "../../src/verify/proc-fields.js";
import type { RecordingFiles } from "../../src/verify/recording-files.js";
import type { SnapshotZone } from "../../src/verify/snapshot.js";
import { readSnapshot } from "../../src/verify/snapshot.js";
import { allocatorOf } from "../../src/verify/snapshot-state.js";
import { readLabLog } from "../../src/workload/lab-log.js";
import { recordedFiles } from "./recorded.js";
import { snapshotOf } from "./snapshot-of.js";

/** A recording in memory. */
export interface StoredRecording {
  readonly name: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** As `verifyRecording` takes it. */
export function filesOf({ name, files }: StoredRecording): RecordingFiles {
  return { name, list: () => [...files.keys()].sort(), read: (file) => files.get(file) };
}

/** A committed recording, unpacked. */
export function storedRecording(name: string, without?: (file: string) => boolean): StoredRecording {
  const files = recordedFiles(name, without);
  return { name, files: new Map(files.list().map((file) => [file, files.read(file)!])) };
}

/**
 * A boot with the first records of its workload: what the recording has at its end is replaced by what the
 * model has then, which is the same as far as a whole recording tells.
 */
export function cutRecording(name: string, workload: string, records: number): StoredRecording {
  const { files } = storedRecording(name);
  const text = (file: string): string => new TextDecoder().decode(files.get(file));
  const log = files.get(`wl-${workload}.lablog`)!.slice(0, records * 24);
  const before = readSnapshot(text(`wl-${workload}.snapA`)).zones;
  const allocator = allocatorOf(before, kernelRules("6.12").pageAlloc, { acceptMemory: () => {} });
  new Follower(labSteps(readLabLog(log), allocator.rules), allocator, [0]).run();
  const cut = new Map(files);
  const put = (file: string, content: string): void => void cut.set(file, new TextEncoder().encode(content));
  cut.set(`wl-${workload}.lablog`, log);
  put(`wl-${workload}.snapB`, snapshotText(snapshotOf(allocator), before, records));
  for (const file of ["buddyinfo", "zoneinfo", "meminfo", "vmstat"] as const) {
    put(`post-${workload}.${file}`, procText(file, text(`post-${workload}.${file}`), allocator));
  }
  return { name: `${name}-cut`, files: cut };
}

function snapshotText(
  zones: readonly SnapshotZone[],
  before: readonly SnapshotZone[],
  records: number,
): string {
  const lines = [`seq ${records}`];
  const hex = (pfns: readonly number[]): string => pfns.map((pfn) => ` ${pfn.toString(16)}`).join("");
  for (const zone of zones) {
    const was = before.find(({ nodeId, type }) => nodeId === zone.nodeId && type === zone.type)!;
    const [min, low, high, promo] = zone.watermark;
    lines.push(
      `zone node=${zone.nodeId} idx=${zone.type} name=${zone.name} start=${zone.startPfn} ` +
        `spanned=${zone.endPfn - zone.startPfn} present=${zone.presentPages} managed=${zone.managedPages} ` +
        `min=${min} low=${low} high=${high} promo=${promo} boost=${zone.boost} nr_free=${zone.freePages} ` +
        `nr_unaccepted=${zone.unacceptedPages} highatomic=${zone.reservedHighatomicPages} ` +
        `lowmem_reserve=${was.lowmemReserve.join(",")} flags=${zone.flags}`,
    );
    for (const [key, pfns] of zone.free) {
      const [order, type] = key.split("/");
      lines.push(`free o=${order} mt=${type}:${hex(pfns)}`);
    }
    lines.push(`unaccepted:${hex(zone.unaccepted)}`);
    for (const pcp of zone.pcp) {
      lines.push(
        `pcp cpu=${pcp.cpu} count=${pcp.count} high=${pcp.high} high_min=${pcp.highMin} high_max=${pcp.highMax} ` +
          `batch=${pcp.batch} flags=${pcp.flags} alloc_factor=${pcp.allocFactor} free_count=${pcp.freeCount}`,
      );
      for (const [index, pfns] of pcp.lists) lines.push(`pl i=${index}:${hex(pfns)}`);
    }
    lines.push(`blocks:${zone.blocks.map(([type, count]) => ` ${type}*${count}`).join("")}`);
  }
  return `${lines.join("\n")}\n`;
}

/** A file of /proc with what follows from the allocator's state in the place of what it had. */
function procText(
  file: "buddyinfo" | "zoneinfo" | "meminfo" | "vmstat",
  text: string,
  { zones }: PageAllocator,
): string {
  const lines = text.split("\n");
  const sum = (pick: (zone: PageAllocator["zones"][number]) => number): number =>
    zones.reduce((total, zone) => total + pick(zone), 0);
  for (const { line, name, zone: where, cpu, value } of procFields(file, text).values()) {
    const zone = zones.find((each) => where === `node ${each.nodeId} zone ${each.name} `);
    const pcp = cpu === "" ? undefined : zone?.pcp[Number(cpu.split(" ")[1])];
    const found: Record<string, number | undefined> = {
      "pages free": zone?.freePages,
      nr_free_pages: file === "vmstat" ? sum((each) => each.freePages) : zone?.freePages,
      MemFree: sum((each) => each.freePages) * 4,
      managed: zone?.managedPages,
      MemTotal: sum((each) => each.managedPages) * 4,
      nr_unaccepted: file === "vmstat" ? sum((each) => each.unacceptedPages) : zone?.unacceptedPages,
      Unaccepted: sum((each) => each.unacceptedPages) * 4,
      count: pcp?.count,
      high: pcp?.high,
      boost: zone?.watermarkBoost,
    };
    const now = found[name];
    if (now !== undefined) lines[line - 1] = lines[line - 1]!.replace(value.replace(" kB", ""), `${now}`);
    const order = /^order (\d+)$/.exec(name)?.[1];
    if (order === "0") {
      lines[line - 1] = lines[line - 1]!.replace(/(zone +\w+ ).*/, `$1${[...zone!.nrFree].join(" ")} `);
    }
  }
  return lines.join("\n");
}
