/** How a page looks: light and dark, narrow and wide, on paper. */

import { COLOURS, type Theme } from "../pictures/theme.js";
import type { PictureColours } from "./svg.js";

/** Colours of the page, beside those that pictures have in common with it; each on its background at least 4.5 to 1. */
const OWN: Readonly<Record<Theme, string>> = {
  light: "--link:#0550ae;--failure:#a11d33;--shade:#f6f8fa;--focus:#0550ae;",
  dark: "--link:#79b8ff;--failure:#ff8f9b;--shade:#161b22;--focus:#79b8ff;",
};

function variables(theme: Theme, pictures: PictureColours): string {
  const { background, text, muted, grid } = COLOURS[theme];
  return `color-scheme:${theme};--background:${background};--text:${text};--muted:${muted};--grid:${grid};${OWN[theme]}${pictures.declarations(theme)}`;
}

/** Columns of tables whose cells stand to the left, beside the first, and of them those of sentences: `l2`, `w2`. */
const [LEFT_COLUMNS, WIDE_COLUMNS] = ["l", "w"].map((look) =>
  Array.from({ length: 24 }, (_none, at) => `.${look}${at + 2} tr>:nth-child(${at + 2})`).join(","),
);

/** On paper all is light, open, and as long as it is. */
export function pageStyle(pictures: PictureColours): string {
  return `
:root{${variables("light", pictures)}}
@media screen and (prefers-color-scheme:dark){:root{${variables("dark", pictures)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--background);color:var(--text);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:68rem;margin:0 auto;padding:0 1rem}
h1,h2,h3,h4{line-height:1.25;margin:1.6em 0 .5em;scroll-margin-top:1rem}
h1{font-size:1.6rem;margin-top:1.2rem}
h2{font-size:1.3rem;border-bottom:1px solid var(--grid);padding-bottom:.3rem;margin-top:2.2rem}
h3{font-size:1.15rem}
h4{font-size:1rem}
p,ul,dl{margin:.5em 0}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
.skip{position:absolute;left:-99rem;padding:.5rem 1rem;background:var(--background)}
.skip:focus{left:0;top:0}
nav ul{list-style:none;padding:0;margin:.2rem 0;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem}
nav>ul.files{display:block}
nav li>ul{margin-left:1rem}
.lead{font-size:1.1rem;max-width:60rem}
.note,.notes,figcaption,caption{color:var(--muted);font-size:.875rem}
.notes{padding-left:1.2rem}
.failure,.failure th,.failure td{color:var(--failure)}
.scroll{overflow:auto;max-width:100%;border:1px solid var(--grid);border-radius:6px;margin:.6rem 0}
.scroll:has(table){max-height:36rem}
figure{margin:0}
svg{display:block;max-width:100%;height:auto;margin:0 auto}
svg text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}
svg.wide{width:100%;min-width:45rem;max-width:62rem}
.by-night{display:none}
@media screen and (prefers-color-scheme:dark){.by-day{display:none}.by-night{display:block}}
table{border-collapse:collapse;font-size:.875rem;line-height:1.35;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.4rem .6rem;position:sticky;left:0}
th,td{padding:.25rem .6rem;text-align:right;vertical-align:top;white-space:nowrap}
thead{position:sticky;top:0;background:var(--background);box-shadow:0 1px var(--grid)}
thead th{font-weight:600;vertical-align:bottom}
tbody th{font-weight:normal;white-space:pre}
tr>:first-child,${LEFT_COLUMNS}{text-align:left}
${LEFT_COLUMNS}{white-space:normal;min-width:7em;max-width:36em;overflow-wrap:break-word}
${WIDE_COLUMNS}{min-width:18em}
tbody tr:nth-child(even){background:var(--shade)}
.title th{font-weight:600;padding-top:.8rem}
tbody tr.title{background:var(--background)}
.failure td,.note td,.more td{white-space:normal}
tr.note td,tr.failure td,tr.more td{padding-left:1.6rem}
summary{cursor:pointer;color:var(--link);padding:.2rem 0}
pre{padding:.6rem .8rem;font-size:.85rem;line-height:1.5;background:var(--shade)}
pre code{white-space:pre-wrap}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:.15rem 1.5rem;font-size:.9rem}
dl div{display:grid;grid-template-columns:8rem 1fr;gap:.5rem}
dt{color:var(--muted)}
dd{margin:0}
footer{color:var(--muted);font-size:.875rem;padding-top:2rem;padding-bottom:2rem}
@media (max-width:40rem){body{font-size:15px}dl div{grid-template-columns:6.5rem 1fr}}
@page{size:A4;margin:14mm}
@media print{
html,body{font-size:10pt}
header,main,footer{max-width:none;padding:0}
a{color:inherit;text-decoration:none}
.skip,nav{display:none}
.scroll,.scroll:has(table){overflow:visible;max-height:none;border:0}
details::details-content{content-visibility:visible;height:auto;opacity:1}
summary{color:inherit;list-style:none}
h2,h3,h4,caption,summary{break-after:avoid}
figure,svg,tr{break-inside:avoid}
svg.wide{min-width:0;max-width:none}
table{font-size:6.5pt;overflow-wrap:normal}
table.many{font-size:5.5pt}
th,td{padding:1pt 3pt;min-width:0}
thead th{white-space:normal}
${LEFT_COLUMNS},${WIDE_COLUMNS}{min-width:0}
thead,caption{position:static}
}
`.trim();
}
