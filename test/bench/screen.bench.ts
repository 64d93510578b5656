import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** The modules measured use TypeScript that bare type stripping does not take. */
const run = spawnSync(
  process.execPath,
  ["--experimental-transform-types", "--disable-warning=ExperimentalWarning", join(import.meta.dirname, "screen/run.ts"), ...process.argv.slice(2)],
  {
    stdio: "inherit",
  },
);
process.exitCode = run.status ?? 1;
