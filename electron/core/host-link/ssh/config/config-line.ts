/** One line of an ssh_config file: keyword in lower case, its words unquoted, and the raw rest for commands. */
export interface ConfigLine {
  readonly keyword: string;
  readonly words: readonly string[];
  readonly rest: string;
  readonly line: number;
}

/**
 * Splits as OpenSSH does (misc.c, argv_split; readconf.c): `keyword words…` or `keyword = words…`; words in double or single quotes; a
 * backslash before a quote, a backslash or a space keeps it; `#` begins a comment where a word could begin.
 * @returns `null` for an empty line, a comment or a line with an open quote
 */
export function parseConfigLine(raw: string, line: number): ConfigLine | null {
  const match = /^[ \t\r\f]*("?)([A-Za-z0-9_-]+)\1(?:[ \t]*=[ \t]*|[ \t]+|$)(.*)$/.exec(raw.replace(/[ \t\r\n\f]+$/, ""));
  if (match === null) return null;
  const rest = match[3] ?? "";
  const words = splitWords(rest);
  return words === null ? null : { keyword: (match[2] ?? "").toLowerCase(), words, rest, line };
}

export function splitWords(text: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === " " || text[at] === "\t") {
      at += 1;
      continue;
    }
    if (text[at] === "#") break;
    let word = "";
    let quote: string | null = null;
    for (; at < text.length; at++) {
      const letter = text[at] ?? "";
      const next = text[at + 1] ?? "";
      if (letter === "\\" && (next === '"' || next === "'" || next === "\\" || (quote === null && next === " "))) {
        word += next;
        at += 1;
      } else if (quote === null && (letter === " " || letter === "\t")) break;
      else if (quote === null && (letter === '"' || letter === "'")) quote = letter;
      else if (letter === quote) quote = null;
      else word += letter;
    }
    if (quote !== null) return null;
    words.push(word);
  }
  return words;
}
