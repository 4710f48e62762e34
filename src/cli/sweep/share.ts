/**
 * A copy of a value in which every typed array lies in memory that threads share, so that posting it to
 * a worker copies no column of a trace.
 *
 * @param value plain data: objects, arrays, maps, typed arrays, text and numbers
 */
export function shared<T>(value: T): T {
  if (ArrayBuffer.isView(value)) return sharedColumn(value) as T;
  if (Array.isArray(value)) return value.map((item) => shared(item) as unknown) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shared(inner)])) as T;
}

function sharedColumn(column: ArrayBufferView): ArrayBufferView {
  const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  const buffer = new SharedArrayBuffer(column.byteLength);
  new Uint8Array(buffer).set(bytes);
  const Column = column.constructor as new (buffer: SharedArrayBuffer) => ArrayBufferView;
  return new Column(buffer);
}
