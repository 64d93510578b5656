import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { build } from "vite";
import { readStatic } from "../../../electron/web/static-files.ts";
import { type Desktop, startDesktop } from "../../support/desktop.ts";
import { peer } from "../../support/peers.ts";
import { launchChromium } from "../../support/screen-stage.ts";
import { freePort, type Sshd, startSshd } from "../../support/sshd.ts";
import { usedBy, usedByPages } from "./processor-time.ts";
import { byWay, goals, median, percentile, type Row, type Taken, table, WAYS, type Way } from "./table.ts";

/**
 * Gatelight's way to a screen (ssh2, relay, one authenticated WebSocket) against websockify over `ssh -L` and websockify at the server
 * itself: same VNC server, same browser, same page, taken in turn. A report, not a test. `--quick`: about four minutes;
 * `--only=tigervnc-small`, `--only=full`: a part of it; `--changes=60`: so many pictures a second are drawn, instead of 30.
 */
const QUICK = process.argv.includes("--quick");
const ONLY = process.argv.find((word) => word.startsWith("--only="))?.slice("--only=".length);
/** Many short rounds: what the machine does besides comes and goes, and the median round tells two paths apart that differ by a few percent. */
const SECONDS = QUICK ? 2 : 3;
const ROUNDS = QUICK ? 3 : 9;
const CLICKS = QUICK ? 40 : 60;
const CHANGES_A_SECOND = Number(process.argv.find((word) => word.startsWith("--changes="))?.slice("--changes=".length) ?? 30);
const WIDTH = 1280;
const HEIGHT = 800;
/** Pixels that one change covers: the block and the stamp; nine tenths of the screen under 60 blocks. */
const PIXELS = { small: 40 * 20 + 16 * 16 * 16, full: Math.round(WIDTH * HEIGHT * 0.9) } as const;

const undo: (() => unknown)[] = [];
const children: ChildProcess[] = [];
function run(program: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, ...env } });
  children.push(child);
  return child;
}
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
const pidOf = (child: ChildProcess) => child.pid ?? 0;

/** One way to the screen: the page's address, and the processes between page and sshd. */
interface Path {
  readonly url: string;
  readonly pids: readonly number[];
}

async function take(browser: Browser, path: Path, desktop: Desktop, sshd: Sshd, pixels: number, long: { seconds: number; clicks: number }): Promise<Taken> {
  const page = await browser.newPage({ viewport: { width: WIDTH + 20, height: HEIGHT + 20 } });
  try {
    await page.goto(path.url);
    await page.waitForSelector("body[data-ready]", { state: "attached" });
    const first = await page.evaluate(() => window.show());
    const used = async () => ({
      between: path.pids.reduce((sum, pid) => sum + usedBy(pid), 0),
      page: await usedByPages(browser),
      sshd: usedBy(sshd.pid),
      server: usedBy(desktop.pid),
    });
    const before = await used();
    const seen = await page.evaluate(([seconds, changes]) => window.watch(seconds ?? 1, changes ?? 1), [long.seconds, CHANGES_A_SECOND]);
    const after = await used();
    const inputs = await page.evaluate((times) => window.click(times), long.clicks);
    await page.evaluate(() => window.hide());
    const share = (name: keyof typeof after) => (100 * (after[name] - before[name])) / seen.seconds;
    return {
      fps: seen.frames / seen.seconds,
      behind: seen.behind.reduce((sum, changes) => sum + Math.min(WIDTH * HEIGHT, changes * pixels), 0) / Math.max(1, seen.behind.length),
      age50: median(seen.ages),
      age99: percentile(seen.ages, 0.99),
      inputs,
      first,
      between: share("between"),
      page: share("page"),
      sshd: share("sshd"),
      server: share("server"),
    };
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

/** The page for the ways that are not Gatelight's: its policy lets it speak to their ports. */
async function servePage(staticDir: string): Promise<string> {
  const plain = createServer((request, response) => {
    void readStatic(staticDir, request.url ?? "").then((file) => {
      if (file === null) response.writeHead(404).end();
      else response.writeHead(200, { "Content-Type": file.type }).end(file.body);
    });
  });
  plain.listen(0, "127.0.0.1");
  await once(plain, "listening");
  undo.push(() => plain.close());
  return `http://127.0.0.1:${(plain.address() as AddressInfo).port}/`;
}

async function startPaths(at: { sshd: Sshd; vncPort: number; folder: string; staticDir: string; pageUrl: string }): Promise<Record<Way, Path>> {
  const { sshd, vncPort } = at;
  const ours = run(process.execPath, [
    ...["--experimental-transform-types", "--disable-warning=ExperimentalWarning"],
    join(import.meta.dirname, "gatelight-side.ts"),
  ]);
  const { port, user, identityFile, knownHostsFile } = sshd;
  ours.stdin?.write(
    `${JSON.stringify({ sshd: { port, user, identityFile, knownHostsFile }, folder: mkdtempSync(join(at.folder, "side-")), staticDir: at.staticDir, vncPort })}\n`,
  );
  const [tunnelPort, overSsh, direct] = [await freePort(), await freePort(), await freePort()];
  const tunnel = run(peer("ssh"), [
    ...["-N", "-F", "none", "-p", String(port), "-i", identityFile, "-o", `UserKnownHostsFile=${knownHostsFile}`, "-o", "BatchMode=yes"],
    ...["-L", `127.0.0.1:${tunnelPort}:127.0.0.1:${vncPort}`, `${user}@127.0.0.1`],
  ]);
  const behindSsh = run(peer("websockify"), [`127.0.0.1:${overSsh}`, `127.0.0.1:${tunnelPort}`]);
  const alone = run(peer("websockify"), [`127.0.0.1:${direct}`, `127.0.0.1:${vncPort}`]);
  await Promise.all([listening(overSsh), listening(direct)]);
  if (ours.stdout === null) throw new Error("Gatelight's side has no output");
  const [line] = await once(ours.stdout, "data");
  const socket = (to: number) => `${at.pageUrl}#socket=${encodeURIComponent(`ws://127.0.0.1:${to}`)}`;
  return {
    gatelight: { url: JSON.parse(String(line)).url, pids: [pidOf(ours)] },
    "websockify over ssh -L": { url: socket(overSsh), pids: [pidOf(behindSsh), pidOf(tunnel)] },
    websockify: { url: socket(direct), pids: [pidOf(alone)] },
  };
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
  const pageUrl = await servePage(staticDir);
  const sshd = await startSshd();
  undo.push(() => sshd.dispose());
  const browser = await launchChromium();
  undo.push(() => browser.close());

  const results: Record<string, Record<Way, Row>> = {};
  for (const kind of ["x11vnc", "tigervnc"] as const) {
    for (const workload of ["small", "full"] as const) {
      if (ONLY !== undefined && !`${kind}-${workload}`.includes(ONLY)) continue;
      const desktop = await startDesktop({ kind, geometry: `${WIDTH}x${HEIGHT}`, terminal: false });
      const drawer = run("python3", [join(import.meta.dirname, "drawer.py"), workload, String(CHANGES_A_SECOND)], { DISPLAY: desktop.display });
      if (drawer.stdout !== null) await once(drawer.stdout, "data");
      const paths = await startPaths({ sshd, vncPort: desktop.port, folder, staticDir, pageUrl });
      const taken: Record<Way, Taken[]> = { gatelight: [], "websockify over ssh -L": [], websockify: [] };
      // Programs that have just started are slower than they will be: one short time unmeasured.
      for (const way of WAYS) await take(browser, paths[way], desktop, sshd, PIXELS[workload], { seconds: 1, clicks: 10 });
      // In turn, each time beginning with another: what the machine does meanwhile meets all alike.
      for (let round = 0; round < ROUNDS; round += 1)
        for (let turn = 0; turn < WAYS.length; turn += 1) {
          const way = WAYS[(turn + round) % WAYS.length] ?? "gatelight";
          taken[way].push(await take(browser, paths[way], desktop, sshd, PIXELS[workload], { seconds: SECONDS, clicks: CLICKS }));
        }
      const title = `${kind}, ${workload === "full" ? "full screen" : "small changes"}, ${CHANGES_A_SECOND} a second`;
      const rows = byWay(taken);
      results[title] = rows;
      process.stdout.write(`\n${table(title, rows)}\n${goals(kind, taken)}\n`);
      for (const child of children.splice(0)) await end(child);
      await desktop.dispose();
    }
  }
  const out = join(import.meta.dirname, "../results");
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "screen.json"), `${JSON.stringify({ at: new Date().toISOString(), seconds: SECONDS, rounds: ROUNDS, results }, null, 2)}\n`);
}

try {
  await main();
} finally {
  for (const child of children) await end(child);
  for (const step of undo.reverse()) await step();
}
process.exit(0);
