/** What policies trade off: time against the memory that the host spends besides what the guest uses. */

import { hasWorkload } from "../../study/compare.js";
import { formatBytes, formatDuration, GiB } from "../../units.js";
import { policyText } from "../row-groups.js";
import type { ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import { sizePanels } from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import { isDrawn, policySeries, rowsIn } from "./series.js";
import type { ThemeColours } from "./theme.js";

export const overhead: Picture = {
  name: "overhead",
  what: "time against memory overhead, with the policies that no other one beats",
  draw,
};

const LOG_TICKS = [-2, -1, 0, 1, 2, 3, 4].flatMap((power) => [10 ** power, 3 * 10 ** power]);

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const rows = rowsIn(results);
  if (rows.length === 0) return needsResultOf("run", "compare", "sweep");
  const ready = rows.filter(isDrawn);
  if (ready.length === 0) return "no run in it got ready without a problem";
  const [time, timeTitle] = ready.some((row) => hasWorkload(row as Parameters<typeof hasWorkload>[0]))
    ? (["totalTimeNs", "Total time"] as const)
    : (["bootTimeNs", "Boot time"] as const);
  const values = ready.map((row) => ({
    platform: row.platform,
    memory: formatBytes(row.memoryBytes),
    policy: policyText(row),
    overheadGiB: (row.overheadBytes ?? 0) / GiB,
    seconds: (row[time] ?? 0) / 1e9,
    front: row.paretoOptimal === true,
  }));
  const axis = (field: "overheadGiB" | "seconds", title: string): object => {
    const drawn = values.map((value) => value[field]);
    // A little room around what is drawn.
    const domain = [Math.min(...drawn) / 1.4, Math.max(...drawn) * 1.4];
    const scale = { type: "log", domain };
    return { field, type: "quantitative", title, scale, axis: { values: LOG_TICKS, format: "~r" } };
  };
  const x = axis("overheadGiB", "memory overhead of the host, GiB");
  const y = axis("seconds", `${timeTitle.toLowerCase()}, s`);
  const { color, shape } = policySeries(results, new Set(values.map(({ policy }) => policy)), colours);
  const layer = [
    {
      transform: [{ filter: "datum.front" }],
      mark: { type: "line", color: colours.muted, strokeDash: [4, 3], strokeWidth: 1.5 },
      encoding: { x, y, order: { field: "overheadGiB" } },
    },
    {
      mark: { type: "point", filled: false, size: 80, strokeWidth: 2, opacity: 0.9 },
      encoding: { x, y, color, shape },
    },
  ];
  const platforms = [...new Set(ready.map(({ platform }) => platform))];
  return {
    title: `${timeTitle} against memory overhead`,
    description: "Lower and further left is better; the dashed line joins what no other policy beats.",
    spec: sizePanels(ready, platforms, values, { height: 170, layer }),
    table: {
      columns: [
        { head: "policy", align: "left" },
        { head: "platform", align: "left" },
        { head: "memory", align: "right" },
        { head: timeTitle.toLowerCase(), align: "right" },
        { head: "overhead", align: "right" },
      ],
      rows: ready.map((row) => [
        policyText(row),
        row.platform,
        formatBytes(row.memoryBytes),
        formatDuration(row[time] ?? 0),
        formatBytes(row.overheadBytes ?? 0),
      ]),
    },
    caveats: [],
  };
}
