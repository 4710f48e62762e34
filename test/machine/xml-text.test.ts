import { suite } from "uvu";
import * as assert from "uvu/assert";
import { elementAt, elementsOf, parseXmlText } from "../../src/machine/xml-text.js";

const test = suite("machine: XML with places");

test("elements have attributes, text and the place where they begin", () => {
  const root = parseXmlText("<?xml version='1.0'?>\n<a>\n  <b x='1'> two </b><b/>\n</a>");
  const [first, second] = elementsOf(root, "b");
  assert.equal([root.line, root.column], [2, 1]);
  assert.equal([first!.line, first!.column, first!.attributes.x, first!.text], [3, 3, "1", "two"]);
  assert.equal([second!.line, second!.column], [3, 21]);
  assert.is(elementAt(root, "b", "c"), undefined);
});

test("blank lines, a byte order mark and CRLF before and within do not move places", () => {
  const root = parseXmlText("\uFEFF\r\n \r\n<a>\r\n<b/>\r\n</a>");
  assert.equal([root.line, root.children[0]!.line], [3, 4]);
});

test("names with a prefix are names", () => {
  assert.ok(elementAt(parseXmlText("<a xmlns:q='z'><q:b/></a>"), "q:b") !== undefined);
});

test("what is not well-formed is refused at its place", () => {
  assert.throws(
    () => parseXmlText("\n<a>\n <b x=1/></a>"),
    /^3:7: expected well-formed XML, found attribute value expected$/,
  );
  assert.throws(
    () => parseXmlText("<a>"),
    /^1:\d+: expected well-formed XML, found missing end tag for element a$/,
  );
  assert.throws(() => parseXmlText("<a>&x;</a>"), /found named entity isn't defined: &x;$/);
});

test("a text nested thousands deep is refused", () => {
  assert.throws(
    () => parseXmlText(`${"<a>".repeat(20_000)}${"</a>".repeat(20_000)}`),
    /^1:\d+: expected XML nested at most 500 deep, found a deeper one$/,
  );
});

test.run();
