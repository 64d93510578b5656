import { privateUmask } from "../core/settings/data-dir.ts";
import { SettingsFault } from "../core/settings/settings-store.ts";
import { parseArguments, USAGE, UsageError } from "./arguments.ts";
import { doctor } from "./doctor.ts";
import { VERSION } from "./open-core.ts";
import { repair } from "./repair.ts";
import { serve } from "./serve.ts";
import { scenarios, simulate } from "./simulate.ts";
import { createTerminal } from "./terminal.ts";
import { watch } from "./watch.ts";

/** @returns the exit code promised to scripts */
export async function main(words: readonly string[]): Promise<number> {
  privateUmask();
  const terminal = createTerminal();
  try {
    const parsed = parseArguments(words);
    if (parsed.kind === "version") {
      terminal.out(VERSION);
      return 0;
    }
    if (parsed.kind === "help") {
      terminal.out(USAGE.trimEnd());
      return words.length === 0 ? 2 : 0;
    }
    const wanted = parsed.arguments;
    switch (wanted.command) {
      case "serve":
        return await serve(wanted, terminal);
      case "doctor":
        return await doctor(wanted, terminal);
      case "watch":
        return await watch(wanted, terminal);
      case "repair":
        return await repair(wanted, terminal);
      case "simulate":
        return await simulate(wanted, terminal);
      case "scenarios":
        return scenarios(wanted, terminal);
    }
  } catch (error) {
    if (error instanceof UsageError || error instanceof SettingsFault) {
      terminal.error(error instanceof UsageError ? `${error.message}\n"gatelight --help" shows how it is called.` : error.message);
      return 2;
    }
    terminal.error(`gatelight: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
}
