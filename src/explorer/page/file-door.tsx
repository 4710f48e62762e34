/** How files come in: dropped anywhere, or chosen by a button. Nothing leaves the page. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { DroppedFile } from "../protocol.js";

interface DoorProps {
  readonly onFile: (file: DroppedFile) => void;
}

export function FileDoor({ onFile }: DoorProps): JSX.Element {
  const chooser = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      const file = event.dataTransfer?.files[0];
      if (file === undefined) return;
      event.preventDefault();
      setOver(false);
      void give(file, onFile);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [onFile]);
  return (
    <>
      <button type="button" class="quiet" onClick={() => chooser.current?.click()}>
        Open a file
      </button>
      <input
        ref={chooser}
        type="file"
        hidden
        aria-label="A scenario, trace or result"
        onChange={(event) => {
          const input = event.currentTarget;
          const file = input.files?.[0];
          if (file !== undefined) void give(file, onFile);
          // The same file can be chosen again.
          input.value = "";
        }}
      />
      {isOver && <div class="drop-here">Drop a scenario, a trace or a result</div>}
    </>
  );
}

async function give(file: File, onFile: DoorProps["onFile"]): Promise<void> {
  onFile({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
}
