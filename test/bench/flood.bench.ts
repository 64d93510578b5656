import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { rolldown } from "rolldown";
import { cutOrders } from "../../build/cut-orders.mjs";
import type { CreateSession, SessionReport } from "../../electron/core/session/session.ts";
import { PER_SECOND, POSITIONS } from "./flood/rates.ts";
import { startGateway } from "./flood/start-gateway.ts";
import { type Frames, floodWindow } from "./flood/window.ts";

/**
 * 2,000 position and profit updates a second. First the session alone: what they cost this process, how often it reports, how long the event loop was held,
 * and how soon the first figure is there after a dial. Then the built app with its window in Chromium: does the window stay smooth, and what does the main
 * process cost? GATELIGHT_BENCH_SECONDS shortens both floods (default 60); GATELIGHT_BENCH_PARTS=session,window chooses.
 */
const SECONDS = Number(process.env.GATELIGHT_BENCH_SECONDS ?? 60);
const HALF_A_CORE = 0.5;
/** Of the frames of a still window, so many must be left. */
const SMOOTH_PART = 0.95;
const PARTS = (process.env.GATELIGHT_BENCH_PARTS ?? "session,window").split(",");

async function loadSession(folder: string): Promise<CreateSession> {
  const file = join(folder, "session.mjs");
  const input = resolve(import.meta.dirname, "../../electron/core/session/create-session.ts");
  const build = await rolldown({ input, platform: "node", plugins: [cutOrders()], onLog: () => undefined });
  await build.write({ file, format: "esm" });
  await build.close();
  const module: { createSession: CreateSession } = await import(pathToFileURL(file).href);
  return module.createSession;
}

const line = (label: string, value: string) => process.stdout.write(`${label.padEnd(34)}${value}\n`);

async function floodSession(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "gatelight-flood-"));
  const gateway = await startGateway();
  const { port } = gateway;
  const createSession = await loadSession(folder);
  const open = () =>
    createSession({
      clock: { now: () => Date.now(), after: (ms, run) => clearTimeout.bind(null, setTimeout(run, ms)) },
      random: Math.random,
      clientId: 901,
      mode: "paper",
      mayDial: async () => ({ ok: true }),
      dial: async () => {
        const socket = connect({ host: "127.0.0.1", port, noDelay: true });
        await new Promise((done, failed) => socket.once("connect", done).once("error", failed));
        return socket;
      },
    });
  const seen = (session: ReturnType<CreateSession>, fits: (report: SessionReport) => boolean) =>
    new Promise<void>((done) => {
      const stop = session.onReport((report) => {
        if (!fits(report)) return;
        stop();
        done();
      });
    });

  const firsts: number[] = [];
  for (let i = 0; i < 15; i++) {
    const session = open();
    const started = performance.now();
    session.start();
    await seen(session, (report) => report.accounts[0]?.figures.NetLiquidation !== undefined);
    firsts.push(performance.now() - started);
    await session.dispose();
  }
  firsts.sort((a, b) => a - b);

  const session = open();
  session.start();
  await seen(session, (report) => report.accounts[0]?.positions.length === POSITIONS && !report.accounts[0].stale);
  let reports = 0;
  session.onReport(() => reports++);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const cpu = process.cpuUsage();
  const started = performance.now();
  gateway.flood();
  await new Promise((done) => setTimeout(done, SECONDS * 1000));
  const seconds = (performance.now() - started) / 1000;
  const spent = process.cpuUsage(cpu);
  const cores = (spent.user + spent.system) / 1_000_000 / seconds;
  const healthy = session.report.api.kind === "ready" && session.report.failures.length === 0;
  await session.dispose();
  const sent = gateway.sent();
  gateway.stop();
  rmSync(folder, { recursive: true, force: true });

  line("first figure after a dial, median", `${(firsts[Math.floor(firsts.length / 2)] ?? 0).toFixed(1)} ms`);
  line("updates", `${sent} in ${seconds.toFixed(1)} s`);
  line("cost", `${(cores * 100).toFixed(1)} % of a core (limit ${HALF_A_CORE * 100} %)`);
  line("reports", `${(reports / seconds).toFixed(1)} a second`);
  line("event loop held, 99th percentile", `${(delay.percentile(99) / 1e6).toFixed(1)} ms`);
  line("session", healthy ? "ready throughout" : "failed");
  if (cores >= HALF_A_CORE || !healthy || sent < PER_SECOND * SECONDS * 0.9) process.exitCode = 1;
}

const framesLine = ({ perSecond, median, p99, longest, longTasks, longestTask }: Frames) =>
  `${perSecond.toFixed(1)} frames a second; between two ${median.toFixed(1)} ms, 99 of 100 within ${p99.toFixed(1)} ms, longest ${longest.toFixed(0)} ms; ${longTasks} tasks over 50 ms${longTasks === 0 ? "" : `, longest ${longestTask.toFixed(0)} ms`}`;

async function floodAppWindow(): Promise<void> {
  const result = await floodWindow(SECONDS, Math.min(10, SECONDS));
  line("window, nothing happens", framesLine(result.still));
  line("window, flooded", framesLine(result.flooded));
  line("updates", `${result.sent}; the first row showed ${result.changes.toFixed(1)} prices a second`);
  line("main process", `${(result.mainProcess * 100).toFixed(1)} % of a core (limit ${HALF_A_CORE * 100} %)`);
  line("Chromium, all processes", `${(result.browser * 100).toFixed(1)} % of a core, drawing without a graphics card`);
  line("chain of lights", result.green ? "green" : "not green");
  // A machine that gives a still window no 60 frames a second cannot give them to a busy one.
  const smooth = result.flooded.perSecond >= SMOOTH_PART * Math.min(60, result.still.perSecond);
  if (!smooth || result.mainProcess >= HALF_A_CORE || !result.green || result.changes < 1) process.exitCode = 1;
}

if (PARTS.includes("session")) await floodSession();
if (PARTS.includes("window")) await floodAppWindow();
