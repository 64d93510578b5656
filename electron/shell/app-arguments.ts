export interface AppArguments {
  /** Start in the tray, without a window (start at login). */
  readonly hidden: boolean;
  readonly dataDir: string | null;
  /** `null`: not simulated. */
  readonly simulate: string | null;
  readonly version: boolean;
  readonly help: boolean;
  /** Started again by itself after a fault. */
  readonly afterCrash: boolean;
}

export const APP_USAGE = `Usage: gatelight [--hidden] [--data-dir DIR] [--simulate [SCENARIO]] [--version] [--help]
       gatelight serve | doctor | watch | repair | simulate | scenarios [options]     without a window; "gatelight doctor --help" tells more
`;

/** Chromium adds switches of its own, so what is not ours is passed over. */
export function appArguments(words: readonly string[]): AppArguments {
  const value = (name: string): string | null | undefined => {
    const at = words.findIndex((word) => word === name || word.startsWith(`${name}=`));
    if (at < 0) return undefined;
    const word = words[at] ?? "";
    if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
    const next = words[at + 1];
    return next === undefined || next.startsWith("-") ? null : next;
  };
  const simulate = value("--simulate");
  return {
    hidden: words.includes("--hidden"),
    dataDir: value("--data-dir") ?? null,
    simulate: simulate === undefined ? null : (simulate ?? "healthy"),
    version: words.includes("--version"),
    help: words.includes("--help") || words.includes("-h"),
    afterCrash: words.includes("--after-crash"),
  };
}
