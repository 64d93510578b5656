import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { build } from "vite";
import { createSshLink } from "../../../electron/core/host-link/ssh/ssh-link.ts";
import { readStatic } from "../../../electron/web/static-files.ts";
import { startDesktop } from "../../support/desktop.ts";
import { peer } from "../../support/peers.ts";
import { launchChromium, screenStage } from "../../support/screen-stage.ts";
import { freePort, startSshd } from "../../support/sshd.ts";
import type { Measured } from "./page.ts";

/**
 * Gatelight's way to a screen (ssh2, relay, one authenticated WebSocket) against websockify over `ssh -L` and websockify at the server
 * itself: same VNC server, same browser, same page, taken in turn. GATELIGHT_BENCH_SECONDS (default 5) is the length of one measurement,
 * GATELIGHT_BENCH_ROUNDS (default 3) how often each is taken; medians are shown.
 */
const SECONDS = Number(process.env.GATELIGHT_BENCH_SECONDS ?? 5);
const ROUNDS = Number(process.env.GATELIGHT_BENCH_ROUNDS ?? 3);
const CLICKS = 20;
const WAYS = ["gatelight", "websockify over ssh -L", "websockify"] as const;
type Way = (typeof WAYS)[number];

const undo: (() => unknown)[] = [];
const children: ChildProcess[] = [];
function run(name: Parameters<typeof peer>[0] | "python3", args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(name === "python3" ? name : peer(name), args, { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, ...env } });
  children.push(child);
  return child;
}
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const at = (values: readonly number[], share: number) => sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
const median = (values: readonly number[]) => at(values, 0.5);

interface Row {
  readonly fps: number;
  readonly age50: number;
  readonly age99: number;
  readonly input50: number;
  readonly input99: number;
  readonly first: number;
}
const rowOf = (one: Measured): Row => ({
  fps: one.frames / one.seconds,
  age50: at(one.ages, 0.5),
  age99: at(one.ages, 0.99),
  input50: at(one.inputs, 0.5),
  input99: at(one.inputs, 0.99),
  first: one.firstPictureMs,
});

async function measure(browser: Browser, url: string): Promise<Row> {
  const page = await browser.newPage({ viewport: { width: 1300, height: 820 } });
  try {
    await page.goto(url);
    await page.waitForSelector("body[data-ready]", { state: "attached" });
    return rowOf(await page.evaluate(([seconds, clicks]) => window.measure(seconds ?? 1, clicks ?? 1), [SECONDS, CLICKS]));
  } finally {
    await page.close();
  }
}

async function listening(port: number): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    const open = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      (error: unknown) => error instanceof Error && !String(error.cause).includes("ECONNREFUSED"),
    );
    if (open) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`nothing listens on ${port}`);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "gatelight-bench-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const staticDir = join(folder, "page");
  await build({
    root: import.meta.dirname,
    base: "./",
    configFile: false,
    logLevel: "error",
    build: { outDir: staticDir, target: "chrome140", modulePreload: { polyfill: false } },
  });
  // The other ways need a page whose policy lets it speak to their ports.
  const plain = createServer((request, response) => {
    void readStatic(staticDir, request.url ?? "").then((file) => {
      if (file === null) response.writeHead(404).end();
      else response.writeHead(200, { "Content-Type": file.type }).end(file.body);
    });
  });
  plain.listen(0, "127.0.0.1");
  await once(plain, "listening");
  undo.push(() => plain.close());
  const pageUrl = `http://127.0.0.1:${(plain.address() as AddressInfo).port}/`;

  const sshd = await startSshd();
  undo.push(() => sshd.dispose());
  const link = createSshLink({
    server: "home",
    reach: {
      kind: "ssh",
      host: "127.0.0.1",
      port: sshd.port,
      user: sshd.user,
      identityFiles: [sshd.identityFile],
      knownHostsFile: sshd.knownHostsFile,
      useAgent: false,
      useSshConfig: false,
    },
    prompts: { ask: async () => ({ kind: "nobody" }) },
    secrets: { backend: { persistent: false, name: "memory", detail: "" }, get: async () => null, set: async () => {}, forget: async () => {} },
    dataDir: folder,
    wakes: null,
  });
  undo.push(() => link.dispose());
  link.start();
  const browser = await launchChromium();
  undo.push(() => browser.close());

  const results: Record<string, Record<Way, Row>> = {};
  for (const kind of ["x11vnc", "tigervnc"] as const) {
    for (const workload of ["small", "full"] as const) {
      const desktop = await startDesktop({ kind, geometry: "1280x800", terminal: false });
      const drawer = run("python3", [join(import.meta.dirname, "drawer.py"), workload, "30"], { DISPLAY: desktop.display });
      if (drawer.stdout !== null) await once(drawer.stdout, "data");
      const tunnelPort = await freePort();
      const overSsh = await freePort();
      const direct = await freePort();
      const tunnel = run("ssh", [
        ...["-N", "-F", "none", "-p", String(sshd.port), "-i", sshd.identityFile, "-o", `UserKnownHostsFile=${sshd.knownHostsFile}`, "-o", "BatchMode=yes"],
        ...["-L", `127.0.0.1:${tunnelPort}:127.0.0.1:${desktop.port}`, `${sshd.user}@127.0.0.1`],
      ]);
      const sockets = [
        run("websockify", [`127.0.0.1:${overSsh}`, `127.0.0.1:${tunnelPort}`]),
        run("websockify", [`127.0.0.1:${direct}`, `127.0.0.1:${desktop.port}`]),
      ];
      await Promise.all([listening(overSsh), listening(direct)]);
      await new Promise((done) => setTimeout(done, 1000));
      const stage = await screenStage({ link, staticDir, ports: { paper: desktop.port }, passwords: {} });
      const urls: Record<Way, string> = {
        gatelight: stage.host.url,
        "websockify over ssh -L": `${pageUrl}#socket=${encodeURIComponent(`ws://127.0.0.1:${overSsh}`)}`,
        websockify: `${pageUrl}#socket=${encodeURIComponent(`ws://127.0.0.1:${direct}`)}`,
      };
      const rows: Record<Way, Row[]> = { gatelight: [], "websockify over ssh -L": [], websockify: [] };
      // One of each unmeasured, then in turn: what the machine does meanwhile meets all alike.
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const way of WAYS) rows[way].push(await measure(browser, urls[way]));
      }
      const middle = (way: Way): Row => ({
        fps: median(rows[way].map((row) => row.fps)),
        age50: median(rows[way].map((row) => row.age50)),
        age99: median(rows[way].map((row) => row.age99)),
        input50: median(rows[way].map((row) => row.input50)),
        input99: median(rows[way].map((row) => row.input99)),
        first: median(rows[way].map((row) => row.first)),
      });
      const here = { gatelight: middle("gatelight"), "websockify over ssh -L": middle("websockify over ssh -L"), websockify: middle("websockify") };
      results[`${kind} ${workload}`] = here;
      print(`${kind}, ${workload === "full" ? "full screen" : "small changes"}, 30 a second`, here);
      await stage.dispose();
      for (const child of [drawer, tunnel, ...sockets]) await end(child);
      await desktop.dispose();
    }
  }
  const out = join(import.meta.dirname, "../results");
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "screen.json"), `${JSON.stringify({ at: new Date().toISOString(), seconds: SECONDS, rounds: ROUNDS, results }, null, 2)}\n`);
}

function print(title: string, rows: Record<Way, Row>): void {
  const cell = (value: number, digits = 0) => value.toFixed(digits).padStart(9);
  process.stdout.write(
    `\n${title}\n${"".padEnd(24)}${["fps", "age p50", "age p99", "input p50", "input p99", "first"].map((name) => name.padStart(10)).join("")}\n`,
  );
  for (const way of WAYS) {
    const row = rows[way];
    process.stdout.write(
      `${way.padEnd(24)}${[cell(row.fps, 1), cell(row.age50), cell(row.age99), cell(row.input50), cell(row.input99), cell(row.first)].map((text) => ` ${text}`).join("")}\n`,
    );
  }
  const ours = rows.gatelight;
  process.stdout.write(
    `frames: ${(ours.fps / rows["websockify over ssh -L"].fps).toFixed(2)} × websockify over ssh -L; input to pixel: ${(ours.input50 / rows.websockify.input50).toFixed(2)} × direct\n`,
  );
}

try {
  await main();
} finally {
  for (const child of children) await end(child);
  for (const step of undo.reverse()) await step();
}
process.exit(0);
