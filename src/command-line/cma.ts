/**
 * `cma=`, `cma_pernuma=`, `numa_cma=` and `hugetlb_cma=` (kernel/dma/contiguous.c: early_cma;
 * mm/hugetlb.c: cmdline_parse_hugetlb_cma; Linux 6.12).
 */
import { memparse, wholeSize } from "./words.js";

/** `cma=SIZE[@BASE[-LIMIT]]`; bytes. */
export interface DefaultArea {
  readonly sizeBytes: number;
  readonly base: number;
  /** 0 for none. */
  readonly limit: number;
}

export function defaultArea(value: string): DefaultArea | undefined {
  const size = memparse(value);
  if (size === undefined) return undefined;
  if (size.rest === "") return { sizeBytes: size.value, base: 0, limit: 0 };
  if (!size.rest.startsWith("@")) return undefined;
  const base = memparse(size.rest.slice(1));
  if (base === undefined) return undefined;
  const area = { sizeBytes: size.value, base: base.value };
  if (base.rest === "") return { ...area, limit: base.value + size.value };
  const limit = base.rest.startsWith("-") ? memparse(base.rest.slice(1)) : undefined;
  return limit?.rest === "" ? { ...area, limit: limit.value } : undefined;
}

/** Sizes by node: `NODE:SIZE,NODE:SIZE...`. */
export function sizesByNode(value: string): Map<number, number> | undefined {
  const sizes = new Map<number, number>();
  for (const entry of value.split(",")) {
    const [, node, text] = /^(\d{1,4}):(.+)$/.exec(entry) ?? [];
    const size = text === undefined ? undefined : wholeSize(text);
    if (size === undefined) return undefined;
    sizes.set(Number(node), size);
  }
  return sizes;
}

export function hugetlbArea(value: string): number | Map<number, number> | undefined {
  return wholeSize(value) ?? sizesByNode(value);
}
