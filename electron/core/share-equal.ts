/**
 * `after` with every part that equals the same part of `before`, as JSON, replaced by that very object: what did not change stays the same object for every view.
 * Neither value is changed. @returns `before` itself where both are equal
 */
export function shareEqual(before: unknown, after: unknown): unknown {
  if (before === after || (Number.isNaN(before) && Number.isNaN(after))) return before;
  if (Array.isArray(before) && Array.isArray(after)) {
    let same = before.length === after.length;
    const list = after.map((value: unknown, index) => {
      const shared = index < before.length ? shareEqual(before[index], value) : value;
      if (shared !== before[index]) same = false;
      return shared;
    });
    return same ? before : list;
  }
  if (isFields(before) && isFields(after)) {
    let fields: Record<string, unknown> | null = null;
    let same = true;
    for (const key in after) {
      if (after[key] === undefined) continue;
      const known = Object.hasOwn(before, key) ? before[key] : undefined;
      const shared = shareEqual(known, after[key]);
      if (shared !== known || known === undefined) same = false;
      // Copied only where something is to be replaced.
      if (shared !== after[key]) {
        fields ??= { ...after };
        fields[key] = shared;
      }
    }
    if (same) for (const key in before) if (before[key] !== undefined && after[key] === undefined) same = false;
    return same ? before : (fields ?? after);
  }
  return after;
}

const isFields = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
