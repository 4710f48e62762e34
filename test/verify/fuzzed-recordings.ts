import { cutRecording, type StoredRecording, storedRecording } from "./cut-recording.js";

/** Small recordings of every kind; all hold but the last, whose end is not known. */
export function fuzzedRecordings(): readonly StoredRecording[] {
  const boot = cutRecording("linux-6.12.107-lazy-1c1g-all-hungry4k", "hungry4k", 400);
  const isUnpacked = (file: string): boolean => !/^(README|provenance|recording)/.test(file);
  const traced = storedRecording("linux-6.12.95-1c2g-b", (file) => /^(wl|pre)-/.test(file));
  const untraced = storedRecording("linux-6.12.95-1c2g-b", (file) => /^(wl|pre)-|trace|buddyinfo/.test(file));
  return [boot, boot, untraced, cutTrace(traced, 600)].map(({ name, files }) => ({
    name,
    files: new Map([...files].filter(([file]) => isUnpacked(file))),
  }));
}

/** The beginning of a traced boot. */
function cutTrace({ name, files }: StoredRecording, events: number): StoredRecording {
  const lines = new TextDecoder().decode(files.get("boot.trace")).split("\n");
  const first = lines.findIndex((line) => line !== "" && !line.startsWith("#"));
  const head = lines
    .slice(0, first)
    .map((line) => line.replace(/written: \d+\/\d+/, `written: ${events}/${events}`));
  const trace = [...head, ...lines.slice(first, first + events), ""].join("\n");
  return { name: `${name}-cut`, files: new Map([...files, ["boot.trace", new TextEncoder().encode(trace)]]) };
}
