/**
 * Differences between two plain JSON values. `apply(before, diff(before, after))` equals `after` and keeps every untouched part of
 * `before` as the same object, so that a view re-renders only what changed.
 */

export type PatchPath = readonly (string | number)[];
export type PatchOp =
  | { readonly path: PatchPath; readonly set: unknown }
  | { readonly path: PatchPath; readonly drop: true }
  /** Cuts an array to that length. */
  | { readonly path: PatchPath; readonly cut: number };

export class PatchError extends Error {
  override readonly name = "PatchError";
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
/** JSON leaves out fields whose value is undefined. */
const has = (value: Fields, key: string) => Object.hasOwn(value, key) && value[key] !== undefined;

/** @returns the operations in the order in which they must be applied; none where both are equal as JSON */
export function diff(before: unknown, after: unknown): PatchOp[] {
  const ops: PatchOp[] = [];
  walk(before, after, [], ops);
  return ops;
}

/** @param path of both values; grows and shrinks on the way, so that what is equal costs nothing */
function walk(before: unknown, after: unknown, path: (string | number)[], ops: PatchOp[]): void {
  // Object.is would tell 0 from -0, which JSON does not.
  if (before === after || (Number.isNaN(before) && Number.isNaN(after))) return;
  if (isList(before) && isList(after)) {
    if (after.length < before.length) ops.push({ path: [...path], cut: after.length });
    for (let index = 0; index < after.length; index++) {
      if (index < before.length) step(before[index], after[index], index, path, ops);
      else ops.push({ path: [...path, index], set: json(after[index]) });
    }
    return;
  }
  if (isFields(before) && isFields(after)) {
    for (const key in before) if (has(before, key) && !has(after, key)) ops.push({ path: [...path, key], drop: true });
    for (const key in after) {
      if (!has(after, key)) continue;
      if (has(before, key)) step(before[key], after[key], key, path, ops);
      else ops.push({ path: [...path, key], set: after[key] });
    }
    return;
  }
  ops.push({ path: [...path], set: json(after) });
}

function step(before: unknown, after: unknown, key: string | number, path: (string | number)[], ops: PatchOp[]): void {
  if (before === after) return;
  path.push(key);
  walk(before, after, path, ops);
  path.pop();
}

/** In lists JSON writes null for undefined. */
const json = (value: unknown) => (value === undefined ? null : value);

/** @throws PatchError where an operation does not fit the value; `before` is never changed */
export function apply(before: unknown, ops: readonly PatchOp[]): unknown {
  const owned = new Set<unknown>();
  return ops.reduce((value, op) => change(value, op, 0, owned), before);
}

function change(value: unknown, op: PatchOp, depth: number, owned: Set<unknown>): unknown {
  const key = op.path[depth];
  if (key === undefined) {
    if ("set" in op) return op.set;
    if (!("cut" in op) || !isList(value) || op.cut > value.length) throw new PatchError("the patch does not fit");
    return own(value.slice(0, op.cut), owned);
  }
  const last = depth === op.path.length - 1;
  if (isList(value)) {
    if (typeof key !== "number" || key > value.length || (key === value.length && !(last && "set" in op)) || (last && "drop" in op)) {
      throw new PatchError("the patch does not fit");
    }
    const child = change(value[key], op, depth + 1, owned);
    const list = owned.has(value) ? value : own([...value], owned);
    Object.defineProperty(list, key, field(child));
    return list;
  }
  if (!isFields(value) || typeof key !== "string") throw new PatchError("the patch does not fit");
  if (!Object.hasOwn(value, key) && !(last && "set" in op)) throw new PatchError("the patch does not fit");
  if (last && "drop" in op) return own(Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)), owned);
  const child = change(value[key], op, depth + 1, owned);
  const fields = owned.has(value) ? value : own({ ...value }, owned);
  // Defined rather than assigned: a field may be called __proto__.
  Object.defineProperty(fields, key, field(child));
  return fields;
}

function own<T>(value: T, owned: Set<unknown>): T {
  owned.add(value);
  return value;
}

const field = (value: unknown): PropertyDescriptor => ({ value, writable: true, enumerable: true, configurable: true });
