/** A hook that does something more, after all that it did: several may watch one guest. */
export function also<Values extends readonly unknown[]>(
  before: (...values: Values) => void,
  more: (...values: NoInfer<Values>) => void,
): (...values: Values) => void {
  return (...values) => {
    before(...values);
    more(...values);
  };
}
