/**
 * Both formats of a timeline read back by what their own documentation says, as a viewer imports them: packets in the
 * order of time, slices on a stack per track, flows bound to the innermost slice that has begun. Field numbers are
 * from google/perfetto protos/perfetto/trace; phases of JSON from the Trace Event Format's document.
 */

import { PbfReader } from "pbf";
import * as assert from "uvu/assert";

export interface ReadSlice {
  readonly track: string;
  readonly name: string;
  readonly startNs: number;
  endNs: number;
  readonly depth: number;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a viewer has of a file. */
export interface ReadTrace {
  readonly process: string;
  readonly slices: ReadSlice[];
  readonly instants: { readonly track: string; readonly name: string; readonly atNs: number }[];
  readonly counters: Map<string, (readonly [atNs: number, value: number])[]>;
  /** Slices of each flow in the order of the file. */
  readonly flows: Map<number, ReadSlice[]>;
  /** Flows that have an end. */
  readonly ended: Set<number>;
}

/** What was read so far, and the stack of each track. */
class Importer {
  readonly trace: ReadTrace & { process: string } = {
    process: "",
    slices: [],
    instants: [],
    counters: new Map(),
    flows: new Map(),
    ended: new Set(),
  };
  readonly #stacks = new Map<string, ReadSlice[]>();

  begin(track: string, name: string, startNs: number, args: ReadSlice["args"]): ReadSlice {
    const stack = this.#stack(track);
    assert.ok(startNs >= (stack.at(-1)?.startNs ?? 0), `${track}: ${name} begins before what it lies in`);
    const slice = { track, name, startNs, endNs: Number.NaN, depth: stack.length, args };
    stack.push(slice);
    this.trace.slices.push(slice);
    return slice;
  }

  end(track: string, endNs: number): void {
    const slice = this.#stack(track).pop();
    assert.ok(slice !== undefined, `${track}: an end of nothing at ${endNs}`);
    slice.endNs = endNs;
  }

  /** Slices of known length that are over end. */
  endUpTo(track: string, atNs: number): void {
    const stack = this.#stack(track);
    while (stack.length > 0 && stack.at(-1)!.endNs <= atNs) stack.pop();
  }

  instant(track: string, name: string, atNs: number): void {
    this.trace.instants.push({ track, name, atNs });
  }

  count(track: string, atNs: number, value: number): void {
    const samples = this.trace.counters.get(track) ?? [];
    this.trace.counters.set(track, samples);
    samples.push([atNs, value]);
  }

  flow(id: number, track: string, isLast: boolean): void {
    const slice = this.#stack(track).at(-1);
    assert.ok(slice !== undefined, `flow ${id} is in no slice`);
    assert.not(this.trace.ended.has(id), `flow ${id} goes on after its end`);
    this.trace.flows.set(id, [...(this.trace.flows.get(id) ?? []), slice]);
    if (isLast) this.trace.ended.add(id);
  }

  nothingIsOpen(): void {
    for (const [track, stack] of this.#stacks) assert.equal(stack, [], track);
  }

  #stack(track: string): ReadSlice[] {
    const stack = this.#stacks.get(track) ?? [];
    this.#stacks.set(track, stack);
    return stack;
  }
}

interface JsonEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid?: number;
  readonly name: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

export function readTraceEvents(text: string): ReadTrace {
  const { traceEvents } = JSON.parse(text) as { readonly traceEvents: readonly JsonEvent[] };
  const importer = new Importer();
  const threads = new Map<number, string>();
  const nsOf = (us: number): number => Math.round(us * 1000);
  const sorted = traceEvents.toSorted((one, other) => (one.ts ?? -1) - (other.ts ?? -1));
  for (const { ph, tid = 0, name, ts = 0, dur = 0, id = 0, args = {} } of sorted) {
    const track = (): string => {
      const thread = threads.get(tid);
      assert.ok(thread !== undefined, `thread ${tid} has no name`);
      return thread;
    };
    if (ph === "M" && name === "process_name") importer.trace.process = String(args.name);
    else if (ph === "M" && name === "thread_name") threads.set(tid, String(args.name));
    else if (ph === "C") {
      for (const [key, value] of Object.entries(args)) {
        assert.is(key, "bytes");
        importer.count(name, nsOf(ts), Number(value));
      }
    } else if (ph === "X") {
      importer.endUpTo(track(), nsOf(ts));
      importer.begin(track(), name, nsOf(ts), args).endNs = nsOf(ts) + nsOf(dur);
    } else if (ph === "i") importer.instant(track(), name, nsOf(ts));
    else if (["s", "t", "f"].includes(ph)) importer.flow(id, track(), ph === "f");
    else assert.ok(ph === "M", `phase ${ph}`);
  }
  return importer.trace;
}

interface Packet {
  timestamp: number;
  event?: Event;
  descriptor?: Descriptor;
}

interface Event {
  type: number;
  track: number;
  name: string;
  counter?: number;
  args: Record<string, unknown>;
  flows: number[];
  lastFlows: number[];
}

interface Descriptor {
  uuid: number;
  name: string;
  parent?: number;
  isCounter: boolean;
  isProcess: boolean;
}

export function readTrackEvents(bytes: Uint8Array): ReadTrace {
  const packets: Packet[] = [];
  new PbfReader(bytes).readFields((tag, _none, pbf) => {
    assert.is(tag, 1);
    packets.push(pbf.readMessage(readPacket, { timestamp: 0 } as Packet));
  }, undefined);
  const importer = new Importer();
  const tracks = new Map<number, Descriptor>();
  for (const { timestamp, event, descriptor } of packets.toSorted(
    (one, other) => one.timestamp - other.timestamp,
  )) {
    if (descriptor !== undefined) {
      tracks.set(descriptor.uuid, descriptor);
      if (descriptor.isProcess) importer.trace.process = descriptor.name;
      else assert.ok(tracks.get(descriptor.parent!)?.isProcess, `${descriptor.name} has no parent`);
    }
    if (event === undefined) continue;
    const track = tracks.get(event.track);
    assert.ok(track !== undefined, `track ${event.track} is not described`);
    assert.is(event.type === 4, track.isCounter);
    if (event.type === 1) importer.begin(track.name, event.name, timestamp, event.args);
    if (event.type === 2) importer.end(track.name, timestamp);
    if (event.type === 3) importer.instant(track.name, event.name, timestamp);
    if (event.type === 4) importer.count(track.name, timestamp, event.counter!);
    for (const id of event.flows) importer.flow(id, track.name, false);
    for (const id of event.lastFlows) importer.flow(id, track.name, true);
  }
  importer.nothingIsOpen();
  return importer.trace;
}

function readPacket(tag: number, packet: Packet, pbf: PbfReader): void {
  if (tag === 8) packet.timestamp = pbf.readVarint();
  else if (tag === 10) assert.is(pbf.readVarint(), 1);
  else if (tag === 11)
    packet.event = pbf.readMessage(readEvent, {
      type: 0,
      track: 0,
      name: "",
      args: {},
      flows: [],
      lastFlows: [],
    } as Event);
  else if (tag === 60)
    packet.descriptor = pbf.readMessage(readDescriptor, {
      uuid: 0,
      name: "",
      isCounter: false,
      isProcess: false,
    } as Descriptor);
  else throw new Error(`packet has field ${tag}`);
}

function readDescriptor(tag: number, to: Descriptor, pbf: PbfReader): void {
  if (tag === 1) to.uuid = pbf.readVarint();
  else if (tag === 2) to.name = pbf.readString();
  else if (tag === 3) {
    to.isProcess = true;
    to.name = pbf.readMessage(
      (field, name: { text: string }, from) => {
        if (field === 6) name.text = from.readString();
      },
      { text: "" },
    ).text;
  } else if (tag === 4) {
    to.name = pbf.readMessage(
      (field, name: { text: string }, from) => {
        if (field === 5) name.text = from.readString();
      },
      { text: "" },
    ).text;
  } else if (tag === 5) to.parent = pbf.readVarint();
  else if (tag === 8) {
    to.isCounter = true;
    const unit = pbf.readMessage(
      (field, found: { unit: number }, from) => {
        if (field === 3) found.unit = from.readVarint();
      },
      { unit: 0 },
    );
    assert.is(unit.unit, 3, "the unit is bytes");
  }
}

function readEvent(tag: number, event: Event, pbf: PbfReader): void {
  if (tag === 4) {
    const { name, value } = pbf.readMessage(readAnnotation, { name: "", value: undefined as unknown });
    event.args[name] = value;
  } else if (tag === 9) event.type = pbf.readVarint();
  else if (tag === 11) event.track = pbf.readVarint();
  else if (tag === 23) event.name = pbf.readString();
  else if (tag === 30) event.counter = pbf.readVarint();
  else if (tag === 47) event.flows.push(pbf.readFixed64());
  else if (tag === 48) event.lastFlows.push(pbf.readFixed64());
  else throw new Error(`event has field ${tag}`);
}

function readAnnotation(tag: number, to: { name: string; value: unknown }, pbf: PbfReader): void {
  if (tag === 10) to.name = pbf.readString();
  else if (tag === 4) to.value = pbf.readVarint(true);
  else if (tag === 5) to.value = pbf.readDouble();
  else if (tag === 6) to.value = pbf.readString();
  else throw new Error(`annotation has field ${tag}`);
}
