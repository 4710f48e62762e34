import { GiB, MiB } from "../../units.js";
import { preallocated, stateHugePageSize, USUAL_HUGE_PAGE, USUAL_HUGE_PAGE_BYTES } from "../backing.js";
import { type Findings, short, unexpected } from "../findings.js";
import { isOn, type OptionList, qemuSize } from "../option-list.js";
import type { ShellWord } from "../shell-text.js";

/** A memory backend of QEMU (`-object memory-backend-*`, qapi/qom.json: MemoryBackendProperties). */
export interface Backend {
  readonly id: string;
  readonly bytes: number;
  readonly line: number;
  readonly says: string;
  readonly object: OptionList;
}

export function isBackend(type: string): boolean {
  return type.startsWith("memory-backend-");
}

/** @throws MachineError where it has no size */
export function backendOf(object: OptionList): Backend {
  const size = object.get("size");
  const type = object.get("qom-type")!.value!;
  if (size === undefined)
    throw unexpected(object.word, `size= in an object of type ${type}`, object.word.text);
  const bytes = qemuSize(size, 1);
  if (bytes === 0) throw unexpected(size, "a size above 0", size.value ?? "");
  return { id: object.get("id")!.value!, bytes, line: size.line, says: `${type} size=${size.value}`, object };
}

/** What a backend says that a scenario cannot. */
export function remarkBacking(
  { object, line, id }: Backend,
  findings: Findings,
  isConfidential: boolean,
): void {
  if (isOn(object.get("prealloc")))
    findings.remark(line, preallocated(`prealloc=on of ${short(id)}`, isConfidential));
  const nodes = object.get("host-nodes");
  const policy = object.get("policy")?.value;
  if (nodes !== undefined)
    findings.remark(
      line,
      `host-nodes=${short(nodes.value ?? "")}${policy === undefined ? "" : ` (${short(policy)})`}: the node of the host costs nothing in a simulated guest`,
    );
}

/** Folders in which pages of a size are mounted. */
const HUGE_FOLDER = /hugetlbfs|hugepages/;

/** Pages of the host that back the guest. */
export function stateHugePages(
  backends: readonly Backend[],
  memPath: ShellWord | undefined,
  findings: Findings,
  isConfidential: boolean,
): void {
  const found =
    backends.map(hugePagesOf).find((one) => one !== undefined) ??
    folderPages(memPath?.text, memPath?.line ?? 0, "-mem-path");
  if (found !== undefined) stateHugePageSize(findings, found, isConfidential);
}

interface HugePages {
  readonly bytes: number;
  readonly line: number;
  readonly says: string;
  readonly derived?: string;
}

function hugePagesOf({ object, line }: Backend): HugePages | undefined {
  if (!isOn(object.get("hugetlb"))) return folderPages(object.get("mem-path")?.value, line, "mem-path");
  const size = object.get("hugetlbsize");
  if (size === undefined)
    return { bytes: USUAL_HUGE_PAGE_BYTES, line, says: "hugetlb=on", derived: USUAL_HUGE_PAGE };
  const bytes = qemuSize(size, 1);
  if (bytes !== 2 * MiB && bytes !== GiB)
    throw unexpected(size, "2M or 1G, the sizes of x86, for hugetlbsize", size.value ?? "");
  return { bytes, line, says: `hugetlbsize=${size.value}` };
}

function folderPages(path: string | undefined, line: number, option: string): HugePages | undefined {
  if (path === undefined || !HUGE_FOLDER.test(path)) return undefined;
  const isGiB = /1(?:G|GB|GiB)\b|1048576/i.test(path);
  const derived = isGiB ? "the name of the folder" : USUAL_HUGE_PAGE;
  return { bytes: isGiB ? GiB : USUAL_HUGE_PAGE_BYTES, line, says: `${option} ${path}`, derived };
}
