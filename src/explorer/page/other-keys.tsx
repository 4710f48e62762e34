/** Any other key of a scenario, as KEY=VALUE, with the keys there are to complete from. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Key, keysOf, SCENARIO } from "../../index.js";
import { Offers, TextField } from "./controls.js";
import { otherKeys, withKey } from "./edit.js";
import { useOwnId } from "./own-id.js";
import type { SideView } from "./side-view.js";

/** Those that one value can be given to. */
const KEYS: readonly Key[] = keysOf(SCENARIO).filter(({ path }) => !/\[\]|PRICE/.test(path));

const BY_PATH: ReadonlyMap<string, Key> = new Map(KEYS.map((key) => [key.path, key]));

export function OtherKeys({ view }: { readonly view: SideView }): JSX.Element {
  const { settings, scenario, faults, change } = view;
  const own = otherKeys(settings, scenario);
  return (
    <details class="section" open={own.length > 0}>
      <summary>
        Any other key <span class="count">{own.length === 0 ? KEYS.length : `${own.length} set`}</span>
      </summary>
      {own.map((key) => (
        <TextField
          key={key}
          label={key}
          hint={hintOf(key)}
          faults={faults.get(key)}
          text={settings.set[key]!}
          onText={(text) => change(withKey(settings, key, text))}
          isMoved
          reset={() => change(withKey(settings, key, ""))}
        />
      ))}
      <NewKey onKey={(key, text) => change(withKey(settings, key, text))} />
    </details>
  );
}

/** What a key means, and what it may be. */
function hintOf(path: string): string {
  const key = BY_PATH.get(path);
  if (key === undefined) return "";
  const choice = `${key.value}; by default ${key.default}`.replaceAll("`", "");
  return `${key.what} (${choice})`;
}

function NewKey({ onKey }: { readonly onKey: (key: string, text: string) => void }): JSX.Element {
  const id = useOwnId();
  const [text, setText] = useState("");
  const at = text.indexOf("=");
  const key = (at === -1 ? text : text.slice(0, at)).trim();
  const value = at === -1 ? "" : text.slice(at + 1).trim();
  const isReady = key !== "" && value !== "";
  const hint = hintOf(key);
  return (
    <form
      class="field"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady) return;
        onKey(key, value);
        setText("");
      }}
    >
      <label for={id}>KEY=VALUE</label>
      <div class="slider">
        <input
          id={id}
          type="text"
          list={`${id}-offers`}
          value={text}
          placeholder="host.pageSize=2MiB"
          autocomplete="off"
          spellcheck={false}
          aria-describedby={`${id}-hint`}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" disabled={!isReady}>
          Set
        </button>
      </div>
      <Offers id={`${id}-offers`} values={KEYS.map(({ path }) => `${path}=`)} />
      <p class="hint" id={`${id}-hint`}>
        {hint === "" ? "As after --set of the command line." : hint}
      </p>
    </form>
  );
}
