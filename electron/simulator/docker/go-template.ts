/**
 * The part of Go's text/template that people give to `docker --format`: {{.A.B}}, {{json .A}}, {{index .A "k"}}, {{if .A}}…{{else}}…{{end}},
 * {{range $k, $v := .A}}…{{end}}, {{println}}, {{len .A}}, {{with .A}}, eq/ne/and/or/not.
 */

export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly words: readonly string[] }
  | {
      readonly kind: "if" | "with" | "range";
      readonly words: readonly string[];
      readonly names: readonly string[];
      readonly body: readonly Node[];
      readonly other: readonly Node[];
    };

type Scope = ReadonlyMap<string, unknown>;

/** Go's html-safe JSON encoder, as docker's `json` prints. */
export const goJson = (value: unknown): string =>
  (JSON.stringify(value) ?? "null").replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);

function words(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|`[^`]*`|\(|\)|:=|\||,|[^\s(),|"`]+/g) ?? [];
}

function parse(template: string): readonly Node[] {
  const parts = template.split(/(\{\{-?(?:[^}"`]|"(?:[^"\\]|\\.)*"|`[^`]*`)*-?\}\})/);
  let at = 0;
  const block = (): { nodes: Node[]; end: string } => {
    const nodes: Node[] = [];
    while (at < parts.length) {
      const part = parts[at++] ?? "";
      if (!part.startsWith("{{")) {
        if (part.includes("{{")) throw new TemplateError("unclosed action");
        if (part !== "") nodes.push({ kind: "text", text: part });
        continue;
      }
      const list = words(part.replace(/^\{\{-?/, "").replace(/-?\}\}$/, ""));
      const [head, ...rest] = list;
      if (head === "end" || head === "else") return { nodes, end: head };
      if (head === "if" || head === "with" || head === "range") {
        const assign = rest.indexOf(":=");
        const names = assign < 0 ? [] : rest.slice(0, assign).filter((word) => word !== ",");
        const body = block();
        const other = body.end === "else" ? block().nodes : [];
        nodes.push({ kind: head, words: rest.slice(assign + 1), names, body: body.nodes, other });
      } else if (head !== undefined && !head.startsWith("/*")) nodes.push({ kind: "print", words: list });
    }
    return { nodes, end: "" };
  };
  const result = block();
  if (result.end !== "") throw new TemplateError(`unexpected {{${result.end}}}`);
  return result.nodes;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function field(value: unknown, path: string): unknown {
  let current = value;
  for (const name of path.split(".").filter((part) => part !== "")) {
    if (isRecord(current) && Object.hasOwn(current, name)) current = current[name];
    else if (isRecord(current) && /^[a-z0-9/]/.test(name)) current = undefined;
    else throw new TemplateError(`template: :1:2: executing "" at <.${path.replace(/^\./, "")}>: map has no entry for key "${name}"`);
  }
  return current;
}

const truthy = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : isRecord(value) ? Object.keys(value).length > 0 : Boolean(value));

/** As Go's fmt prints a value. */
function show(value: unknown): string {
  if (value === undefined) return "<no value>";
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(show).join(" ")}]`;
  if (isRecord(value))
    return `map[${Object.keys(value)
      .sort()
      .map((key) => `${key}:${show(value[key])}`)
      .join(" ")}]`;
  return String(value);
}

function evaluate(list: readonly string[], dot: unknown, scope: Scope): unknown {
  const stages: string[][] = [[]];
  let depth = 0;
  for (const word of list) {
    if (word === "(") depth += 1;
    if (word === ")") depth -= 1;
    if (word === "|" && depth === 0) stages.push([]);
    else stages.at(-1)?.push(word);
  }
  let piped: { value: unknown } | null = null;
  for (const stage of stages) {
    const values: unknown[] = [];
    let name: string | null = null;
    for (let at = 0; at < stage.length; at += 1) {
      const word = stage[at] ?? "";
      if (word === "(") {
        let level = 1;
        let end = at + 1;
        while (end < stage.length && level > 0) {
          if (stage[end] === "(") level += 1;
          if (stage[end] === ")") level -= 1;
          end += 1;
        }
        let inner = evaluate(stage.slice(at + 1, end - 1), dot, scope);
        at = end - 1;
        const next = stage[at + 1];
        if (next !== undefined && /^\.[A-Za-z]/.test(next)) {
          inner = field(inner, next);
          at += 1;
        }
        values.push(inner);
      } else if (at === 0 && /^[a-z]/i.test(word) && !["true", "false", "nil"].includes(word)) name = word;
      else values.push(atom(word, dot, scope));
    }
    if (piped !== null) values.push(piped.value);
    piped = { value: name === null ? values[0] : call(name, values) };
  }
  return piped?.value;
}

function atom(word: string, dot: unknown, scope: Scope): unknown {
  if (word === "true" || word === "false") return word === "true";
  if (word === "nil") return null;
  if (word.startsWith('"')) return JSON.parse(word);
  if (word.startsWith("`")) return word.slice(1, -1);
  if (/^-?\d+$/.test(word)) return Number(word);
  if (word.startsWith("$")) {
    const [name = "", ...rest] = word.split(".");
    return field(scope.get(name), rest.join("."));
  }
  if (word.startsWith(".")) return field(dot, word);
  throw new TemplateError(`unexpected "${word}" in operand`);
}

function call(name: string, values: readonly unknown[]): unknown {
  switch (name) {
    case "json":
      return goJson(values[0]);
    case "println":
      return `${values.map(show).join(" ")}\n`;
    case "print":
      return values.map(show).join("");
    case "printf": {
      const [format = "", ...rest] = values;
      let at = 0;
      return String(format).replace(/%[-+]?\d*([sdvqt])/g, (_match, verb) => (verb === "q" ? JSON.stringify(show(rest[at++])) : show(rest[at++])));
    }
    case "len":
      return Array.isArray(values[0]) ? values[0].length : isRecord(values[0]) ? Object.keys(values[0]).length : String(values[0] ?? "").length;
    case "index": {
      let current = values[0];
      for (const key of values.slice(1)) current = Array.isArray(current) ? current[Number(key)] : isRecord(current) ? current[String(key)] : undefined;
      return current ?? "";
    }
    case "eq":
      return values.slice(1).some((value) => value === values[0]);
    case "ne":
      return values[0] !== values[1];
    case "not":
      return !truthy(values[0]);
    case "and":
      return values.find((value) => !truthy(value)) ?? values.at(-1);
    case "or":
      return values.find((value) => truthy(value)) ?? values.at(-1);
    case "lower":
      return String(values[0]).toLowerCase();
    case "upper":
      return String(values[0]).toUpperCase();
    case "join":
      return Array.isArray(values[0]) ? values[0].map(show).join(String(values[1])) : "";
    default:
      throw new TemplateError(`function "${name}" not defined`);
  }
}

function render(nodes: readonly Node[], dot: unknown, scope: Scope): string {
  return nodes
    .map((node) => {
      if (node.kind === "text") return node.text;
      if (node.kind === "print") return show(evaluate(node.words, dot, scope));
      const value = evaluate(node.words, dot, scope);
      if (!truthy(value)) return render(node.other, dot, scope);
      if (node.kind === "if") return render(node.body, dot, scope);
      if (node.kind === "with") return render(node.body, value, scope);
      const entries: [unknown, unknown][] = Array.isArray(value)
        ? [...value.entries()]
        : isRecord(value)
          ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
          : [];
      return entries
        .map(([key, item]) => {
          const inner = new Map(scope);
          const [first, second] = node.names;
          if (second !== undefined && first !== undefined) inner.set(first, key).set(second, item);
          else if (first !== undefined) inner.set(first, item);
          return render(node.body, item, inner);
        })
        .join("");
    })
    .join("");
}

/** @throws TemplateError as docker complains about a template it cannot use */
export function formatTemplate(template: string, value: unknown): string {
  const text = template.replaceAll("\\n", "\n").replaceAll("\\t", "\t");
  return render(parse(text), value, new Map([["$", value]]));
}
