import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Before the lab's tests: `gatelight` is run as built. */
export function setup(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, "../../build/build.mjs")], { stdio: "inherit", env: { ...process.env, NODE_ENV: "production" } });
}
