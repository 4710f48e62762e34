/** Sizes of tables, which follow from the size of memory alone. */

import { rmpBytes } from "../coco/snp/rmp.js";
import { pamtBytes } from "../coco/tdx/pamt.js";
import { allocateUnacceptedBitmap } from "../efistub/unaccepted-memory.js";
import { EfiMemoryType } from "../firmware/efi-memory-map.js";
import { formatBytes, GiB, KiB, MiB, TiB } from "../units.js";
import type { Claim, Target } from "./claim.js";

/** Processor bookkeeping in front of the entries. */
const RMP_BOOKKEEPING_BYTES = 16 * KiB;

/** The table covers addresses, so the hole below 4 GiB counts too. */
const HOLE_BYTES = 1.5 * GiB;

function rmpClaim(
  hostBytes: number,
  issue: number,
): Pick<Claim, "what" | "conditions" | "source" | "unit" | "tolerance" | "runs" | "simulate"> {
  return {
    what: `RMP of a host with ${formatBytes(hostBytes)}`,
    conditions: "SNP host [hole of 1.5 GiB below 4 GiB]; whole MiB",
    source: `github.com/AMDESE/AMDSEV issue ${issue}, dmesg`,
    unit: "MiB",
    tolerance: "exact",
    runs: [],
    simulate: () => Math.round((rmpBytes(hostBytes + HOLE_BYTES) + RMP_BOOKKEEPING_BYTES) / MiB),
  };
}

export const METADATA: Target = {
  id: "VT10",
  title: "Sizes of what tracks memory",
  claims: [
    {
      id: "VT10.a",
      ...rmpClaim(2 * TiB, 97),
      published: 8198,
      basis: "calibration",
      note: "The size of the hole comes from this number.",
    },
    { id: "VT10.b", ...rmpClaim(128 * GiB, 271), published: 518, basis: "prediction" },
    {
      id: "VT10.c",
      what: "PAMT of a host, share of its memory",
      conditions: "TDX, static; one decimal",
      source: "Kirill Shutemov and Rick Edgecombe, dynamic PAMT series for Linux (2025)",
      published: 0.4,
      unit: "%",
      tolerance: "exact",
      basis: "prediction",
      runs: [],
      simulate: () => Math.round((1000 * pamtBytes(TiB)) / TiB) / 10,
    },
    {
      id: "VT10.d",
      what: "bitmap of 64 GiB of unaccepted memory",
      conditions: "a bit for 2 MiB",
      source: "Linux 6.5 include/linux/efi.h: struct efi_unaccepted_memory; commit 745e3ed85f71",
      published: 4,
      unit: "KiB",
      tolerance: "exact",
      basis: "prediction",
      runs: [],
      simulate: () => {
        const memory = { type: EfiMemoryType.UNACCEPTED, start: 4 * GiB, end: 68 * GiB };
        return allocateUnacceptedBitmap([memory])!.bitmapBytes / KiB;
      },
    },
  ],
};
