/** What a guest's dmesg says of the time that parts of its boot took. */

export interface BootLogTimes {
  /** Initialising struct pages once CPUs are up, all nodes together; undefined where the kernel did none (mm/mm_init.c). */
  readonly deferredNs?: number;
  /** Stamp of `Run /init`. */
  readonly initNs?: number;
  /** The DMA bounce buffer; the line of the kernel says where it ends, not its last byte (kernel/dma/swiotlb.c: swiotlb_print_info). */
  readonly swiotlbBytes?: number;
}

const DEFERRED = /\bnode \d+ deferred pages initialised in (\d+)ms/;
const INIT = /^(?:<\d+>)?\[ *(\d+\.\d+)\] Run (\S+) as init process/;
const SWIOTLB = /software IO TLB: mapped \[mem (0x[0-9a-f]+)-(0x[0-9a-f]+)\]/;

/** Lines of other kinds are none of its business. */
export function parseBootLog(text: string): BootLogTimes {
  let deferredNs: number | undefined;
  let initNs: number | undefined;
  let swiotlbBytes: number | undefined;
  for (const line of text.split("\n")) {
    const deferred = DEFERRED.exec(line);
    if (deferred !== null) deferredNs = (deferredNs ?? 0) + Number(deferred[1]) * 1e6;
    const init = INIT.exec(line);
    if (init !== null) initNs = Math.round(Number(init[1]) * 1e9);
    const swiotlb = SWIOTLB.exec(line);
    if (swiotlb !== null) swiotlbBytes = Number(swiotlb[2]) - Number(swiotlb[1]);
  }
  return {
    ...(deferredNs === undefined ? {} : { deferredNs }),
    ...(initNs === undefined ? {} : { initNs }),
    ...(swiotlbBytes === undefined ? {} : { swiotlbBytes }),
  };
}
