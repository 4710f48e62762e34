import { useState } from "preact/hooks";

let made = 0;

/** An id for the lifetime of an element. Those of Preact's own `useId` repeat where elements come later. */
export function useOwnId(): string {
  const [id] = useState(() => `control-${++made}`);
  return id;
}
