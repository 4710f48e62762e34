/**
 * What the page has besides its own script, all of it as classic scripts, which pages from files can load, too: the
 * worker as a function whose text a blob takes, the catalogue, and each trace when it is wanted.
 */

import type { Resources } from "./client.js";
import type { Catalogue, DroppedFile } from "./protocol.js";

interface Scripts {
  /** Of `worker.js`. */
  readonly unacceptedWorker: () => void;
  /** Of `catalogue.js`. */
  readonly unacceptedCatalogue: Catalogue;
  /** Of `given.js`: files that were named on the command line, and where they lie. */
  readonly unacceptedGiven: readonly { readonly name: string; readonly path: string }[];
  /** What `traces/NAME.js` calls with the trace in base64. */
  unacceptedTrace: (workload: string, base64: string) => void;
}

const scripts = globalThis as unknown as Scripts;

export function pageResources(): Resources {
  const address = URL.createObjectURL(
    new Blob([`(${scripts.unacceptedWorker.toString()})()`], { type: "text/javascript" }),
  );
  const traces = new Map<string, Uint8Array>();
  scripts.unacceptedTrace = (workload, base64) => {
    traces.set(
      workload,
      Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)),
    );
  };
  return {
    catalogue: scripts.unacceptedCatalogue,
    start: () => new Worker(address),
    async readTrace(workload) {
      if (!traces.has(workload)) await loadScript(`traces/${encodeURIComponent(workload)}.js`);
      const bytes = traces.get(workload);
      if (bytes === undefined) throw new Error("cannot read its trace");
      return bytes;
    },
  };
}

/** The files that the page is to open, in their order. @throws Error for one that is gone */
export function givenFiles(): Promise<DroppedFile[]> {
  return Promise.all(
    scripts.unacceptedGiven.map(async ({ name, path }) => {
      const response = await fetch(path);
      if (!response.ok) throw new Error(`${name}: is no longer there`);
      return { name, bytes: new Uint8Array(await response.arrayBuffer()) };
    }),
  );
}

async function loadScript(address: string): Promise<void> {
  const element = document.createElement("script");
  element.src = address;
  try {
    await new Promise((resolve, reject) => {
      element.addEventListener("load", resolve);
      element.addEventListener("error", () => reject(new Error("cannot read its trace")));
      document.head.append(element);
    });
  } finally {
    element.remove();
  }
}
