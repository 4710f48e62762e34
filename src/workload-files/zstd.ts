/** Unpacks zstd as a stream, with the decoder of zstd itself (version 1.5.7), built for WebAssembly. */

import { ZSTDDecoder } from "zstddec/stream";
import { TraceError } from "../workload/trace-error.js";

/** The part of the decoder used here (zstd.h); numbers are addresses and sizes in its memory. */
interface ZstdExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(bytes: number): number;
  ZSTD_createDCtx(): number;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

/** Node's own interface to compiled modules. */
interface WasmHost {
  readonly Instance: new (module: unknown, imports: object) => { readonly exports: unknown };
}

const { Instance } = (globalThis as unknown as { WebAssembly: WasmHost }).WebAssembly;

/** The package only decodes whole files; we take its module, to have an instance for each file. */
class ModuleLoader extends ZSTDDecoder {
  static module: unknown;

  override _init(loaded: unknown): void {
    ModuleLoader.module = (loaded as { module: unknown }).module;
  }
}

let loading: Promise<void> | undefined;

/** Loads the decoder, once. To be awaited before the first file is read. */
export function loadZstd(): Promise<void> {
  loading ??= withoutFetch(() => new ModuleLoader().init());
  return loading;
}

/**
 * The package takes the module out of its own text by `fetch` where there is one. That of Node is an HTTP client, whose
 * loading takes 35 ms of CPU time; without it, the package asks `Buffer`, which Node has at hand.
 *
 * @param begin decides between the two before it returns
 */
function withoutFetch<T>(begin: () => T): T {
  const fetch = Object.getOwnPropertyDescriptor(globalThis, "fetch");
  if (!("Buffer" in globalThis) || fetch?.configurable !== true) return begin();
  Object.defineProperty(globalThis, "fetch", { configurable: true, value: undefined });
  try {
    return begin();
  } finally {
    Object.defineProperty(globalThis, "fetch", fetch);
  }
}

const FRAME_MAGIC = 0xfd2fb528;
/** First of 16 that say that what follows is to be skipped (RFC 8878, section 3.1.2). */
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;

/** Bytes the decoder needs of a frame first (zstd_decompress.c: ZSTD_startingInputLength). */
const FRAME_START_BYTES = 5;

/** Whether a file begins as zstd does: with a frame, or with one that is to be skipped. */
export function isZstd(bytes: Uint8Array): boolean {
  if (bytes.length < MAGIC_BYTES) return false;
  const magic = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return magic === FRAME_MAGIC || magic - (magic % 16) === SKIPPABLE_MAGIC;
}

/** Of a block, packed or not, and of the headers around it (RFC 8878, 3.1.1.2.4: Block_Maximum_Size). */
const INPUT_BYTES: number = 2 ** 17 + 64;
const OUTPUT_BYTES: number = 2 ** 17;
/** ZSTD_inBuffer and ZSTD_outBuffer: address, size, position. */
const BUFFER_STRUCT_BYTES = 12;
/** Results above it are errors: minus a code (zstd_errors.h: ZSTD_error_maxCode). */
const LEAST_ERROR: number = 2 ** 32 - 120;

/** Expected and found, by codes of zstd_errors.h. */
const ERRORS: ReadonlyMap<number, readonly [expected: string, found: string]> = new Map([
  [10, ["a zstd frame", "something else; the file is damaged"]],
  // zstd.h: ZSTD_WINDOWLOG_LIMIT_DEFAULT is 27.
  [16, ["a window of at most 134217728 bytes", "a larger one"]],
  [22, ["the checksum of what was unpacked", "another one; the file is damaged"]],
  [32, ["a frame without a dictionary", "one that needs a dictionary"]],
]);

export class ZstdReader {
  readonly #file: string;
  readonly #zstd: ZstdExports;
  readonly #context: number;
  /** Addresses. */
  readonly #input: number;
  readonly #output: number;
  readonly #inputStruct: number;
  readonly #outputStruct: number;
  /** Offset in the file of the next bytes for the decoder. */
  #offset = 0;
  /** Bytes the decoder wants next, and those of them that have come. */
  #wantedBytes = FRAME_START_BYTES;
  #filled = 0;
  /** Whether the file may end here. */
  #isBetweenFrames = true;

  constructor(file: string) {
    if (ModuleLoader.module === undefined) throw new Error("workload-files: zstd is read before loadZstd()");
    this.#file = file;
    const imports = { env: { emscripten_notify_memory_growth: () => {} } };
    this.#zstd = new Instance(ModuleLoader.module, imports).exports as ZstdExports;
    this.#context = this.#zstd.ZSTD_createDCtx();
    this.#input = this.#zstd.malloc(INPUT_BYTES);
    this.#output = this.#zstd.malloc(OUTPUT_BYTES);
    this.#inputStruct = this.#zstd.malloc(BUFFER_STRUCT_BYTES);
    this.#outputStruct = this.#zstd.malloc(BUFFER_STRUCT_BYTES);
  }

  /**
   * @returns pieces that must not be kept; those of a frame with a wrong checksum come before the error does
   * @throws TraceError at the block that is damaged
   */
  *feed(chunk: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < chunk.length; ) {
      // Given neither more nor less than it wants, the decoder goes block by block, and an error has a place.
      const wanted = Math.min(this.#wantedBytes, INPUT_BYTES);
      const some = chunk.subarray(at, at + wanted - this.#filled);
      new Uint8Array(this.#zstd.memory.buffer).set(some, this.#input + this.#filled);
      this.#filled += some.length;
      at += some.length;
      if (this.#filled < wanted) return;
      yield* this.#decode(wanted);
      this.#offset += wanted;
      this.#filled = 0;
    }
  }

  /** @throws TraceError if the file is cut short */
  end(): readonly Uint8Array[] {
    if (this.#isBetweenFrames && this.#filled === 0) return [];
    const found = "its end; the file is truncated";
    throw new TraceError(
      this.#file,
      { offset: this.#offset + this.#filled },
      "the rest of a zstd file",
      found,
    );
  }

  *#decode(inputBytes: number): Generator<Uint8Array> {
    let [used, given] = [0, 0];
    do {
      this.#set(this.#inputStruct, [this.#input, inputBytes, used]);
      this.#set(this.#outputStruct, [this.#output, OUTPUT_BYTES, 0]);
      const result =
        this.#zstd.ZSTD_decompressStream(this.#context, this.#outputStruct, this.#inputStruct) >>> 0;
      if (result > LEAST_ERROR) this.#fail(2 ** 32 - result);
      this.#isBetweenFrames = result === 0;
      this.#wantedBytes = result === 0 ? FRAME_START_BYTES : result;
      used = this.#position(this.#inputStruct);
      given = this.#position(this.#outputStruct);
      if (given > 0) yield new Uint8Array(this.#zstd.memory.buffer, this.#output, given);
    } while (used < inputBytes || (given === OUTPUT_BYTES && !this.#isBetweenFrames));
  }

  #set(struct: number, words: readonly number[]): void {
    new Uint32Array(this.#zstd.memory.buffer, struct, words.length).set(words);
  }

  #position(struct: number): number {
    return new Uint32Array(this.#zstd.memory.buffer, struct, 3)[2]!;
  }

  #fail(code: number): never {
    const [expected, found] = ERRORS.get(code) ?? ["whole zstd data", `damage here (zstd error ${code})`];
    throw new TraceError(this.#file, { offset: this.#offset }, expected, found);
  }
}
