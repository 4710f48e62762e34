/** Pictures of results, each behind its title until somebody wants to see it, with the data it is drawn from. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Drawn, PICTURES, type PictureTable, type ResultDocument, type Theme } from "../../index.js";
import { renderPicture } from "../picture.js";
import { Scroll } from "./scroll.js";
import { PAGE_COLOURS } from "./theme.js";

interface PicturesProps {
  /** The same object as long as nothing in it changes. */
  readonly results: readonly ResultDocument[];
  readonly theme: Theme;
}

/** Those that these results have. */
export function Pictures({ results, theme }: PicturesProps): JSX.Element {
  const pictures = useMemo(
    () => PICTURES.map((picture) => ({ picture, drawn: picture.draw(results, PAGE_COLOURS[theme]) })),
    [results, theme],
  );
  return (
    <>
      {pictures.map(
        ({ picture, drawn }) =>
          typeof drawn !== "string" && <PictureView key={picture.name} drawn={drawn} theme={theme} />,
      )}
    </>
  );
}

interface ViewProps {
  readonly drawn: Drawn;
  readonly theme: Theme;
}

function PictureView({ drawn, theme }: ViewProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{drawn.title}</summary>
      {isOpen && <Figure drawn={drawn} theme={theme} />}
    </details>
  );
}

/** A picture with what it shows in words, what it leaves out, and its data. */
export function Figure({ drawn, theme }: ViewProps): JSX.Element {
  return (
    <figure>
      <Drawing drawn={drawn} theme={theme} />
      <figcaption>
        <p>{drawn.description}</p>
        {drawn.caveats.map((text) => (
          <p key={text} class="hint">
            {text}
          </p>
        ))}
        <details>
          <summary>Data of this picture</summary>
          <DataTable title={drawn.title} table={drawn.table} />
        </details>
      </figcaption>
    </figure>
  );
}

function Drawing({ drawn, theme }: ViewProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let isWanted = true;
    renderPicture(drawn, PAGE_COLOURS[theme]).then(
      (element) => {
        if (!isWanted) return;
        setProblem("");
        place.current?.replaceChildren(element);
      },
      (error: unknown) => {
        if (isWanted) setProblem(String(error));
      },
    );
    return () => {
      isWanted = false;
    };
  }, [drawn, theme]);
  return (
    <Scroll label={drawn.title}>
      <div class="drawing" ref={place} />
      {problem !== "" && <p class="fault">The picture could not be drawn: {problem}</p>}
    </Scroll>
  );
}

interface TableProps {
  readonly title: string;
  readonly table: PictureTable;
}

function DataTable({ title, table: { columns, rows } }: TableProps): JSX.Element {
  return (
    <Scroll label={`Data of ${title}`}>
      <table>
        <thead>
          <tr>
            {columns.map(({ head, align }) => (
              <th key={head} scope="col" class={align === "right" ? "value" : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td
                  key={columns[column]?.head}
                  class={columns[column]?.align === "right" ? "value" : undefined}
                >
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
