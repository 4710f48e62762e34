import { createHash } from "node:crypto";

/** SHA-256 in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** SHA-256 of plain data: objects, lists, text, numbers, and typed arrays with every bit of theirs. */
export function digestOf(value: unknown): string {
  return sha256(
    JSON.stringify(value, (_key, part: unknown) =>
      ArrayBuffer.isView(part) ? sha256(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)) : part,
    ),
  );
}
