/** What the page has, read from the files that `unaccepted explore` gives it. */

import { runInNewContext } from "node:vm";
import { explorerSite } from "../../src/cli/explorer-site.js";
import type { Catalogue } from "../../src/explorer/protocol.js";
import { Simulation } from "../../src/explorer/simulation.js";

const site = explorerSite([]);

function script(path: string, world: object): void {
  runInNewContext(new TextDecoder().decode(site.get(path)!()), world);
}

export function catalogue(): Catalogue {
  const world: { unacceptedCatalogue?: Catalogue } = {};
  script("catalogue.js", world);
  return world.unacceptedCatalogue!;
}

/** @param reads is told of each trace that is asked for */
export function simulation(reads: string[] = []): Simulation {
  return new Simulation(catalogue(), async (asked) => {
    reads.push(asked);
    let bytes: Uint8Array | undefined;
    const unacceptedTrace = (name: string, base64: string): void => {
      if (name === asked) bytes = Buffer.from(base64, "base64");
    };
    script(`traces/${asked}.js`, { unacceptedTrace });
    return bytes!;
  });
}
