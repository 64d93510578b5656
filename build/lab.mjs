#!/usr/bin/env node
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNode } from "./node-version.mjs";

ensureNode(fileURLToPath(import.meta.url));
const lab = spawn(process.execPath, [join(import.meta.dirname, "../test/lab/main.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
// The terminal tells both of Ctrl+C; the lab tidies up and we wait for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => signal !== "SIGINT" && lab.kill(signal));
lab.on("exit", (code) => process.exit(code ?? 1));
