/**
 * What a calibration is worth: the curve of nr_unaccepted while processes use memory up (G2), which feeds no price,
 * against the curve of a simulated guest with these prices (I10).
 */

import type { RunResult } from "../results/row.js";
import { parseScenario } from "../scenario/load.js";
import type { Scenario } from "../scenario/scenario.js";
import { MiB, PAGE_SIZE } from "../units.js";
import type { CalibrationBoot } from "./boots.js";
import type { Calibration } from "./calibrate.js";
import type { RecordOf } from "./records.js";

/** How far a simulated curve lies from the measured one, as shares of what there was to accept. */
export interface CurveScore {
  readonly boot: string;
  readonly workers: number;
  /** Looks at /proc/vmstat that were compared. */
  readonly points: number;
  readonly rms: number;
  readonly most: number;
  /** Until nothing is left: measured, and simulated. */
  readonly measuredNs: number;
  readonly simulatedNs: number;
}

export interface CurvePoint {
  readonly ns: number;
  readonly bytes: number;
}

/** @param calibration gives prices and boots @param workload a recorded boot, by its path in a scenario */
function scenarioOf(
  calibration: Calibration,
  boot: CalibrationBoot,
  workers: number,
  workload: string,
): Scenario {
  const { platform, prices, level, measured } = calibration;
  const priced = prices.flatMap(({ parameter, valueNs, ridge }) => [
    [parameter, valueNs] as const,
    ...(ridge?.kept ?? []).map((one) => [one.parameter, one.valueNs] as const),
  ]);
  const document = {
    name: "calibrate",
    workload,
    platform: {
      kind: platform,
      ...Object.fromEntries(priced.map(([name, ns]) => [name, `${digits(ns)}ns`])),
    },
    kernel: boot.kernel,
    memory: `${boot.memoryBytes / MiB}MiB`,
    vcpus: boot.vcpus,
    drain: { workers },
    host: {
      ...(level === "2m" ? { pageSize: "2MiB" } : {}),
      ...(measured.host.clearsInOrder ? { kernel: measured.host.kernel } : {}),
    },
  };
  return parseScenario(JSON.stringify(document), "calibrate")[0]!;
}

/** Without an exponent, which durations do not have. */
function digits(ns: number): string {
  return ns >= 100 ? ns.toFixed(0) : ns.toFixed(3);
}

/** The curves of all boots with processes at work. @param run simulates with the host's timeline */
export function scoreCurves(
  calibration: Calibration,
  workload: string,
  run: (scenario: Scenario) => RunResult,
): CurveScore[] {
  const { measured } = calibration;
  const curves = new Map<string, RecordOf<"G2">[]>();
  for (const look of measured.records.of("G2")) {
    if (look.workers === 0) continue;
    const key = `${look.workers} ${look.boot}`;
    const same = curves.get(key);
    if (same === undefined) curves.set(key, [look]);
    else same.push(look);
  }
  return [...curves.values()].flatMap((looks) => {
    const { boot: name, workers } = looks[0]!;
    const curve = measuredCurve(looks);
    if (curve.length < 3) return [];
    const boot = measured.boots.get(name)!;
    const simulated = simulatedCurve(run(scenarioOf(calibration, boot, workers, workload)));
    return simulated.length === 0 ? [] : [scoreOf(curve, simulated, name, workers)];
  });
}

/** From the last look before anything is accepted to the first at which nothing more is; times from there. */
export function measuredCurve(
  looks: readonly Pick<RecordOf<"G2">, "ns" | "unacceptedPages">[],
): CurvePoint[] {
  const sorted = looks.toSorted((a, b) => a.ns - b.ns);
  const most = Math.max(...sorted.map(({ unacceptedPages }) => unacceptedPages));
  const least = Math.min(...sorted.map(({ unacceptedPages }) => unacceptedPages));
  const start = sorted.findLastIndex(({ unacceptedPages }) => unacceptedPages === most);
  const end = sorted.findIndex(({ unacceptedPages }) => unacceptedPages === least);
  if (end <= start) return [];
  const first = sorted[start]!;
  return sorted
    .slice(start, end + 1)
    .map(({ ns, unacceptedPages }) => ({ ns: ns - first.ns, bytes: unacceptedPages * PAGE_SIZE }));
}

/** What a simulated guest has accepted since its drain began, by the time since then. */
export function simulatedCurve({ overTime, drain, totalTimeNs }: RunResult): CurvePoint[] {
  if (overTime === undefined || drain === undefined || totalTimeNs === undefined) return [];
  const startNs = totalTimeNs - drain.timeNs;
  const points = overTime.timeNs.map((timeNs, at) => ({
    ns: timeNs - startNs,
    bytes: overTime.privateBytes[at]! + overTime.sharedBytes[at]!,
  }));
  const before = points.findLast(({ ns }) => ns <= 0) ?? points[0];
  if (before === undefined) return [];
  const after = points
    .filter(({ ns }) => ns > 0)
    .map(({ ns, bytes }) => ({ ns, bytes: bytes - before.bytes }));
  return [{ ns: 0, bytes: 0 }, ...after];
}

function scoreOf(
  curve: readonly CurvePoint[],
  accepted: readonly CurvePoint[],
  boot: string,
  workers: number,
): CurveScore {
  const whole = curve[0]!.bytes - curve.at(-1)!.bytes;
  const errors = curve.map(({ ns, bytes }) => {
    const predicted = Math.max(curve.at(-1)!.bytes, curve[0]!.bytes - valueAt(accepted, ns));
    return (predicted - bytes) / whole;
  });
  const squares = errors.reduce((sum, error) => sum + error ** 2, 0);
  return {
    boot,
    workers,
    points: errors.length,
    rms: Math.sqrt(squares / errors.length),
    most: Math.max(...errors.map(Math.abs)),
    measuredNs: curve.at(-1)!.ns,
    simulatedNs: timeAt(accepted, whole),
  };
}

/** Between two points, along the straight line. */
function valueAt(points: readonly CurvePoint[], ns: number): number {
  const next = points.findIndex((point) => point.ns >= ns);
  if (next < 0) return points.at(-1)!.bytes;
  if (next === 0) return points[0]!.bytes;
  const [a, b] = [points[next - 1]!, points[next]!];
  return a.bytes + ((b.bytes - a.bytes) * (ns - a.ns)) / (b.ns - a.ns);
}

function timeAt(points: readonly CurvePoint[], bytes: number): number {
  const next = points.findIndex((point) => point.bytes >= bytes);
  if (next <= 0) return points.at(-1)!.ns;
  const [a, b] = [points[next - 1]!, points[next]!];
  return a.ns + ((b.ns - a.ns) * (bytes - a.bytes)) / (b.bytes - a.bytes);
}
