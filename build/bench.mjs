#!/usr/bin/env node
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNode } from "./node-version.mjs";

ensureNode(fileURLToPath(import.meta.url));
const FOLDER = join(import.meta.dirname, "../test/bench");
const known = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".bench.ts"))
  .map((name) => name.replace(".bench.ts", ""));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const flags = process.argv.slice(2).filter((word) => word.startsWith("-"));
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`No such bench: ${unknown.join(", ")}. There are: ${known.join(", ")}.\n`);
  process.exit(2);
}
const { buildIfStale } = await import("./build.mjs");
await buildIfStale();
/** What works in the bench's processes does so with the collector that `gatelight serve` begins with (lean-start.js). */
const FLAGS = { ssh: ["--max-semi-space-size=1", "--incremental-marking-soft-trigger=25"] };
for (const name of wanted.length > 0 ? wanted : known) {
  process.stdout.write(`\n── ${name} ──\n`);
  const run = spawnSync(process.execPath, [...(FLAGS[name] ?? []), join(FOLDER, `${name}.bench.ts`), ...flags], { stdio: "inherit" });
  if (run.status !== 0) process.exitCode = run.status ?? 1;
}
