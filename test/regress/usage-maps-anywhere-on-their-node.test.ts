import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bootTo, requestsIn } from "./early-boot.js";

/**
 * Where memory can be removed, usage maps looked for a place in the section of their node's pglist_data first. From
 * boots of 7.0.13 and 7.1.13 and the source of 7.2, which has no sparse_early_usemaps_alloc_pgdat_section().
 */
const test = suite("regress: usage-maps-anywhere-on-their-node");

test("the section of the node's data was asked for, then the node", () => {
  const request = (kernel: string): string => requestsIn(bootTo(kernel, "sparse_init"))[2]!;
  assert.match(request("7.0"), "nid=0 from=0x00000001f8000000 max_addr=0x0000000200000000");
  for (const kernel of ["7.1", "7.3"])
    assert.match(request(kernel), "nid=0 from=0x0000000000000000 max_addr=0x0000000000000000");
});

test.run();
