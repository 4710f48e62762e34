/** The page in a browser, served as `unaccepted explore` serves it. */

import { execFileSync } from "node:child_process";
import type { Locator, Page } from "playwright-core";
import { explorerSite } from "../../../src/cli/explorer-site.js";
import { type Served, serve } from "../../../src/cli/serve.js";
import { runScenario } from "../../../src/study/run-scenario.js";
import type { OpenOptions, Visit } from "../../browser/browser.js";
import { unaccepted } from "../../cli/program.js";

let isBuilt = false;

/** Opens the page with settings in its address, and waits until it has answered. */
export async function withPage(
  visit: Visit,
  fragment: string,
  use: (page: Page, served: Served) => Promise<void>,
  options: OpenOptions & { readonly given?: readonly string[] } = {},
): Promise<void> {
  if (!isBuilt) {
    execFileSync(process.execPath, [".ci/build.js"], { stdio: ["ignore", "ignore", "inherit"] });
    isBuilt = true;
  }
  const served = await serve(explorerSite(options.given ?? []));
  try {
    await visit.open(`${served.address}${fragment}`, { width: 1400, height: 900, ...options });
    await rest(visit.page);
    await use(visit.page, served);
  } finally {
    await served.close();
  }
}

/** Waits until the settings rest and have their answer. */
export async function rest(page: Page): Promise<void> {
  await page.waitForSelector('.answer[aria-busy="false"]', { timeout: 60_000 });
}

/** Does something that moves settings, and waits for the answer. */
export async function moving(page: Page, move: () => Promise<unknown>): Promise<void> {
  await move();
  await page.waitForSelector('.answer[aria-busy="true"]', { timeout: 5000 }).catch(() => {});
  await rest(page);
}

export function numberOf(page: Page, measure: string, side?: "a" | "b"): Promise<string> {
  const place = side === undefined ? "" : `.side-${side}`;
  return textOf(page.locator(`.tile .number${place}[data-measure="${measure}"] .value`));
}

export async function textOf(element: Locator): Promise<string> {
  return (await element.textContent()) ?? "";
}

/** The last output of the command line for a command that the page shows. */
export async function printedBy(command: string): Promise<string> {
  const [program, ...words] = command.trim().split(" ");
  if (program !== "unaccepted") throw new Error(`not a command: ${command}`);
  const { code, stdout, stderr } = await unaccepted(words, { runScenario });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

export function commandBox(page: Page, title = "Command"): Locator {
  return page.getByRole("textbox", { name: title, exact: true });
}

/** Drops a file onto the window, as a user does with the mouse. */
export async function drop(page: Page, name: string, bytes: Uint8Array | string): Promise<void> {
  const content = JSON.stringify(Buffer.from(bytes).toString("base64"));
  await page.evaluate(`{
    const data = Uint8Array.from(atob(${content}), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([data], ${JSON.stringify(name)}));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  }`);
}
