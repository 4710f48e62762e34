/** Settings to take along: as a scenario file, as the command that prints the same numbers, and the row as JSON. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { formatJson } from "../../index.js";
import { settingsToCommand, settingsToYaml } from "../settings.js";
import type { SideState } from "./desk.js";
import { useOwnId } from "./own-id.js";

interface CopiesProps {
  readonly name: "A" | "B" | undefined;
  readonly side: SideState;
}

export function Copies({ name, side }: CopiesProps): JSX.Element {
  const { settings, base, file, faults, shown } = side;
  const whose = name === undefined ? "" : ` of ${name}`;
  if (faults.size > 0) return <p class="hint">Settings{whose} with a fault make no file.</p>;
  // A given trace is a file beside the scenario.
  const told = file === undefined || !base.isBundled ? settings : { ...settings, workload: file.name };
  return (
    <div class="copies">
      <CopyText title={`Command${whose}`} text={settingsToCommand(told, base)} />
      <CopyText title={`Scenario${whose} as YAML`} text={settingsToYaml(told, base)} />
      {shown !== undefined && side.isCurrent && (
        <p>
          <button type="button" onClick={() => download("result.json", formatJson([shown.row]))}>
            Download the row{whose} as JSON
          </button>
        </p>
      )}
    </div>
  );
}

function CopyText({ title, text }: { readonly title: string; readonly text: string }): JSX.Element {
  const id = useOwnId();
  const box = useRef<HTMLTextAreaElement>(null);
  const [copied, setCopied] = useState<string | undefined>();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(text);
    } catch {
      // Pages from files may not write there; the text is selected, for the keyboard to copy.
      box.current?.select();
    }
  };
  const word = copied === text ? "Copied" : "Copy";
  return (
    <div class="copy">
      <div class="copy-head">
        <h3 id={id}>{title}</h3>
        <button type="button" aria-label={`${word} ${title}`} onClick={() => void copy()}>
          {word}
        </button>
      </div>
      <textarea
        ref={box}
        readOnly
        rows={Math.min(16, text.split("\n").length + 1)}
        aria-labelledby={id}
        value={text}
      />
    </div>
  );
}

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
