/** A result that was given to the page: its rows as a table; each can be opened as settings. */

import type { JSX } from "preact";
import { formatBytes, type StoredRow } from "../../index.js";
import { LEADING, labelOf, measureOf, textIn } from "./measures.js";
import { Scroll } from "./scroll.js";

export interface ResultFileProps {
  readonly name: string;
  readonly rows: readonly StoredRow[];
  readonly open: (row: StoredRow) => void;
  readonly close: () => void;
}

export function ResultFile({ name, rows, open, close }: ResultFileProps): JSX.Element {
  const measures = LEADING.map(measureOf).filter((measure) =>
    rows.some((row) => textIn(measure, row) !== undefined),
  );
  return (
    <section class="result-file" aria-labelledby="file-head">
      <div class="copy-head">
        <h2 id="file-head">{name}</h2>
        <button type="button" onClick={close}>
          Close the result
        </button>
      </div>
      <Scroll label={`Rows of ${name}`}>
        <table class="numbers">
          <thead>
            <tr>
              {["Scenario", "Platform", "Policy", "Memory", "vCPUs", "Linux", "Workload", "Outcome"].map(
                (head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ),
              )}
              {measures.map((measure) => (
                <th key={measure.name} scope="col">
                  {labelOf(measure)}
                </th>
              ))}
              <th scope="col">Settings</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              <tr key={at}>
                <th scope="row">{row.scenario}</th>
                <td>{row.platform}</td>
                <td>{row.policy}</td>
                <td class="value">{formatBytes(row.memoryBytes)}</td>
                <td class="value">{row.vcpus}</td>
                <td>{row.kernel}</td>
                <td>{row.workload}</td>
                <td>{row.outcome}</td>
                {measures.map((measure) => (
                  <td key={measure.name} class="value">
                    {textIn(measure, row) ?? "–"}
                  </td>
                ))}
                <td>
                  <button
                    type="button"
                    onClick={() => open(row)}
                    aria-label={`Open row ${at + 1} as settings`}
                  >
                    Open
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
