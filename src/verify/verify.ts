import { added, type Comparison } from "./comparison.js";
import { compareMemblockVectors, parseMemblockVectors } from "./memblock-vectors.js";
import { checkProcFiles } from "./proc-files-check.js";
import { needText, parseFile, RecordingError, type RecordingFiles } from "./recording-files.js";
import {
  knownAllocations,
  type VerifiedRecording,
  type VerifiedRun,
  verifyLabRecording,
} from "./verify-recording.js";
import { verifyStockRecording } from "./verify-stock.js";

/** Share of allocations from lists it knows that must get the kernel's frames, by where a run starts. */
const EXACT_SHARE = { e820: 1, snapshot: 1, boot: 1, trace: 0.99 } as const;

/** What a kernel printed, which is all but descriptions and what the recorder was told. */
const EVIDENCE =
  /^(boot|end|run|(pre|post|wl)-.+)\.(dmesg|lablog|snap[AB]|trace|buddyinfo|zoneinfo|meminfo|vmstat|pagetypeinfo)$/;

/**
 * Compares everything that a directory has recorded of a real kernel with the model.
 *
 * @throws RecordingError, with one line that names the file
 */
export function verifyRecording(files: RecordingFiles): VerifiedRecording {
  const read = new Set<string>();
  const noting: RecordingFiles = {
    ...files,
    read: (name) => {
      read.add(name);
      return files.read(name);
    },
  };
  const recording = verifyKind(noting);
  const procFiles = checkProcFiles(files);
  const notCompared = files.list().filter((name) => EVIDENCE.test(name) && !read.has(name));
  return {
    ...recording,
    ...(procFiles.compared === 0 ? {} : { files: procFiles }),
    ...(notCompared.length === 0 ? {} : { notCompared }),
  };
}

function verifyKind(files: RecordingFiles): VerifiedRecording {
  const names = files.list();
  const vectors = names.filter((name) => /^memblock-vectors.*\.json$/.test(name)).sort();
  if (vectors.length > 0) {
    const all = vectors.map((name) =>
      compareMemblockVectors(parseFile(files, name, needText(files, name), parseMemblockVectors)),
    );
    return { name: files.name, memblock: all.reduce(added), runs: [] };
  }
  // By any of its files, so that one that is missing is missed.
  if (names.some((name) => /\.(lablog|snap[AB])$/.test(name))) return verifyLabRecording(files);
  if (
    names.some(
      (name) => name === "boot.dmesg" || name === "boot.zoneinfo" || /^(boot|wl-.+)\.trace$/.test(name),
    )
  )
    return verifyStockRecording(files);
  throw new RecordingError(
    `${files.name}: no boot.lablog, no boot.dmesg with boot.zoneinfo and no memblock-vectors.json in this directory`,
  );
}

/** Whether everything that must be the same is the same. */
export function recordingHolds({ memblock, handover, zones, files, runs }: VerifiedRecording): boolean {
  return (
    isWhole(memblock) &&
    [handover, zones, files].every((comparison) => comparison === undefined || isWhole(comparison)) &&
    runs.every(runHolds)
  );
}

/** The same for one run. */
function runHolds(run: VerifiedRun): boolean {
  const { compared, pfnExact } = knownAllocations(run);
  return (
    pfnExact >= compared * EXACT_SHARE[run.start] &&
    run.accepts.exactInOrder === run.accepts.recorded &&
    [
      run.records,
      run.acceptRequests,
      run.acceptDecisions,
      run.retypings,
      run.finalLists,
      run.proc,
      run.gap?.unaccepted,
      // The model is led through what a trace with gaps does not tell.
      ...(run.start === "trace" ? [] : [run.refills, run.drains]),
    ].every(allEqual) &&
    (run.start === "trace" || (isWhole(run.finalLists) && isWhole(run.proc)))
  );
}

/** Everything equal, of more than nothing. */
function isWhole(comparison: Comparison | undefined): boolean {
  return comparison !== undefined && comparison.compared > 0 && allEqual(comparison);
}

function allEqual(comparison: Comparison | undefined): boolean {
  return comparison === undefined || comparison.equal === comparison.compared;
}
