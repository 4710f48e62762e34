/** Request flags as kernels from 2.6.32 on print them, by name and by number. */

import { type GfpTable, gfpTableOf, LAST_COMBINATIONS } from "../linux/gfp-history.js";
import { parseReleaseName } from "../linux/release-name.js";
import { Gfp } from "../page-alloc/index.js";

export interface GfpText {
  /** 32 bits, with the values of Linux 6.12. */
  readonly flags: number;
  /** A bare number, hexadecimal or decimal, whose bits mean what they do in one release. */
  readonly isHex: boolean;
  /** Modifiers that no kernel known here has; they are left out of `flags`. */
  readonly unknownNames: boolean;
  /** Bits that the release does not have. From 6.10 on they stay in `flags`, where they mean nothing. */
  readonly unknownBits: boolean;
  /** Modifiers that decide nothing here, and bits whose meaning depends on how the kernel was built. */
  readonly idle: readonly string[];
}

/** Flags that a trace is taken to have if nothing says which kernel it is of. */
export const DEFAULT_GFP_TABLE: GfpTable = gfpTableOf(parseReleaseName("6.12")!);
/** Before 4.6, modifiers had no underscores, and some no name: those stand in numbers after the others. */
const OLD_STYLE_TABLE: GfpTable = gfpTableOf(parseReleaseName("4.5")!);

/** Meanings of modifiers that 6.12 does not have. */
const OTHER_MODIFIERS: readonly (readonly [name: string, bits: number])[] = [
  // d0164adc89f6 (4.4): what could wait also woke kswapd.
  ["WAIT", Gfp.DIRECT_RECLAIM | Gfp.KSWAPD_RECLAIM],
  // dcda9b04713c (4.13)
  ["REPEAT", Gfp.RETRY_MAYFAIL],
  // 2973d8229b78 (6.3)
  ["ATOMIC", Gfp.HIGH],
  // 52383431b37c (3.16)
  ["KMEMCG", Gfp.ACCOUNT],
];
const MODIFIERS: ReadonlyMap<string, number> = new Map([...Object.entries(Gfp), ...OTHER_MODIFIERS]);
/** Says that a request does not wake kswapd, before 4.4. */
const NO_KSWAPD = "NO_KSWAPD";
/** Modifiers that decide neither which page is found nor when. */
const IDLE_MODIFIERS: ReadonlySet<string> = new Set([
  "COLD",
  "NOACCOUNT",
  "NOLOCKDEP",
  "NOTRACK",
  "NO_OBJ_EXT",
  "OTHER_NODE",
  "SKIP_KASAN",
  "SKIP_KASAN_POISON",
  "SKIP_KASAN_UNPOISON",
  "SKIP_ZERO",
]);

const NAME = /^(__)?GFP_([A-Z0-9_]+)$/;
const HEX = /^0x[0-9a-f]{1,8}$/i;
const DECIMAL = /^\d{1,10}$/;
/** Bits that kernels before 4.6 print as a number, and later ones by name: 0x100000 was ACCOUNT. */
const UNNAMED_BEFORE_4_6: number = Gfp.DMA | Gfp.HIGHMEM | Gfp.DMA32 | Gfp.FS | 0x100000;

/**
 * Reads flags as a trace prints them: names joined by `|`, the rest in hex, a bare number, or `none`.
 *
 * @param table of the kernel that was traced. Undefined if it is not known: names then mean what
 *   they do in any release, numbers what they do in `DEFAULT_GFP_TABLE`
 * @returns undefined for text that is not flags, and for a number of a release whose numbers are
 *   not known
 */
export function gfpOfText(text: string, table?: GfpTable): GfpText | undefined {
  if (text === "none") return new Reading(table).meaning(false);
  const number = HEX.test(text) || DECIMAL.test(text) ? Number(text) : undefined;
  if (number !== undefined) {
    const reading = new Reading(table ?? DEFAULT_GFP_TABLE);
    return number <= 0xffffffff && reading.addNumber(number) ? reading.meaning(true) : undefined;
  }
  const reading = new Reading(table);
  let rest = 0;
  for (const part of text.split("|")) {
    if (HEX.test(part)) rest = (rest | Number(part)) >>> 0;
    else if (!reading.addName(part)) return undefined;
  }
  return rest === 0 || reading.addNumber(rest) ? reading.meaning(false) : undefined;
}

export function expectedGfp(table: GfpTable | undefined): string {
  return table === undefined || table.hasNumbers
    ? "gfp flags of Linux"
    : `gfp flags by name (the numbers of Linux ${table.release} are not known)`;
}

class Reading {
  readonly #table: GfpTable | undefined;
  readonly #idle: string[] = [];
  #flags = 0;
  #unknownNames = false;
  #unknownBits = false;
  #forbidsKswapd = false;
  #isOldStyle = false;

  constructor(table: GfpTable | undefined) {
    this.#table = table;
  }

  /** @returns false for a text that is not the name of a flag */
  addName(text: string): boolean {
    const [, underscores, name] = NAME.exec(text) ?? [];
    if (name === undefined) return false;
    const combination = this.#table?.combinations.get(name) ?? LAST_COMBINATIONS.get(name);
    // ATOMIC is both. A modifier has underscores, but RECLAIM has them though it stands for two.
    if (combination !== undefined && (underscores === undefined || name === "RECLAIM")) {
      for (const modifier of combination) if (!IDLE_MODIFIERS.has(modifier)) this.#addModifier(modifier);
      return true;
    }
    if (underscores === undefined && name !== "DMA" && name !== "DMA32") this.#isOldStyle = true;
    if (this.#addModifier(name)) return true;
    // A combination that is not known would take too much with it.
    if (underscores === undefined) return false;
    this.#unknownNames = true;
    return true;
  }

  /** @returns false if the numbers of the release are not known */
  addNumber(number: number): boolean {
    const isBefore46 = this.#isOldStyle || (number & UNNAMED_BEFORE_4_6) !== 0;
    const table = this.#table ?? (isBefore46 ? OLD_STYLE_TABLE : DEFAULT_GFP_TABLE);
    if (!table.hasNumbers) return false;
    let rest = number;
    for (const [name, bit] of table.bits) {
      if ((rest & bit) === 0) continue;
      this.#addModifier(name);
      rest &= ~bit;
    }
    const configured = (rest & table.configuredMask) >>> 0;
    if (configured !== 0) {
      this.#idle.push(`0x${configured.toString(16)} (depends on the kernel's configuration)`);
    }
    if ((rest & ~table.configuredMask) !== 0) this.#unknownBits = true;
    // Of a kernel that numbers its flags as 6.12 does.
    if (table.configuredMask !== 0) this.#flags |= rest;
    return true;
  }

  meaning(isHex: boolean): GfpText {
    let flags = this.#flags;
    if (this.#table?.wakesKswapd === true) flags |= Gfp.KSWAPD_RECLAIM;
    if (this.#forbidsKswapd) flags &= ~Gfp.KSWAPD_RECLAIM;
    return {
      flags: flags >>> 0,
      isHex,
      unknownNames: this.#unknownNames,
      unknownBits: this.#unknownBits,
      idle: this.#idle,
    };
  }

  #addModifier(name: string): boolean {
    const bits = MODIFIERS.get(name);
    if (bits !== undefined) this.#flags |= bits;
    else if (name === NO_KSWAPD) this.#forbidsKswapd = true;
    else if (IDLE_MODIFIERS.has(name)) this.#idle.push(`__GFP_${name}`);
    else return false;
    return true;
  }
}
