import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A program that answers as `docker` does, out of files that a test changes: inspect answers by name, a log a container with stamps, events.
 * It stands for the client's text alone; the server's side of things is tried with a real dockerd elsewhere.
 */
export interface FakeDocker {
  readonly path: string;
  /** `null` removes the container. */
  setContainer(name: string, inspected: Record<string, unknown> | null): void;
  /** What `docker logs` prints; a line that begins with `!` goes to standard error. */
  appendLog(name: string, ...lines: string[]): void;
  clearLog(name: string): void;
  emit(event: Record<string, unknown>): void;
  setTop(name: string, text: string): void;
  setFile(name: string, path: string, text: string): void;
  /** The server's clock is ahead of this machine's by so much (ms). */
  setSkew(ms: number): void;
  /** A slow daemon: whoever inspects is told what was true when it was asked, but not before it is let go. */
  hold(held: boolean): void;
  /** Somebody waits for it. */
  readonly holding: boolean;
  /** Every command fails with it from now on. */
  setFault(fault: { code: number; stderr: string } | null): void;
  /** Command lines so far, one program an entry. */
  readonly calls: readonly (readonly string[])[];
  dispose(): void;
}

const PROGRAM = String.raw`
const fs = require("fs"), path = require("path");
const dir = process.env.FAKE_DOCKER_DIR || path.dirname(process.argv[1]);
const args = process.argv.slice(2);
fs.appendFileSync(path.join(dir, "calls"), JSON.stringify(args) + "\n");
const read = (name) => { try { return fs.readFileSync(path.join(dir, name), "utf8"); } catch { return null; } };
const fault = read("fault");
if (fault !== null) { const f = JSON.parse(fault); process.stderr.write(f.stderr + "\n"); process.exit(f.code); }
const follow = (name, line, alive) => {
  let at = 0;
  const step = () => {
    const text = read(name);
    if (text !== null && text.length < at) at = 0;
    const fresh = text === null ? "" : text.slice(at);
    const whole = fresh.lastIndexOf("\n") + 1;
    at += whole;
    for (const one of fresh.slice(0, whole).split("\n")) if (one !== "") line(one);
    if (!alive() || read("fault") !== null) process.exit(0);
  };
  step();
  setInterval(step, 30);
};
const known = (name) => read("c-" + name);
switch (args[0]) {
  case "inspect": {
    let code = 0, out = "";
    for (const name of args.slice(args.indexOf("--format") + 2)) {
      const text = known(name);
      if (text === null) { code = 1; process.stderr.write("Error: No such container: " + name + "\n"); } else out += text + "\n";
    }
    const tell = () => {
      if (read("hold") !== null) { fs.writeFileSync(path.join(dir, "holding"), ""); return setTimeout(tell, 30); }
      process.stdout.write(out);
      process.exitCode = code;
    };
    tell();
    break;
  }
  case "ps": process.stdout.write(fs.readdirSync(dir).filter((n) => n.startsWith("c-")).map((n) => n.slice(2)).join("\n") + "\n"); break;
  case "info": process.stdout.write(JSON.stringify("28.2.2") + " " + JSON.stringify(new Date(Date.now() + Number(read("skew") || 0)).toISOString()) + "\n"); break;
  case "events": follow("events", (one) => process.stdout.write(one + "\n"), () => true); break;
  case "logs": {
    const name = args[args.length - 1], since = args.includes("--since") ? args[args.indexOf("--since") + 1] : "";
    const run = known(name);
    follow("log-" + name, (one) => {
      const err = one.startsWith("!"), text = err ? one.slice(1) : one;
      if (text.split(" ")[0] >= since) (err ? process.stderr : process.stdout).write(text + "\n");
    }, () => { const now = args.includes("-f") ? known(name) : null; return now !== null && JSON.parse(now).state.Status === "running" && JSON.parse(now).state.StartedAt === JSON.parse(run).state.StartedAt; });
    break;
  }
  case "top": process.stdout.write(read("top-" + args[1]) || ""); break;
  case "exec": {
    let code = 0;
    for (const file of args.slice(3)) { const text = read("f-" + args[1] + file.replaceAll("/", "%")); if (text === null) code = 1; else process.stdout.write(text); }
    process.exitCode = code;
    break;
  }
  default: process.exit(125);
}
`;

export function createFakeDocker(): FakeDocker {
  const dir = mkdtempSync(join(tmpdir(), "gatelight-docker-"));
  mkdirSync(join(dir, "bin"));
  writeFileSync(join(dir, "program.cjs"), PROGRAM);
  const path = join(dir, "bin", "docker");
  writeFileSync(path, `#!/bin/sh\nFAKE_DOCKER_DIR='${dir}' exec '${process.execPath}' '${join(dir, "program.cjs")}' "$@"\n`);
  chmodSync(path, 0o755);
  const put = (name: string, text: string | null) => {
    if (text === null) rmSync(join(dir, name), { force: true });
    else {
      writeFileSync(join(dir, `.new-${name}`), text);
      renameSync(join(dir, `.new-${name}`), join(dir, name));
    }
  };
  return {
    path,
    setContainer: (name, inspected) => put(`c-${name}`, inspected === null ? null : JSON.stringify(inspected)),
    appendLog: (name, ...lines) => appendFileSync(join(dir, `log-${name}`), lines.map((line) => `${line}\n`).join("")),
    clearLog: (name) => put(`log-${name}`, ""),
    emit: (event) => appendFileSync(join(dir, "events"), `${JSON.stringify(event)}\n`),
    setTop: (name, text) => put(`top-${name}`, text),
    setFile: (name, file, text) => put(`f-${name}${file.replaceAll("/", "%")}`, text),
    setSkew: (ms) => put("skew", String(ms)),
    hold: (held) => put("hold", held ? "" : null),
    get holding() {
      return existsSync(join(dir, "holding"));
    },
    setFault: (fault) => put("fault", fault === null ? null : JSON.stringify(fault)),
    get calls() {
      const file = join(dir, "calls");
      if (!existsSync(file)) return [];
      return readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line): string[] => JSON.parse(line));
    },
    dispose: () => rmSync(dir, { recursive: true, force: true }),
  };
}
