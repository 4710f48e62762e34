/** A copy of plain data whose typed arrays lie in shared memory: posting it copies no column of a trace. */
export function shared<T>(value: T): T {
  if (ArrayBuffer.isView(value)) return sharedColumn(value) as T;
  if (Array.isArray(value)) return value.map((item) => shared(item) as unknown) as T;
  if (value instanceof Map) return new Map(Array.from(value, ([key, inner]) => [key, shared(inner)])) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shared(inner)])) as T;
}

function sharedColumn(column: ArrayBufferView): ArrayBufferView {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  const buffer = new SharedArrayBuffer(column.byteLength);
  new Uint8Array(buffer).set(bytes);
  const Column = column.constructor as new (buffer: SharedArrayBuffer) => ArrayBufferView;
  return new Column(buffer);
}
