export interface Faults {
  /** The fault of exactly this setting, e.g. `servers[0].reach.host`. */
  at(path: string): string | undefined;
  /** Every fault, for the summary. */
  readonly all: readonly { readonly path: string; readonly message: string }[];
  /** How many lie under a path: a folded section says so. */
  under(path: string): number;
}

/** Reads Core's lines, each `path: message`. */
export function readFaults(lines: readonly string[]): Faults {
  const all = lines.map((line) => {
    const cut = line.indexOf(": ");
    return cut < 0 ? { path: "", message: line } : { path: line.slice(0, cut), message: line.slice(cut + 2) };
  });
  return {
    all,
    at: (path) => all.find((fault) => fault.path === path)?.message,
    under: (path) => all.filter((fault) => fault.path === path || fault.path.startsWith(`${path}.`) || fault.path.startsWith(`${path}[`)).length,
  };
}
