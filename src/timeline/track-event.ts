/**
 * A timeline in Perfetto's own format, protobuf in nanoseconds. Field numbers: google/perfetto protos/perfetto/trace,
 * trace_packet.proto, track_event/{track_event,track_descriptor,counter_descriptor,process_descriptor,
 * thread_descriptor,debug_annotation}.proto.
 */

import { PbfWriter } from "pbf";
import type { Details } from "../sim/observer.js";
import type { Moment, Slice, Timeline } from "./recorder.js";
import { countersOf, type FlowPart, flowsBySlice, GUEST, tracksOf } from "./tracks.js";

const TRACE = { packet: 1 } as const;
const PACKET = { timestamp: 8, sequenceId: 10, trackEvent: 11, trackDescriptor: 60 } as const;
const DESCRIPTOR = { uuid: 1, name: 2, process: 3, thread: 4, parentUuid: 5, counter: 8 } as const;
const PROCESS = { pid: 1, name: 6 } as const;
const THREAD = { pid: 1, tid: 2, name: 5 } as const;
const COUNTER = { unit: 3 } as const;
const UNIT_SIZE_BYTES = 3;
const EVENT = {
  annotations: 4,
  type: 9,
  trackUuid: 11,
  name: 23,
  counterValue: 30,
  flowIds: 47,
  lastFlowIds: 48,
};
const ANNOTATION = { int: 4, double: 5, string: 6, name: 10 } as const;
const TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const;

/** All packets come from one writer. */
const SEQUENCE_ID = 1;
const PID = 1;
/** Tracks: that of the guest, those of its CPUs, and those of its counters. */
const GUEST_UUID = 1;
const cpuUuid = (cpu: number): number => 2 + cpu;

interface Event {
  readonly atNs: number;
  readonly type: number;
  readonly track: number;
  readonly name?: string;
  readonly details?: Details | undefined;
  readonly bytes?: number;
  readonly flows?: readonly FlowPart[] | undefined;
}

/** @returns the bytes of a `.pftrace` file */
export function formatTrackEvents(timeline: Timeline, name: string): Uint8Array {
  const pbf = new PbfWriter();
  const tracks = tracksOf(timeline);
  writeDescriptor(pbf, GUEST_UUID, (to) =>
    to.writeMessage(
      DESCRIPTOR.process,
      (_none, process) => {
        process.writeVarintField(PROCESS.pid, PID);
        process.writeStringField(PROCESS.name, `${GUEST} ${name}`);
      },
      undefined,
    ),
  );
  for (const { cpu, name: thread } of tracks) {
    writeDescriptor(pbf, cpuUuid(cpu), (to) => {
      to.writeVarintField(DESCRIPTOR.parentUuid, GUEST_UUID);
      to.writeMessage(
        DESCRIPTOR.thread,
        (_none, of) => {
          of.writeVarintField(THREAD.pid, PID);
          // The first thread of a process has its number.
          of.writeVarintField(THREAD.tid, PID + cpu);
          of.writeStringField(THREAD.name, thread);
        },
        undefined,
      );
    });
  }
  for (const [at, counter] of countersOf(timeline).entries()) {
    const track = cpuUuid(tracks.length + at);
    writeDescriptor(pbf, track, (to) => {
      to.writeStringField(DESCRIPTOR.name, counter.name);
      to.writeVarintField(DESCRIPTOR.parentUuid, GUEST_UUID);
      to.writeMessage(
        DESCRIPTOR.counter,
        (_none, of) => of.writeVarintField(COUNTER.unit, UNIT_SIZE_BYTES),
        undefined,
      );
    });
    for (const { atNs, bytes } of counter.samples)
      writeEvent(pbf, { atNs, type: TYPE.counter, track, bytes });
  }
  const flows = flowsBySlice(timeline);
  for (const slices of timeline.cpus) for (const slice of slices) writeSlice(pbf, slice, flows);
  for (const moment of timeline.moments) writeMoment(pbf, moment);
  return pbf.finish();
}

function writeSlice(pbf: PbfWriter, slice: Slice, flows: ReadonlyMap<Slice, readonly FlowPart[]>): void {
  const { what, cpu, startNs, endNs, details, children } = slice;
  const track = cpuUuid(cpu);
  writeEvent(pbf, { atNs: startNs, type: TYPE.begin, track, name: what, details, flows: flows.get(slice) });
  for (const child of children) writeSlice(pbf, child, flows);
  writeEvent(pbf, { atNs: endNs, type: TYPE.end, track });
}

function writeMoment(pbf: PbfWriter, { what, cpu, atNs, details }: Moment): void {
  writeEvent(pbf, { atNs, type: TYPE.instant, track: cpuUuid(cpu), name: what, details });
}

function writeDescriptor(pbf: PbfWriter, uuid: number, rest: (to: PbfWriter) => void): void {
  writePacket(pbf, (packet) =>
    packet.writeMessage(
      PACKET.trackDescriptor,
      (_none, to) => {
        to.writeVarintField(DESCRIPTOR.uuid, uuid);
        rest(to);
      },
      undefined,
    ),
  );
}

function writeEvent(pbf: PbfWriter, { atNs, type, track, name, details = {}, bytes, flows }: Event): void {
  writePacket(pbf, (packet) => {
    packet.writeVarintField(PACKET.timestamp, atNs);
    packet.writeMessage(
      PACKET.trackEvent,
      (_none, to) => {
        for (const detail of Object.entries(details))
          to.writeMessage(EVENT.annotations, writeAnnotation, detail);
        to.writeVarintField(EVENT.type, type);
        to.writeVarintField(EVENT.trackUuid, track);
        if (name !== undefined) to.writeStringField(EVENT.name, name);
        if (bytes !== undefined) to.writeVarintField(EVENT.counterValue, bytes);
        for (const { id, part } of flows ?? [])
          to.writeFixed64Field(part === "end" ? EVENT.lastFlowIds : EVENT.flowIds, id);
      },
      undefined,
    );
  });
}

function writeAnnotation([name, value]: readonly [string, number | string], pbf: PbfWriter): void {
  pbf.writeStringField(ANNOTATION.name, name);
  if (typeof value === "string") pbf.writeStringField(ANNOTATION.string, value);
  else if (Number.isSafeInteger(value)) pbf.writeVarintField(ANNOTATION.int, value);
  else pbf.writeDoubleField(ANNOTATION.double, value);
}

function writePacket(pbf: PbfWriter, write: (packet: PbfWriter) => void): void {
  pbf.writeMessage(
    TRACE.packet,
    (_none, packet) => {
      packet.writeVarintField(PACKET.sequenceId, SEQUENCE_ID);
      write(packet);
    },
    undefined,
  );
}
