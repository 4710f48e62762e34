/**
 * libkrun's guests, as crun is told of them: `/.krun_vm.json` in a container (crun src/libcrun/handlers/krun.c:
 * libkrun_configure_vm), and `/krun-sev.json`, which libkrun takes for a confidential one (krun_set_tee_config_file).
 */

import { MiB } from "../../units.js";
import { Findings, unexpected } from "../findings.js";
import { parseJson } from "../json-text.js";
import { remarkInitrd, stateCommandLine, stateKernelFile } from "../kernel-words.js";
import { objectOf, type PlacedValue, textOf, wholeOf, within } from "../placed-value.js";
import type { MachineReader } from "../statement.js";

/** Members that say something here; all others are counted. */
const READ: ReadonlySet<string> = new Set(
  "cpus ram_mib tee flavor kernel_path initrd_path kernel_cmdline".split(" "),
);

export const LIBKRUN: MachineReader = {
  kind: "libkrun",
  what: "a guest of libkrun as crun has it (.krun_vm.json, krun-sev.json)",
  recognises: (text) =>
    /^\uFEFF?\s*\{/.test(text) && /"ram_mib"\s*:/.test(text) && /"(?:cpus|tee|flavor)"\s*:/.test(text),
  read(text) {
    const findings = new Findings();
    stateKrun(objectOf(parseJson(text), "a guest"), findings);
    return findings.reading();
  },
};

/** libkrun has no more (include/libkrun.h: num_vcpus is a byte; crun has 16). */
const MAX_VCPUS = 255;

function stateKrun(root: PlacedValue, findings: Findings): void {
  findings.says("vmm.kind", "libkrun", root.line, "ram_mib");
  const ram = within(root, "ram_mib");
  if (ram === undefined) throw unexpected(root, "ram_mib", "none");
  const mib = wholeOf(ram, "ram_mib", 1);
  findings.memory(mib * MiB, ram.line, `"ram_mib": ${mib}`);
  const cpus = within(root, "cpus");
  if (cpus !== undefined) {
    const count = wholeOf(cpus, "cpus", 1);
    if (count > MAX_VCPUS) throw unexpected(cpus, `at most ${MAX_VCPUS} for cpus`, String(count));
    findings.says("vcpus", count, cpus.line, `"cpus": ${count}`);
  }
  statePlatform(root, findings);
  const kernel = within(root, "kernel_path");
  if (kernel !== undefined) stateKernelFile(findings, textOf(kernel, "kernel_path"), kernel.line);
  else
    findings.remark(
      root.line,
      "no kernel_path: the kernel is that of libkrunfw, which the file does not name",
    );
  const initrd = within(root, "initrd_path");
  if (initrd !== undefined) remarkInitrd(findings, textOf(initrd, "initrd_path"), initrd.line);
  const words = within(root, "kernel_cmdline");
  if (words !== undefined) stateCommandLine(findings, textOf(words, "kernel_cmdline"), words.line);
  for (const [name, { line, is }] of root.members)
    if (!READ.has(name) && is !== "null") findings.idle(line, name);
}

function statePlatform(root: PlacedValue, findings: Findings): void {
  const tee = within(root, "tee");
  const flavor = within(root, "flavor");
  if (tee === undefined) {
    const is = flavor === undefined ? "" : textOf(flavor, "flavor");
    if (is === "sev")
      findings.remark(flavor!.line, '"flavor": "sev": krun-sev.json says which protection; give it as well');
    else
      findings.says("platform.kind", "none", root.line, "no tee", "a guest without it is not confidential");
    return;
  }
  const kind = textOf(tee, "tee");
  const says = `"tee": "${kind}"`;
  if (kind === "tdx" || kind === "snp") {
    findings.says("platform.kind", kind, tee.line, says);
    findings.remark(
      tee.line,
      `${says}: libkrun puts its firmware and kernel into memory at launch; what they take there is simulated as that of the firmware`,
    );
  } else if (kind === "sev") {
    findings.says(
      "platform.kind",
      "none",
      tee.line,
      says,
      "SEV without SNP accepts no memory; the nearest platform is none",
    );
  } else throw unexpected(tee, '"snp", "tdx" or "sev" for tee', `"${kind}"`);
}
