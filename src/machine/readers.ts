/** Every kind of text that says something about a machine; the first that recognises a text reads it. */

import type { MachineReader } from "./statement.js";

export const MACHINE_READERS: readonly MachineReader[] = [];
