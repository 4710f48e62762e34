import { efiBootLogs, verifyEfiBoots } from "./efi-boots.js";
import { verifyLabRecording } from "./lab.js";
import { compareMemblockVectors, parseMemblockVectors } from "./memblock-vectors.js";
import { checkProcFiles } from "./proc-fields.js";
import { needText, parseFile, RecordingError, type RecordingFiles } from "./recording-files.js";
import type { VerifiedRecording } from "./result.js";
import { verifyStockRecording } from "./stock.js";
import { added } from "./tally.js";

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
    ...mentioned([...(recording.notCompared ?? []), ...notCompared]),
  };
}

function mentioned(notCompared: readonly string[]): Pick<VerifiedRecording, "notCompared"> {
  return notCompared.length === 0 ? {} : { notCompared };
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
  const efiLogs = efiBootLogs(files);
  if (efiLogs.length > 0) return verifyEfiBoots(files, efiLogs);
  throw new RecordingError(
    `${files.name}: no boot.lablog, no boot.dmesg with boot.zoneinfo, no memblock-vectors.json and no log with efi=debug in this directory`,
  );
}
