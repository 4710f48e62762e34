/** Call chains behind an event: who asked for a page. */

/** `\tffffffff8161f78b __alloc_pages+0x26b ([kernel.kallsyms])` of perf, ` => __alloc_pages` of ftrace. */
const FRAME = /^(?:\s+[0-9a-f]+ | ?=> )([^\s+>(]+)/;

/** Functions of the page allocator's own interface, which tell nothing of who uses it. */
const ALLOCATOR =
  /^_{0,2}(?:alloc_(?:frozen_)?pages?|alloc_pages_|folio_alloc|vma_alloc_folio|get_free_pages?|get_zeroed_page|rmqueue|get_page_from_freelist|trace_|perf_)/;

/** The function that asked for a page if a frame names it, or undefined for a frame of the allocator itself. */
export function callerOfFrame(line: string): string | undefined {
  const name = FRAME.exec(line)?.[1];
  return name === undefined || name === "[unknown]" || ALLOCATOR.test(name) ? undefined : name;
}
