/** The page: the question at the top, settings on the left, the answer on the right. */

import type { JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { ResultDocument, StoredRow } from "../../index.js";
import type { DroppedFile } from "../protocol.js";
import { givenFiles } from "../resources.js";
import { Answer } from "./answer.js";
import type { Desk, DeskState } from "./desk.js";
import { FileDoor } from "./file-door.js";
import { givenOf } from "./given-file.js";
import { Strip } from "./numbers.js";
import { ResultFile } from "./result-file.js";
import { settingsOfRow } from "./row-settings.js";
import { announcement } from "./sentences.js";
import { SettingsPanel } from "./settings-panel.js";
import type { Bundled } from "./side-view.js";
import { ThemeButton, useTheme } from "./theme.js";

interface AppProps {
  readonly desk: Desk;
  readonly state: DeskState;
  readonly bundled: Bundled;
}

export function App({ desk, state, bundled }: AppProps): JSX.Element {
  const [theme, turn] = useTheme();
  const [result, setResult] = useState<ResultDocument | undefined>();
  const onFile = useCallback(
    (file: DroppedFile): void => {
      const given = givenOf(file, bundled.prices);
      const side = desk.state.b === undefined ? "a" : desk.state.editing;
      if (given.kind === "refused") {
        desk.remark([given.line]);
      } else if (given.kind === "result") {
        setResult(given.result);
        desk.remark([]);
      } else if (given.kind === "trace") {
        desk.give(side, file, desk.base, desk.state[side]!.settings);
      } else {
        desk.give(side, file, given.base, given.settings);
        desk.remark(given.remarks);
      }
    },
    [desk, bundled],
  );
  useEffect(() => {
    givenFiles().then(
      (files) => files.forEach(onFile),
      (error: unknown) => desk.remark([(error as Error).message]),
    );
  }, [desk, onFile]);
  const openRow = (row: StoredRow): void => {
    const side = desk.state.b === undefined ? "a" : desk.state.editing;
    desk.putAway(side);
    desk.change(side, settingsOfRow(row));
    desk.remark([
      "Opened from a row of a result, which says of its scenario what tells it from other rows; other keys are as in the scenario boot.",
    ]);
  };
  return (
    <>
      <header>
        <div class="head-text">
          <h1>When should a confidential guest accept its memory?</h1>
          <p>
            Move a setting and see boot time, waits and memory follow. The simulator runs in this page;
            nothing leaves it.
          </p>
        </div>
        <div class="buttons">
          <FileDoor onFile={onFile} />
          <ThemeButton theme={theme} turn={turn} />
        </div>
      </header>
      <main>
        <SettingsPanel desk={desk} state={state} bundled={bundled} />
        <div class="right">
          <RemarkList state={state} close={() => desk.remark([])} />
          {result !== undefined && (
            <ResultFile result={result} theme={theme} open={openRow} close={() => setResult(undefined)} />
          )}
          <Answer desk={desk} state={state} theme={theme} />
        </div>
      </main>
      <Strip a={state.a} b={state.b} />
      <Announcer state={state} />
    </>
  );
}

function RemarkList({
  state,
  close,
}: {
  readonly state: DeskState;
  readonly close: () => void;
}): JSX.Element {
  const { remarks } = state;
  return (
    <div role="status" class={remarks.length === 0 ? undefined : "told"}>
      {remarks.length > 0 && (
        <>
          <div>
            {remarks.map((text) => (
              <p key={text}>{text}</p>
            ))}
          </div>
          <button type="button" class="quiet" onClick={close}>
            Dismiss
          </button>
        </>
      )}
    </div>
  );
}

/** Tells the new boot time once the settings rest, and not each on the way there. */
function Announcer({ state }: { readonly state: DeskState }): JSX.Element {
  const [text, setText] = useState("");
  const { a, b, isResting } = state;
  const rows = [a, b].map((side) => (side?.isCurrent === true ? side : undefined));
  const now = rows
    .flatMap((side, at) =>
      side?.shown === undefined ? [] : [announcement(at === 0 ? "A" : "B", side.shown.row, side.before)],
    )
    .join(". ");
  useEffect(() => {
    if (isResting) setText(now);
  }, [isResting, now]);
  return (
    <p class="unseen" role="status" aria-live="polite" id="announcement">
      {text}
    </p>
  );
}
