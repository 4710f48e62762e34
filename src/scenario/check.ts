/** What no single value of a scenario file shows: whether its parts fit each other. */

import { asList, type CompleteDocument, completeDocuments, parameterNamesOf } from "./complete.js";
import type { ScenarioDocument } from "./document.js";
import type { DocumentPath } from "./document-path.js";
import { type Finding, unexpected } from "./findings.js";
import { hasParameter } from "./platform-parameters.js";
import type { FirmwareName, PlatformKind } from "./scenario.js";

/** The one platform that a firmware can start. */
const PLATFORM_OF_FIRMWARE: Readonly<Record<Exclude<FirmwareName, "auto">, PlatformKind>> = {
  tdvf: "tdx",
  "ovmf-snp": "snp",
  ovmf: "none",
};

/**
 * Checks a document together with its presets.
 *
 * @param document has passed `scenarioSchema`
 * @param fromFlag whether the value at a path was given on the command line
 * @returns nothing wrong: an empty list, and `expandVariants` can take the document
 */
export function checkTogether(
  document: ScenarioDocument,
  fromFlag: (path: DocumentPath) => boolean,
): Finding[] {
  const complete = completeDocuments(document);
  const findings = [
    ...complete.flatMap(checkPresence),
    ...checkParameters(complete, fromFlag),
    ...complete.flatMap((one) => checkFirmware(one, document)),
  ];
  // A list of presets finds the same mistake of the file once for each preset.
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

function checkPresence(complete: CompleteDocument): Finding[] {
  const findings: Finding[] = [];
  if (complete.platform === undefined) {
    findings.push(unexpected(["platform"], "tdx, snp or none, here or from a preset", undefined));
  } else if (complete.platform.kind === undefined) {
    findings.push(unexpected(["platform", "kind"], "tdx, snp or none, here or from a preset", undefined));
  }
  if (complete.memory === undefined) {
    findings.push(unexpected(["memory"], "a memory size, here or from a machine", undefined));
  }
  return findings;
}

/**
 * A parameter must belong to at least one of the platforms compared; the others go without it.
 * That a flag has left out its platform is no mistake of the file.
 */
function checkParameters(
  complete: readonly CompleteDocument[],
  fromFlag: (path: DocumentPath) => boolean,
): Finding[] {
  const kinds = [...new Set(complete.flatMap(kindsOf))];
  if (kinds.length === 0) return [];
  const names = new Set(complete.flatMap(parameterNamesOf));
  return [...names]
    .filter((name) => !kinds.some((kind) => hasParameter(kind, name)))
    .filter((name) => fromFlag(["platform", name]) || !fromFlag(["platform", "kind"]))
    .map((name) => ({
      path: ["platform", name],
      message: `not a parameter of platform ${kinds.join(" or ")}`,
      onKey: true,
    }));
}

function checkFirmware(complete: CompleteDocument, document: ScenarioDocument): Finding[] {
  // Where the file leaves the firmware to its preset, the choice of the preset is what does not fit.
  const path = document.firmware?.preset === undefined ? ["preset"] : ["firmware", "preset"];
  return kindsOf(complete).flatMap((kind) =>
    asList(complete.firmware?.preset ?? "auto")
      .filter((firmware) => firmware !== "auto" && PLATFORM_OF_FIRMWARE[firmware] !== kind)
      .map((firmware) => ({
        path,
        message: `firmware ${firmware} does not start a guest on platform ${kind}; auto takes one that does`,
        onKey: false,
      })),
  );
}

function kindsOf(complete: CompleteDocument): readonly PlatformKind[] {
  const kind = complete.platform?.kind;
  return kind === undefined ? [] : asList(kind);
}
