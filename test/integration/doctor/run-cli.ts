import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

/** The same quiet hour for the command line as for this test. */
const SHIFT = resolve(import.meta.dirname, "../../support/shift-clock.ts");
const CLI = resolve(import.meta.dirname, "../../../dist/cli.js");

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line as a script would. `npm test` builds it first. */
export async function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliRun> {
  const child = spawn(process.execPath, ["--import", SHIFT, CLI, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, GATELIGHT_TEST_STARTED: process.env.GATELIGHT_TEST_STARTED, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}
