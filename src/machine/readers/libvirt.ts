/** The XML of a domain, as `virsh dumpxml` prints it. */

import { Findings } from "../findings.js";
import { domainOf, readDomain } from "../libvirt-domain.js";
import type { MachineReader } from "../statement.js";

export const LIBVIRT: MachineReader = {
  kind: "libvirt",
  what: "a domain of libvirt (virsh dumpxml)",
  recognises: (text) =>
    /^\uFEFF?\s*</.test(text) &&
    /<(?:domain|domstatus|domainsnapshot)[\s>]/.test(text) &&
    /<(?:domain|memory|vcpu|os|devices)[\s>]/.test(text),
  read(text) {
    const findings = new Findings();
    readDomain(domainOf(text), findings);
    return findings.reading();
  },
};
