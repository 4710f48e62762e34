import { GiB, MiB } from "../../units.js";
import { type Findings, short, sizeText, unexpected } from "../findings.js";
import { isOn, type OptionList, qemuSize } from "../option-list.js";
import { preallocated } from "../prealloc.js";
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

/** Pages of the host that back a plain guest. Private memory is of guest_memfd, which takes none of them. */
export function stateHugePages(
  backends: readonly Backend[],
  memPath: ShellWord | undefined,
  findings: Findings,
  isConfidential: boolean,
): void {
  const found =
    backends.map(hugePagesOf).find((one) => one !== undefined) ??
    folderPages(memPath?.text, memPath?.line ?? 0, "-mem-path");
  if (found === undefined) return;
  const { bytes, line, says, derived } = found;
  if (isConfidential) {
    findings.remark(
      line,
      `${short(says)}: huge pages of the host back only shared memory; private memory is of guest_memfd, which has pages of 4 KiB in Linux up to 7.3 (host.pageSize)`,
    );
  } else findings.says("host.pageSize", sizeText(bytes), line, says, derived);
}

interface HugePages {
  readonly bytes: number;
  readonly line: number;
  readonly says: string;
  readonly derived: string | undefined;
}

const USUAL = "2 MiB is the usual size of huge pages on x86; the host may have another default";

function hugePagesOf({ object, line }: Backend): HugePages | undefined {
  if (isOn(object.get("hugetlb"))) {
    const size = object.get("hugetlbsize");
    if (size === undefined) return { bytes: 2 * MiB, line, says: "hugetlb=on", derived: USUAL };
    const bytes = qemuSize(size, 1);
    if (bytes !== 2 * MiB && bytes !== GiB)
      throw unexpected(size, "2M or 1G, the sizes of x86, for hugetlbsize", size.value ?? "");
    return { bytes, line, says: `hugetlbsize=${size.value}`, derived: undefined };
  }
  return folderPages(object.get("mem-path")?.value, line, "mem-path");
}

function folderPages(path: string | undefined, line: number, option: string): HugePages | undefined {
  if (path === undefined || !HUGE_FOLDER.test(path)) return undefined;
  const isGiB = /1(?:G|GB|GiB)\b|1048576/i.test(path);
  const derived = isGiB ? "the name of the folder" : USUAL;
  return { bytes: isGiB ? GiB : 2 * MiB, line, says: `${option} ${path}`, derived };
}
