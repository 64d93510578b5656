/** Options and operands of a docker sub-command. Only those named in `valued` take a value. */
export interface Parsed {
  readonly operands: readonly string[];
  value(name: string): string | undefined;
  values(name: string): readonly string[];
  has(...names: string[]): boolean;
}

/**
 * @param valued names (without dashes) of options that take a value, long and short
 * @param stopAtOperand everything after the first operand is operand too (`exec NAME cmd -x`)
 */
export function parseOptions(argv: readonly string[], valued: readonly string[], stopAtOperand = false): Parsed {
  const found = new Map<string, string[]>();
  const operands: string[] = [];
  const add = (name: string, value: string) => found.set(name, [...(found.get(name) ?? []), value]);
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? "";
    if (word === "--") {
      operands.push(...argv.slice(at + 1));
      break;
    }
    if (word.startsWith("--")) {
      const [name = "", ...rest] = word.slice(2).split("=");
      if (rest.length > 0) add(name, rest.join("="));
      else if (valued.includes(name)) add(name, argv[++at] ?? "");
      else add(name, "true");
    } else if (word.startsWith("-") && word.length > 1) {
      const letters = [...word.slice(1)];
      for (let index = 0; index < letters.length; index += 1) {
        const letter = letters[index] ?? "";
        if (!valued.includes(letter)) {
          add(letter, "true");
          continue;
        }
        const attached = letters
          .slice(index + 1)
          .join("")
          .replace(/^=/, "");
        add(letter, attached !== "" ? attached : (argv[++at] ?? ""));
        break;
      }
    } else if (stopAtOperand) {
      operands.push(...argv.slice(at));
      break;
    } else operands.push(word);
  }
  return {
    operands,
    value: (name) => found.get(name)?.at(-1),
    values: (name) => found.get(name) ?? [],
    has: (...names) => names.some((name) => found.has(name) && found.get(name)?.at(-1) !== "false"),
  };
}
