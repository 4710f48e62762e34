/** How the request flags of a trace were read: of which release, and which of them decide nothing. */

import { DEFAULT_GFP_TABLE, gfpOfText } from "./gfp-text.js";
import type { TraceNames } from "./trace-names.js";

/** What there is to say of flags. */
export interface FlagsReading {
  /** The release whose flags they were taken to be. */
  readonly release: string;
  /** Whether that is the kernel that was traced, as it was given or as the trace tells. */
  readonly isTold: boolean;
  /** Flags that decide nothing here. */
  readonly idle: readonly string[];
}

/** @param names of a trace that has been read */
export function flagsReading({ gfpTable, gfpTexts }: TraceNames): FlagsReading {
  const idle = new Set([...gfpTexts.keys()].flatMap((text) => gfpOfText(text, gfpTable)?.idle ?? []));
  return {
    release: (gfpTable ?? DEFAULT_GFP_TABLE).taken,
    isTold: gfpTable !== undefined,
    idle: [...idle].sort(),
  };
}
