#!/usr/bin/env node
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNode } from "./node-version.mjs";

ensureNode(fileURLToPath(import.meta.url));
const ROOT = join(import.meta.dirname, "..");
const { buildIfStale } = await import("./build.mjs");
await buildIfStale();

/** The Electron program, where it was downloaded; asking the package itself would start a download. */
function electronBinary() {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(ROOT, "node_modules/electron/dist");
  const pathFile = join(ROOT, "node_modules/electron/path.txt");
  const name = existsSync(pathFile)
    ? readFileSync(pathFile, "utf8").trim()
    : ({ darwin: "Electron.app/Contents/MacOS/Electron", win32: "electron.exe" }[process.platform] ?? "electron");
  const binary = join(folder, name);
  return existsSync(binary) ? binary : null;
}

const demo = process.argv.includes("--demo");
const rest = process.argv.slice(2).filter((word) => word !== "--demo");
const binary = electronBinary();
if (binary === null)
  process.stderr.write(
    "Electron's binary is not on this machine (npx install-electron brings it where there is internet), so Gatelight opens in the browser instead.\n",
  );
const [program, args] =
  binary === null
    ? [process.execPath, [join(ROOT, "dist/cli.js"), "serve", ...(demo ? ["--simulate"] : []), ...rest]]
    : [binary, [ROOT, ...(demo ? ["--simulate"] : []), ...rest]];
const child = spawn(program, args, { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  process.stderr.write(`Cannot start ${program}: ${error.message}\n`);
  process.exitCode = 1;
});
child.on("exit", (code) => process.exit(code ?? 0));
