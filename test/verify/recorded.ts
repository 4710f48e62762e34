import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { RecordingFiles } from "../../src/verify/recording-files.js";

const RECORDED = new URL("../../workloads/recorded/", import.meta.url);

function recordings(name: RegExp): string[] {
  return readdirSync(RECORDED)
    .filter((directory) => name.test(directory))
    .sort();
}

/** Linux 6.12 with complete logs. */
export const LAB_RECORDINGS: readonly string[] = recordings(/^linux-6\.12\.107-(base|lazy)-/);

/** Linux 7.3 with complete logs. */
export const LAB_7_3_RECORDINGS: readonly string[] = recordings(/^linux-7\.3\.4-(base|lazy|ovmf)-/);

/** Unmodified kernels newer than 6.12, of several releases. */
export const NEWER_STOCK_RECORDINGS: readonly string[] = recordings(/^linux-(?!6\.12\.).*-debian-/);

/**
 * A committed recording.
 *
 * @param without names of files to leave out
 */
export function recordedFiles(
  name: string,
  without: (file: string) => boolean = () => false,
): RecordingFiles {
  const directory = new URL(`${name}/`, RECORDED);
  const stored = new Set(readdirSync(directory).filter((file) => !without(file)));
  return {
    name,
    list: () => [...stored].map((file) => file.replace(/\.gz$/, "")),
    read: (file) =>
      stored.has(`${file}.gz`) ? gunzipSync(readFileSync(new URL(`${file}.gz`, directory))) : undefined,
  };
}

/** A recording whose file was tampered with. */
export function tampered(
  files: RecordingFiles,
  name: string,
  change: (bytes: Uint8Array) => Uint8Array,
): RecordingFiles {
  return {
    ...files,
    read: (file) => {
      const bytes = files.read(file);
      return file === name && bytes !== undefined ? change(new Uint8Array(bytes)) : bytes;
    },
  };
}

/** The same for a text file. */
export function edited(
  files: RecordingFiles,
  name: string,
  change: (text: string) => string,
): RecordingFiles {
  return tampered(files, name, (bytes) => new TextEncoder().encode(change(new TextDecoder().decode(bytes))));
}
