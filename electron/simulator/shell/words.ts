/** POSIX shell words: quotes, backslashes, variables of a given environment, and the operators that separate commands. */

export type Token = { readonly kind: "word"; readonly text: string; readonly quoted: boolean } | { readonly kind: "operator"; readonly text: string };

const OPERATORS = ["&&", "||", ";;", ">>", "2>&1", "2>", "1>", "&>", "<>", "<&", ">&", ";", "|", "&", ">", "<", "(", ")", "\n"];

function variable(text: string, at: number, env: Readonly<Record<string, string>>): { value: string; next: number } | null {
  const match = /^\$(?:\{([A-Za-z_]\w*)(?::?-([^}]*))?\}|([A-Za-z_]\w*))/.exec(text.slice(at));
  if (match === null) return null;
  const value = env[match[1] ?? match[3] ?? ""] ?? match[2] ?? "";
  return { value, next: at + match[0].length };
}

/** @throws SyntaxError on an unterminated quotation */
export function tokenize(text: string, env: Readonly<Record<string, string>> = {}): Token[] {
  const tokens: Token[] = [];
  let word: string | null = null;
  let quoted = false;
  const flush = () => {
    if (word !== null) tokens.push({ kind: "word", text: word, quoted });
    word = null;
    quoted = false;
  };
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) throw new SyntaxError("Unterminated quoted string");
      word = (word ?? "") + text.slice(at + 1, end);
      quoted = true;
      at = end + 1;
    } else if (char === '"') {
      const closed = readDouble(text, at + 1, env);
      word = (word ?? "") + closed.value;
      quoted = true;
      at = closed.next;
    } else if (char === "\\") {
      if (text.charAt(at + 1) !== "\n") word = (word ?? "") + text.charAt(at + 1);
      at += 2;
    } else if (char === "$") {
      const found = variable(text, at, env);
      word = (word ?? "") + (found === null ? "$" : found.value);
      at = found === null ? at + 1 : found.next;
    } else if (char === " " || char === "\t" || char === "\r") {
      flush();
      at += 1;
    } else if (char === "#" && word === null) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else {
      const operator = OPERATORS.find((candidate) => text.startsWith(candidate, at) && !(/^\d/.test(candidate) && word !== null));
      if (operator !== undefined) {
        flush();
        tokens.push({ kind: "operator", text: operator });
        at += operator.length;
      } else {
        word = (word ?? "") + char;
        at += 1;
      }
    }
  }
  flush();
  return tokens;
}

function readDouble(text: string, from: number, env: Readonly<Record<string, string>>): { value: string; next: number } {
  let value = "";
  let at = from;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '"') return { value, next: at + 1 };
    if (char === "\\" && '"\\$`\n'.includes(text.charAt(at + 1))) {
      if (text.charAt(at + 1) !== "\n") value += text.charAt(at + 1);
      at += 2;
    } else if (char === "$") {
      const found = variable(text, at, env);
      value += found === null ? "$" : found.value;
      at = found === null ? at + 1 : found.next;
    } else {
      value += char;
      at += 1;
    }
  }
  throw new SyntaxError("Unterminated quoted string");
}

/** The argument list if the text is one simple command without operators or expansions, else `null`. */
export function simpleCommand(text: string): string[] | null {
  if (/(^|[^\\])[`]|\$\(/.test(text.replace(/'[^']*'/g, ""))) return null;
  try {
    const tokens = tokenize(text);
    if (tokens.length === 0 || tokens.some((token) => token.kind === "operator")) return null;
    // An unquoted variable needs a real shell.
    if (/\$[A-Za-z_{]/.test(text.replace(/'[^']*'/g, ""))) return null;
    return tokens.map((token) => token.text);
  } catch {
    return null;
  }
}
