/**
 * TDVF before November 2022: it accepts all RAM itself, on the CPU that boots, and reports no memory
 * of type 15. Other CPUs take part since January 2023 (edk2 pull request 3813).
 */

import type { Firmware, FirmwareAccept, FirmwareMachine } from "./firmware.js";
import { subtractRanges } from "./ranges.js";
import { tdvf } from "./tdvf.js";
import { bspAccept } from "./tdvf-accept.js";

export const tdvf2022: Firmware = {
  name: "tdvf-2022",
  summary: "TDVF before November 2022: accepts everything on one CPU",
  launchRanges: tdvf.launchRanges,
  acceptanceProtocol: false,
  report: "efi",
  preAccept({ ram }: FirmwareMachine, sink: FirmwareAccept) {
    for (const { start, end } of subtractRanges(ram, tdvf.launchRanges)) bspAccept(start, end, sink);
    return [];
  },
};
