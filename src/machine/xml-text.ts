/** XML in which every element knows its place (XML 1.0, by the library @rgrove/parse-xml). */

import { XmlElement as ParsedElement, parseXml, XmlError } from "@rgrove/parse-xml";
import { lowerFirst, type Place, unexpected } from "./findings.js";
import { Lines } from "./lines.js";
import { refuseDeep } from "./nesting.js";

export interface XmlElement extends Place {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Of the element and all within it, without blanks around. */
  readonly text: string;
}

/** @throws MachineError where the text is not well-formed */
export function parseXmlText(text: string): XmlElement {
  const plain = text
    .replaceAll("\r\n", "\n")
    .replace(/^\uFEFF/, "")
    .replace(/^\s+(?=<)/, (blanks) => blanks.replaceAll(/[^\n]/g, ""));
  const leading = /^\n*/.exec(plain)![0].length;
  const lines = new Lines(plain);
  refuseDeep(plain, lines, "XML", /<\/[^<>]*>|<[^!?/\s](?:[^<>]*[^<>/])?>/g, (tag) => !tag.startsWith("</"));
  try {
    const { root } = parseXml(plain.slice(leading), { includeOffsets: true });
    return elementOf(root!, lines, leading);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    const [first] = error.message.split(/ \(line \d+|\n/);
    throw unexpected(lines.placeOf(error.pos + leading), "well-formed XML", lowerFirst(first!));
  }
}

function elementOf(element: ParsedElement, lines: Lines, leading: number): XmlElement {
  return {
    ...lines.placeOf(element.start + leading),
    name: element.name,
    attributes: element.attributes,
    children: element.children.flatMap((child) =>
      child instanceof ParsedElement ? [elementOf(child, lines, leading)] : [],
    ),
    text: element.text.trim(),
  };
}

/** The first element at a path of names below another. */
export function elementAt(from: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined {
  let found = from;
  for (const name of names) found = found?.children.find((child) => child.name === name);
  return found;
}

/** All elements of a name right below another. */
export function elementsOf(from: XmlElement | undefined, name: string): readonly XmlElement[] {
  return from?.children.filter((child) => child.name === name) ?? [];
}
