/** The page: the question at the top, settings on the left, the answer on the right. */

import type { JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { DroppedFile } from "../protocol.js";
import { Answer } from "./answer.js";
import type { Desk, DeskState } from "./desk.js";
import { FileDoor } from "./file-door.js";
import { Strip } from "./numbers.js";
import { ResultFile } from "./result-file.js";
import { announcement } from "./sentences.js";
import { SettingsPanel } from "./settings-panel.js";
import type { Bundled } from "./side-view.js";
import { openRow, takeIn } from "./take-in.js";
import { ThemeButton, useTheme } from "./theme.js";

interface AppProps {
  readonly desk: Desk;
  readonly state: DeskState;
  readonly bundled: Bundled;
}

export function App({ desk, state, bundled }: AppProps): JSX.Element {
  const [theme, turn] = useTheme();
  const onFile = useCallback(
    (file: DroppedFile): void => void takeIn(desk, file, bundled.prices),
    [desk, bundled],
  );
  const { result } = state;
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
            <ResultFile
              result={result}
              theme={theme}
              open={(row) => openRow(desk, row)}
              close={() => desk.show(undefined)}
            />
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
