/** `unaccepted calibrate DIRECTORY -o my-machine.yaml`: what the scripts of the kit recorded, as prices. */

import { basename } from "node:path";
import { type Calibration, CalibrationImpossible, calibrate } from "../../calibrate/calibrate.js";
import { CalibrateError } from "../../calibrate/error.js";
import { scoreCurves } from "../../calibrate/predict.js";
import { formatPriceSet, priceSetName } from "../../calibrate/price-set.js";
import type { KitFile } from "../../calibrate/records.js";
import { PLATFORMS } from "../../coco/platforms.js";
import { formatCalibration, formatCalibrationJson } from "../../report/calibrate.js";
import type { RunCommand } from "../arguments.js";
import { CALIBRATED_BOOT } from "../bundled.js";
import { paintFor, print, throwIfInterrupted } from "../io.js";
import { openRecording, WorkloadLoader } from "../load-recording.js";
import { writeWhole } from "../output-file.js";
import { UsageError } from "../usage-error.js";

/** Files that the scripts make; all others are none of theirs. */
const KIT_FILE = /\.(jsonl|txt)$/;

/** @returns the exit code: 1 where a price is refused, or none was measured */
export const run: RunCommand = async (argv, context) => {
  const { io, runScenario } = context;
  const format = argv.format(["table", "json"]);
  if (argv.files.length !== 1) throw new UsageError(`expected one directory, found ${argv.files.length}`);
  const directory = argv.files[0]!;
  const path = argv.one("output");
  const calibration = calibrationOf(filesOf(directory), directory);
  await throwIfInterrupted(io.interrupted);
  const recording = new WorkloadLoader().load(CALIBRATED_BOOT);
  const scores = scoreCurves(calibration, "boot", (scenario) =>
    runScenario(scenario, recording, { check: false, overTime: true }),
  );
  await throwIfInterrupted(io.interrupted);
  if (path !== undefined) writeWhole(path, formatPriceSet(calibration, priceSetName(basename(path))));
  const { title } = PLATFORMS[calibration.platform];
  print(
    io.stdout,
    format === "json"
      ? formatCalibrationJson(calibration, scores)
      : formatCalibration(calibration, scores, title, paintFor(io)),
  );
  if (path !== undefined && !argv.has("quiet")) print(io.stderr, `wrote ${path}\n`);
  return calibration.refused.length > 0 || calibration.prices.length === 0 ? 1 : 0;
};

function filesOf(directory: string): KitFile[] {
  const opened = openRecording(directory);
  const names = opened.list().filter((name) => KIT_FILE.test(name));
  if (!names.some((name) => name.endsWith(".jsonl"))) {
    throw new UsageError(`${directory}: expected files *.jsonl of workloads/calibrate, found none`);
  }
  return names.map((name) => ({ name, text: new TextDecoder().decode(opened.read(name)) }));
}

function calibrationOf(files: readonly KitFile[], directory: string): Calibration {
  try {
    return calibrate(files);
  } catch (error) {
    if (error instanceof CalibrateError) throw new UsageError(`${directory}/${error.message}`);
    if (error instanceof CalibrationImpossible) throw new UsageError(`${directory}: ${error.message}`);
    throw error;
  }
}
