import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { RecordingFiles } from "../../src/verify/recording-files.js";

const RECORDED = new URL("../../workloads/recorded/", import.meta.url);

/** Kernels whose recordings are held to be exact; directories of others are there, but nobody asks that of them yet. */
const HELD_EXACT = /^linux-6\.12\./;

/** Directories of those kernels that have a file of this name. */
export function exactRecordings(file: string): string[] {
  return readdirSync(RECORDED)
    .filter((name) => HELD_EXACT.test(name) && existsSync(new URL(`${name}/${file}.gz`, RECORDED)))
    .sort();
}

/** Unmodified kernels newer than 6.12, of several releases. */
export const NEWER_STOCK_RECORDINGS: readonly string[] = readdirSync(RECORDED)
  .filter((name) => /^linux-(?!6\.12\.).*-debian-/.test(name))
  .sort();

/** Linux 7.3 with complete logs. */
export const LAB_7_3_RECORDINGS: readonly string[] = readdirSync(RECORDED)
  .filter((name) => /^linux-7\.3\.4-(base|lazy|ovmf)-/.test(name))
  .sort();

/** Those with complete logs. */
export const LAB_RECORDINGS: readonly string[] = exactRecordings("boot.lablog");

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
