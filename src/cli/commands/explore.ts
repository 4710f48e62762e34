/** `unaccepted explore`: the page that simulates in a browser, served to this machine or written as files. */

import type { RunCommand } from "../arguments.js";
import { explorerSite } from "../explorer-site.js";
import { ExitCode, print } from "../io.js";
import { serve } from "../serve.js";
import { UsageError } from "../usage-error.js";
import { writeSite } from "../write-site.js";

export const run: RunCommand = async (argv, { io }) => {
  const directory = argv.one("build");
  const tell = (text: string): void => {
    if (!argv.has("quiet")) print(io.stderr, `${text}\n`);
  };
  if (directory !== undefined) {
    if (argv.files.length > 0) throw new UsageError("--build: takes no files; drop them on the page");
    const count = writeSite(directory, explorerSite([]));
    tell(`wrote ${count} files to ${directory}; open its index.html`);
    return ExitCode.done;
  }
  const { address, close } = await serve(explorerSite(argv.files));
  print(io.stdout, `${address}\n`);
  tell("serves this page to this machine until Ctrl-C");
  await aborted(io.interrupted);
  await close();
  return ExitCode.done;
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener("abort", () => done(), { once: true });
  });
}
