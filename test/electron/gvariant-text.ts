/** A value as gdbus prints it: tuples, arrays and byte strings as arrays, dictionaries as records, variants as what they hold, 64-bit numbers as numbers. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" };
/** A type that stands before its value (GVariant text format, glib's gvariant-text-format): `uint32 3`, `@a(iiay) []`. */
const TYPE = /\s*(?:(?:boolean|byte|u?int(?:16|32|64)|handle|double|string|objectpath|signature)\s|@\S+\s)/y;
const WORD = /[-+.\w]+/y;

/** @throws Error where the text is none of gdbus's */
export function parseGVariant(text: string): Value {
  let at = 0;
  const fail = (): never => {
    throw new Error(`not GVariant text at ${at}: ${text.slice(at, at + 40)}`);
  };
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? null;
    at += found?.length ?? 0;
    return found;
  };
  const space = () => take(/\s*/y);
  const next = (sign: string): boolean => {
    space();
    if (!text.startsWith(sign, at)) return false;
    at += sign.length;
    return true;
  };
  const need = (sign: string) => next(sign) || fail();

  const list = (end: string): Value[] => {
    const items: Value[] = [];
    while (!next(end)) {
      items.push(value());
      // A tuple of one ends with a comma.
      if (!next(",")) {
        need(end);
        break;
      }
    }
    return items;
  };
  const quoted = (quote: string): string => {
    let read = "";
    for (;;) {
      const sign = text[at++] ?? fail();
      if (sign === quote) return read;
      if (sign !== "\\") {
        read += sign;
        continue;
      }
      const escaped = text[at++] ?? fail();
      const digits = escaped === "u" ? take(/[0-9a-f]{4}/iy) : escaped === "U" ? take(/[0-9a-f]{8}/iy) : null;
      const octal = /[0-7]/.test(escaped) ? `${escaped}${take(/[0-7]{0,2}/y)}` : null;
      if (digits !== null) read += String.fromCodePoint(Number.parseInt(digits, 16));
      else if (octal !== null) read += String.fromCharCode(Number.parseInt(octal, 8));
      else read += ESCAPES[escaped] ?? escaped;
    }
  };
  const record = (): Value => {
    const entries: Record<string, Value> = {};
    while (!next("}")) {
      const key = String(value());
      need(":");
      entries[key] = value();
      if (!next(",")) {
        need("}");
        break;
      }
    }
    return entries;
  };
  const value = (): Value => {
    while (take(TYPE) !== null);
    space();
    if (next("(")) return list(")");
    if (next("[")) return list("]");
    if (next("{")) return record();
    if (next("<")) {
      const held = value();
      need(">");
      return held;
    }
    // A byte string stands for an array of bytes that ends with a zero.
    const bytes = /^b['"]/.test(text.slice(at, at + 2));
    if (bytes) at += 1;
    for (const quote of ["'", '"'])
      if (text[at] === quote) {
        at += 1;
        const read = quoted(quote);
        return bytes ? [...[...read].map((sign) => sign.charCodeAt(0)), 0] : read;
      }
    const word = take(WORD) ?? fail();
    if (word === "true" || word === "false") return word === "true";
    const number = Number(word);
    return Number.isNaN(number) ? fail() : number;
  };
  const read = value();
  space();
  return at === text.length ? read : fail();
}
