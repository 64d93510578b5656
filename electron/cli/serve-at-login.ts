import { homedir } from "node:os";
import { applyAutostartFile } from "../core/autostart/autostart-file.ts";
import { type LoginFacts, serveLoginFile } from "../core/autostart/serve-login-file.ts";
import type { StartAtLogin } from "../core/autostart/start-at-login.ts";
import type { Log } from "../core/report/log.ts";

export interface ServeFacts extends LoginFacts {
  readonly execPath: string;
  /** The script that runs now. */
  readonly script: string;
  /** The installed desktop program runs as a command line. */
  readonly desktop: boolean;
  readonly simulated: boolean;
  /** The person's usual data folder: a log-in knows no other. */
  readonly usualFolder: boolean;
}

function hindrance(facts: ServeFacts): string | null {
  if (facts.simulated) return "A simulation does not start at log-in.";
  if (!facts.usualFolder) return "Gatelight was started with --data-dir; only the usual data folder starts at log-in.";
  if (facts.desktop) return "The installed Gatelight starts at log-in as a desktop program: switch it on there.";
  if (serveLoginFile(facts) === null) return "Gatelight does not know how this system starts a program at log-in.";
  return null;
}

/** `gatelight serve` at log-in, quietly: what it printed would stay in a log, and with it the token. */
export function serveAtLogin(facts: ServeFacts, log: Log): StartAtLogin {
  const why = hindrance(facts);
  const plan = serveLoginFile(facts);
  return {
    hindrance: why,
    apply(on, asked) {
      if (why !== null || plan === null) return null;
      try {
        applyAutostartFile({ file: plan.file, text: plan.text([facts.execPath, facts.script, "serve", "--no-open", "--quiet"]) }, on, asked);
        return null;
      } catch (error) {
        log.warn("start at login could not be changed", { error });
        return `could not be set up (${error instanceof Error ? error.message : String(error)})`;
      }
    },
  };
}

export function serveFacts(options: { readonly dataDir: string | null; readonly temporary: boolean }): ServeFacts {
  return {
    platform: process.platform,
    env: process.env,
    home: homedir(),
    execPath: process.execPath,
    script: process.argv[1] ?? "",
    desktop: process.versions.electron !== undefined,
    simulated: options.temporary,
    usualFolder: options.dataDir === null,
  };
}
