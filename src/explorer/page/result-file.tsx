/** A result that was given to the page: its pictures, and its rows as a table; each can be opened as settings. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatBytes, type ResultDocument, type StoredRow, type Theme } from "../../index.js";
import { LEADING, labelOf, measureOf, textIn } from "./measures.js";
import { Pictures } from "./pictures.js";
import { Scroll } from "./scroll.js";

interface ResultFileProps {
  readonly result: ResultDocument;
  readonly theme: Theme;
  readonly open: (row: StoredRow) => void;
  readonly close: () => void;
}

export function ResultFile({ result, theme, open, close }: ResultFileProps): JSX.Element {
  const { file, kind } = result;
  const results = useMemo(() => [result], [result]);
  return (
    <section class="result-file" aria-labelledby="file-head">
      <div class="copy-head">
        <h2 id="file-head">{file}</h2>
        <button type="button" onClick={close}>
          Close the result
        </button>
      </div>
      {kind === "rows" && <RowsTable file={file} rows={result.rows} open={open} />}
      <Pictures results={results} theme={theme} />
    </section>
  );
}

interface RowsProps {
  readonly file: string;
  readonly rows: readonly StoredRow[];
  readonly open: (row: StoredRow) => void;
}

function RowsTable({ file, rows, open }: RowsProps): JSX.Element {
  const measures = LEADING.map(measureOf).filter((measure) =>
    rows.some((row) => textIn(measure, row) !== undefined),
  );
  return (
    <Scroll label={`Rows of ${file}`}>
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
                <button type="button" onClick={() => open(row)} aria-label={`Open row ${at + 1} as settings`}>
                  Open
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
