import type { AcceptedBy, AcceptWatch } from "../accept/accept-meter.js";
import { RangeSet, unionIn } from "../coco/range-set.js";
import { subtractRanges } from "../firmware/ranges.js";
import { IDENTITY } from "../results/read.js";
import type { RunResult } from "../results/row.js";
import {
  type AddressRange,
  formatBytes,
  PAGE_SIZE,
  PHYSICAL_ADDRESS_END,
  roundDown,
  roundUp,
  UNIT_SIZE,
} from "../units.js";
import { AcceptLog } from "./accept-log.js";
import { AcceptOrigins } from "./accept-origins.js";
import { freeRanges, parkedRanges } from "./free-lists.js";
import { LayerAreas } from "./layer-areas.js";
import { LAYER_KEYS, LAYERS, type LayerKey } from "./layers.js";
import { mapLayers } from "./map-layers.js";
import {
  type MapArea,
  type MapPhase,
  MEMORY_MAP_KIND,
  MEMORY_MAP_SCHEMA_VERSION,
  type MemoryMapFile,
} from "./memory-map.js";
import { isAccept } from "./memory-state.js";
import type { GuestOnItsWay, RunWatch } from "./run-watch.js";

/** What a viewer shows without delay; a file of some 3 MiB at most. */
const AREAS_MAX = 20_000;
const ACCEPTS_MAX = 20_000;
/** Looks at the free lists until the time between two doubles, and again after half as many. */
const FREE_SAMPLES = 64;
/** Areas of the coarsest layer: one that ended and one that goes on. */
const FEWEST = 2;
const FIRST_SAMPLE_NS = 1e6;

/**
 * Records which memory of a guest was what and when, in bounded memory: where there are too many areas, those of the
 * layer with most are widened to the lines of a grid and joined where they touch then. The grid's steps double until
 * there is room.
 */
export class MapRecorder implements RunWatch, AcceptWatch {
  readonly #areasMax: number;
  readonly #layers: Readonly<Record<LayerKey, LayerAreas>>;
  readonly #log: AcceptLog;
  /** All that was ever accepted, in whatever state it is now; bytes. */
  readonly #accepted = new RangeSet();
  /** RAM that the map knows of. */
  #ram: AddressRange[] = [];
  #guest: GuestOnItsWay | undefined = undefined;
  #origins: AcceptOrigins | undefined = undefined;
  #sawMap = false;
  #sawKernel = false;
  #sampledNs = Number.NEGATIVE_INFINITY;
  #sampleGapNs = FIRST_SAMPLE_NS;
  #samples = 0;
  /** When the phase or feature before this one ended. */
  #beforeNs = 0;

  constructor(areasMax: number = AREAS_MAX, acceptsMax: number = ACCEPTS_MAX) {
    this.#areasMax = areasMax;
    this.#layers = Object.fromEntries(LAYER_KEYS.map((key) => [key, new LayerAreas()])) as Record<
      LayerKey,
      LayerAreas
    >;
    this.#log = new AcceptLog(acceptsMax);
  }

  begin(boot: GuestOnItsWay): void {
    this.#guest = boot;
    this.#origins = new AcceptOrigins(boot);
    const { meter, host, platform, ram } = boot.guest;
    meter.watch = this;
    this.#ram = [...ram];
    if (platform.type.isConfidential)
      for (const { start, end } of ram) this.#layers.unaccepted.open(start, end, 0);
    const { onShared } = host;
    host.onShared = (start, end) => {
      onShared(start, end);
      this.#shared(start, end);
    };
  }

  begins(): void {}

  accepted(by: keyof AcceptedBy, start: number, end: number): void {
    if (!isAccept(this.#guest!, start, end)) return;
    const { clock } = this.#guest!.guest;
    const atNs = clock.nowNs;
    const layer = this.#origins!.layer(by);
    const { unaccepted, shared, [layer]: into } = this.#layers;
    for (const fresh of subtractRanges([{ start, end }], unionIn([this.#accepted], start, end)))
      into.keep(fresh.start, fresh.end, atNs);
    this.#accepted.add(start, end);
    unaccepted.close(start, end, atNs);
    shared.close(start, end, atNs);
    this.#log.add({
      atNs: Math.round(atNs),
      cpu: clock.running,
      start,
      bytes: end - start,
      by: LAYERS[layer].name,
    });
    this.#lookAtHost(start, end);
    if (atNs >= this.#sampledNs + this.#sampleGapNs) this.#sampleFree();
    this.#makeRoom(2 * this.#areasMax);
  }

  stepEnded(): void {
    const { handOver, kernel, guest } = this.#guest!;
    this.#origins!.followAllocator();
    const atNs = guest.clock.bootCpuNs;
    if (handOver !== undefined && !this.#sawMap) {
      this.#sawMap = true;
      const { finalMap, entries } = handOver.stub;
      const endOfRam = guest.ram.at(-1)!.end;
      for (const { layer, start, end } of mapLayers(finalMap, entries))
        this.#layers[layer].open(Math.min(start, endOfRam), Math.min(end, endOfRam), atNs);
    }
    if (kernel !== undefined && !this.#sawKernel) {
      this.#sawKernel = true;
      for (const { start, end } of kernel.early.memblock.reserved.ranges)
        this.#layers.reserved.open(start, end, atNs);
    }
  }

  phaseEnded(): void {
    this.#lookAtAll();
    this.#beforeNs = this.#guest!.guest.clock.nowNs;
  }

  /** Memory may have been plugged in, which then counts from when that began. */
  featureEnded(): void {
    const { kernel, guest } = this.#guest!;
    const beforeNs = this.#beforeNs;
    this.#beforeNs = guest.clock.nowNs;
    if (kernel !== undefined) {
      const listed = [...parkedRanges(kernel.allocator), ...freeRanges(kernel.allocator)];
      for (const added of subtractRanges(listed, this.#ram)) {
        const accepted = unionIn([this.#accepted], added.start, added.end);
        for (const { start, end } of subtractRanges([added], accepted))
          this.#layers.unaccepted.open(start, end, beforeNs);
        this.#ram.push(added);
      }
    }
    this.#lookAtAll();
  }

  ended(): void {
    this.#lookAtAll();
  }

  #shared(start: number, end: number): void {
    const atNs = this.#guest!.guest.clock.nowNs;
    this.#layers.unaccepted.close(start, end, atNs);
    this.#layers.shared.open(start, end, atNs);
    this.#lookAtHost(start, end);
    this.#makeRoom(2 * this.#areasMax);
  }

  /** The host may give whole pages of 2 MiB around what it is asked for. */
  #lookAtHost(start: number, end: number): void {
    const { platform, clock } = this.#guest!.guest;
    const [from, to] = [roundDown(start, UNIT_SIZE), roundUp(end, UNIT_SIZE)];
    this.#layers.host.replace(from, to, platform.backedRanges(from, to), clock.nowNs);
  }

  #lookAtAll(): void {
    this.#lookAtHost(0, PHYSICAL_ADDRESS_END);
    this.#sampleFree();
    this.#makeRoom(2 * this.#areasMax);
  }

  #sampleFree(): void {
    const { kernel, guest } = this.#guest!;
    if (kernel === undefined) return;
    const { nowNs } = guest.clock;
    this.#layers.free.replace(0, PHYSICAL_ADDRESS_END, freeRanges(kernel.allocator), nowNs);
    this.#sampledNs = nowNs;
    if (++this.#samples < FREE_SAMPLES) return;
    this.#samples = FREE_SAMPLES / 2;
    this.#sampleGapNs *= 2;
  }

  #makeRoom(max: number): void {
    const layers = Object.values(this.#layers);
    const sum = (): number => layers.reduce((areas, layer) => areas + layer.count, 0);
    if (sum() < max) return;
    for (const layer of layers) layer.settle();
    const { endNs } = this.#ends;
    // Down to what a file has room for, so that this comes seldom.
    let count = sum();
    while (count > this.#areasMax) {
      const most = layers.reduce((one, other) => (other.count > one.count ? other : one));
      if (most.count <= FEWEST) return;
      const before = most.count;
      most.coarsen(this.#spanBytes, endNs);
      count -= before - most.count;
    }
  }

  get #spanBytes(): number {
    const { kernel, guest } = this.#guest!;
    const zoneEnd = Math.max(0, ...(kernel?.allocator.zones ?? []).map(({ endPfn }) => endPfn * PAGE_SIZE));
    return Math.max(zoneEnd, ...guest.ram.map(({ end }) => end));
  }

  get #ends(): { readonly endNs: number; readonly bootNs: number } {
    const { guest, ready } = this.#guest!;
    const { cpus, bootCpuNs } = guest.clock;
    const bootNs = Math.round(ready?.bootTimeNs ?? bootCpuNs);
    return { endNs: Math.max(bootNs, ...Array.from(cpus.timeNs, (ns) => Math.round(ns))), bootNs };
  }

  /** The map of the run that has ended. @param row its result, for what identifies it */
  map(row: RunResult): MemoryMapFile {
    this.#makeRoom(this.#areasMax + 1);
    const { endNs } = this.#ends;
    const spanBytes = this.#spanBytes;
    const used = LAYER_KEYS.filter((key) => this.#layers[key].peakBytes > 0);
    const grains = used.map((key) => this.#layers[key].grain);
    return {
      schemaVersion: MEMORY_MAP_SCHEMA_VERSION,
      kind: MEMORY_MAP_KIND,
      name: `${row.platform} ${row.policy} ${formatBytes(row.memoryBytes)}`,
      run: identityOf(row),
      endNs,
      spanBytes,
      grainBytes: Math.max(...grains.map(({ bytes }) => bytes)),
      grainNs: Math.max(...grains.map(({ ns }) => ns)),
      phases: this.#phases(endNs),
      layers: used.map((key) => {
        const { grain, peakBytes, bytes } = this.#layers[key];
        return { ...LAYERS[key], grainBytes: grain.bytes, grainNs: grain.ns, peakBytes, endBytes: bytes };
      }),
      areas: used.flatMap((key, layer) =>
        this.#layers[key]
          .areas(endNs)
          .map(({ start, end, fromNs, untilNs }): MapArea => [layer, start, end, fromNs, untilNs]),
      ),
      acceptsTotal: this.#log.total,
      acceptsEvery: this.#log.every,
      accepts: this.#log.accepts,
    };
  }

  /** Those of the boot, and what came after it. */
  #phases(endNs: number): MapPhase[] {
    let startNs = 0;
    const phases = this.#guest!.guest.clock.phases.map(({ name, ns }): MapPhase => {
      const phase = { name, startNs: Math.round(startNs), endNs: Math.round(startNs + ns) };
      startNs += ns;
      return phase;
    });
    const lastNs = Math.round(startNs);
    if (lastNs < endNs)
      phases.push({
        name: this.#guest!.ready === undefined ? "until it ended" : "after init",
        startNs: lastNs,
        endNs,
      });
    return phases;
  }
}

function identityOf(row: RunResult): Record<string, unknown> {
  const { outcome, reason, vcpus, memoryBytes } = row;
  const named = Object.fromEntries(
    IDENTITY.flatMap((name) => {
      const value = row[name as keyof RunResult];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return { ...named, memoryBytes, vcpus, outcome, ...(reason === undefined ? {} : { reason }) };
}
