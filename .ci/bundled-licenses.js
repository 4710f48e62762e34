/** The licences of what a bundle is made of, which have to go with it. */
import { readdirSync, readFileSync } from "node:fs";

const PACKAGE = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/?node_modules\/)/;

/**
 * @param bundles what esbuild wrote as `--metafile`
 * @returns our own licence, then each other one with the packages that have it, as a text
 */
export function bundledLicenses(bundles) {
  const inputs = bundles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((one) => Object.entries(one.inputs)),
  );
  const names = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => PACKAGE.exec(path)?.[1] ?? []);
  const byText = new Map([[readFileSync("LICENSE", "utf8").trim(), ["unaccepted"]]]);
  for (const name of [...new Set(names)].toSorted((one, other) => (one < other ? -1 : 1))) {
    const text = licenseOf(`node_modules/${name}`);
    byText.set(text, [...(byText.get(text) ?? []), name]);
  }
  return [...byText]
    .map(([text, owners]) => `${owners.join(", ")}\n\n${text}\n`)
    .join(`\n${"-".repeat(79)}\n\n`);
}

function licenseOf(directory) {
  const file = readdirSync(directory).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) throw new Error(`${directory}: has no licence to go with the bundle`);
  return readFileSync(`${directory}/${file}`, "utf8").trim();
}
