import { suite } from "uvu";
import * as assert from "uvu/assert";
import { html, markup } from "../../../src/report/page/html.js";

const test = suite("report: html");

test("values are text, between tags and within quotes", () => {
  const name = `<script>alert("1")</script> & 'x'`;
  assert.is(
    html`<p title="${name}">${name}</p>`.text,
    '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;">' +
      "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;</p>",
  );
});

test("what was made here stays as it is, in lists too", () => {
  const items = ["a<b", "c"].map((text) => html`<li>${text}</li>`);
  assert.is(html`<ul>${items}</ul>`.text, "<ul><li>a&lt;b</li><li>c</li></ul>");
  assert.is(html`${markup("<svg/>")}`.text, "<svg/>");
});

test("what is absent is empty, and 0 is not", () => {
  assert.is(html`[${undefined}${false}${[]}${0}]`.text, "[0]");
});

test("an object that looks like markup is none", () => {
  const forged = JSON.parse('{"text":"<script>"}');
  assert.throws(() => html`${forged}`, /map/);
});

test("what steers a terminal or turns text is shown", () => {
  assert.is(html`${"a\u001b[31mb\u202ec\u0000"}`.text, "a\\u001b[31mb\\u202ec\\u0000");
});

test.run();
