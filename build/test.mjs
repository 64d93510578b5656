#!/usr/bin/env node
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNode } from "./node-version.mjs";

ensureNode(fileURLToPath(import.meta.url));
const PROGRAMS = [
  "sshd",
  "ssh",
  "ssh-keygen",
  "ssh-agent",
  "socat",
  "Xvfb",
  "x11vnc",
  "Xtigervnc",
  "tigervncpasswd",
  "xterm",
  "xdotool",
  "chromium",
  "dockerd",
  "docker-compose",
  "docker-registry",
  "ip",
  "iptables",
  "tcpdump",
  "websockify",
  "convert",
  "7za",
  "7z",
  "dpkg-deb",
  "makensis",
  "rpmbuild",
  "mksquashfs",
  "desktop-file-validate",
];
const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
const missing = PROGRAMS.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
if (missing.length > 0) {
  process.stderr.write(
    `Missing on this machine: ${missing.join(", ")}. The tests that use them are skipped; "npm run setup:peers" installs them all (Debian, Ubuntu).\n`,
  );
  if (process.env.CI === "true") process.exit(1);
}

const { buildIfStale } = await import("./build.mjs");
await buildIfStale();

const { startVitest } = await import("vitest/node");
const filters = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const folder = mkdtempSync(join(tmpdir(), "gatelight-test-"));
const outputFile = join(folder, "result.json");
const vitest = await startVitest("test", filters, {
  watch: false,
  reporters: process.env.CI === "true" ? ["default", "json"] : ["default", "json"],
  outputFile: { json: outputFile },
});
await vitest?.close();
const result = existsSync(outputFile) ? JSON.parse(readFileSync(outputFile, "utf8")) : null;
rmSync(folder, { recursive: true, force: true });
if (result === null || result.numTotalTests === 0) {
  process.stderr.write("No test ran.\n");
  process.exit(1);
}
const skipped = result.numPendingTests + (result.numTodoTests ?? 0);
process.stdout.write(`\n${result.numPassedTests} passed, ${result.numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
process.exit(result.success && process.exitCode !== 1 ? 0 : 1);
