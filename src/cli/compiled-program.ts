/**
 * The program as one script, with what V8 compiled of it before: a run of an earlier process of the same command left
 * that in a file, which is used only where it is whole and of this script, this V8 and its flags.
 */

import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { homedir, type } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { cachedDataVersionTag, getHeapCodeStatistics } from "node:v8";
import { Script } from "node:vm";
import { threadId } from "node:worker_threads";
import { crc32 } from "node:zlib";
import type { Program } from "./program.js";

/** As `.ci/build.js` makes it; run from source, there is none. */
export const PROGRAM_SCRIPT: string = fileURLToPath(new URL("program.cjs", import.meta.url));

/** Where files are looked for, and put: beside the script, or where users keep what can be made again. */
export function compiledDirectories(
  env: Readonly<Record<string, string | undefined>>,
  home: () => string = homedir,
): readonly string[] {
  const beside = fileURLToPath(new URL("compiled/", import.meta.url));
  const own = [env.XDG_CACHE_HOME, env.LOCALAPPDATA].find((path) => path !== undefined && isAbsolute(path));
  const users = own ?? cacheIn(home);
  return users === undefined ? [beside] : [beside, join(users, "unaccepted")];
}

/** @returns undefined for a user whom the system does not know, without a variable that says where home is */
function cacheIn(home: () => string): string | undefined {
  try {
    const path = home();
    return isAbsolute(path) ? join(path, ".cache") : undefined;
  } catch {
    return undefined;
  }
}

/** Words of 32 bits at the beginning of a file, little-endian: what it is of, what it holds, and how much that is. */
const Word = { script: 0, scriptBytes: 1, v8: 2, data: 3, dataBytes: 4, codeBytes: 5, cpuMs: 6 } as const;
const HEADER_BYTES: number = 4 * Object.keys(Word).length;

/** Neither through a link nor waiting for who writes into a pipe. Windows has no such flags. */
const AS_FILE: number = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** On Windows Node tells of no owners: all are 0, and others may what the owner may. */
const OTHERS_WRITE: number = type() === "Windows_NT" ? 0 : 0o022;

/** A process that compiled so much more than its file had leaves a new one. */
const GROWTH = 1.25;
/** To count what is compiled takes some milliseconds: done where so many times the work was done since. */
const MORE_WORK = 2;

/** What a script is a function of, as modules of CommonJS are; and what stands for `import.meta.url` and `import()`. */
type Wrapped = (
  exports: Partial<Program>,
  require: NodeJS.Require,
  module: object,
  programUrl: string,
  importModule: (specifier: string) => Promise<unknown>,
) => void;

/** What is known of the process by now. */
export interface Meters {
  readonly cpuMs: () => number;
  /** Of all that is compiled. */
  readonly codeBytes: () => number;
}

const METERS: Meters = {
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  codeBytes: () => getHeapCodeStatistics().bytecode_and_metadata_size,
};

export class CompiledProgram {
  readonly #path: string;
  readonly #directories: readonly string[];
  #loaded: { readonly script: Script; readonly file: string; readonly key: Uint32Array } | undefined;
  /** Bytes of code that there were when the file was made; 0 where none was used. */
  #codeBytes = 0;
  /** CPU time of the process that made it, at its end. */
  #cpuMs = 0;
  readonly #meters: Meters;

  /** @param path of the script @param directories to be tried one after the other */
  constructor(path: string, directories: readonly string[], meters: Meters = METERS) {
    this.#path = path;
    this.#directories = directories;
    this.#meters = meters;
  }

  /** @param command for which it is loaded; each has a file, with the parts that it needs */
  load(command: string): Program {
    const bytes = readFileSync(this.#path);
    const key = Uint32Array.of(crc32(bytes), bytes.length, cachedDataVersionTag());
    const file = `${command.replaceAll(" ", "-")}-${process.version}-${process.arch}.bin`;
    const cachedData = this.#find(file, key);
    // The bundler writes ASCII.
    const text = `(function(exports,require,module,programUrl,importModule){${bytes.toString("latin1")}\n})`;
    const script = new Script(text, {
      filename: this.#path,
      ...(cachedData === undefined ? {} : { cachedData }),
    });
    if (script.cachedDataRejected === true) this.#cpuMs = this.#codeBytes = 0;
    this.#loaded = { script, file, key };
    const module: { exports: Partial<Program> } = { exports: {} };
    const wrapped = script.runInThisContext() as Wrapped;
    const url = pathToFileURL(this.#path).href;
    wrapped(module.exports, createRequire(this.#path), module, url, (specifier) => import(specifier));
    return module.exports as Program;
  }

  /** Leaves what is compiled by now for later processes. Where that is impossible they do without. */
  keep(): void {
    const cpuMs = this.#meters.cpuMs();
    if (this.#loaded === undefined || cpuMs < MORE_WORK * this.#cpuMs) return;
    const codeBytes = this.#meters.codeBytes();
    if (codeBytes < GROWTH * this.#codeBytes) return;
    const { script, file, key } = this.#loaded;
    const data = script.createCachedData();
    const header = Uint32Array.of(...key, crc32(data), data.length, codeBytes, cpuMs);
    for (const directory of this.#directories) {
      const begun = join(directory, `.${file}-${process.pid}-${threadId}`);
      try {
        // Not recursive: below /proc that never ends in Node.
        for (const path of [dirname(directory), directory]) makeDirectory(path);
        writeFileSync(begun, Buffer.concat([new Uint8Array(header.buffer), data]), {
          mode: 0o600,
          // Nothing that is there already is written to, least of all what it links to.
          flag: "wx",
        });
        // Whole or not there, whoever else writes it.
        renameSync(begun, join(directory, file));
        return;
      } catch {
        discard(begun);
      }
    }
  }

  #find(file: string, key: Uint32Array): Buffer | undefined {
    for (const directory of this.#directories) {
      try {
        const bytes = this.#readTrusted(join(directory, file));
        const data = bytes.subarray(HEADER_BYTES);
        const header = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + HEADER_BYTES));
        const isOurs = key.every((word, at) => header[at] === word);
        if (!isOurs || header[Word.dataBytes] !== data.length || header[Word.data] !== crc32(data)) continue;
        this.#codeBytes = header[Word.codeBytes]!;
        this.#cpuMs = header[Word.cpuMs]!;
        return data;
      } catch {
        // None there, or none that may be read.
      }
    }
    return undefined;
  }

  /**
   * What V8 compiled is code, and checked for accidents only: it has to be from who runs this, or from who can change the
   * script as well. A directory for all users may be named as the cache.
   */
  #readTrusted(path: string): Buffer {
    const descriptor = openSync(path, AS_FILE);
    try {
      const { uid, gid, mode } = fstatSync(descriptor);
      const script = statSync(this.#path);
      const isTrusted = uid === process.geteuid?.() || uid === script.uid;
      // Some file systems let all users write all files.
      const writers = mode & OTHERS_WRITE & ~(gid === script.gid ? script.mode : 0);
      if (!isTrusted || writers !== 0) throw new Error(`${path}: belongs to somebody else`);
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, 0o700);
  } catch {
    // It is there, also where another process was first, or nothing can be written to it either.
  }
}

function discard(path: string): void {
  try {
    rmSync(path);
  } catch {
    // It did not come to be.
  }
}
