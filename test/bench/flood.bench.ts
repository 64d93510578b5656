import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";
import { cutOrders } from "../../build/cut-orders.mjs";
import type { CreateSession, SessionReport } from "../../electron/core/session/session.ts";

/**
 * 2,000 position and profit updates a second from a server in a process of its own: what they cost this process, how often the session reports, and how long
 * the event loop was held. Then: how soon the first figure is there after a dial. GATELIGHT_BENCH_SECONDS shortens the flood (default 60).
 */
const SECONDS = Number(process.env.GATELIGHT_BENCH_SECONDS ?? 60);
const PER_SECOND = 2000;
const HALF_A_CORE = 0.5;

const frame = (...fields: (string | number)[]) => {
  const body = Buffer.from(`${fields.join("\0")}\0`);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
};

/** Runs in the child: one client, 200 positions, then the flood for as long as the client stays. */
async function serve(): Promise<void> {
  const { createServer } = await import("node:net");
  let startFlood: () => void = () => undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => undefined);
    let hello = false;
    let buffer = Buffer.alloc(0);
    let flood: NodeJS.Timeout | undefined;
    socket.on("close", () => clearInterval(flood));
    const send = (...fields: (string | number)[]) => socket.write(frame(...fields));
    socket.on("data", (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      if (!hello) {
        const length = buffer.length >= 8 ? buffer.readUInt32BE(4) : 0;
        if (length === 0 || buffer.length < 8 + length) return;
        buffer = buffer.subarray(8 + length);
        hello = true;
        send(193, "20261124 10:00:00 CET");
      }
      while (buffer.length >= 4 && buffer.length >= 4 + buffer.readUInt32BE(0)) {
        const length = buffer.readUInt32BE(0);
        const [id, , third, fourth] = buffer.toString("utf8", 4, 4 + length).split("\0");
        buffer = buffer.subarray(4 + length);
        if (id === "71") {
          send(15, 1, "DU1234567");
          send(9, 1, 1);
        } else if (id === "62") {
          send(63, 1, third ?? "", "DU1234567", "NetLiquidation", "1000000.00", "USD");
          send(64, 1, third ?? "");
        } else if (id === "61") {
          for (let i = 1; i <= 200; i++) send(61, 3, "DU1234567", i, `S${i}`, "STK", "", "0.0", "", "", "", "USD", `S${i}`, "NMS", "5", "10.5");
          send(62, 1);
        } else if (id === "49") send(49, 1, Math.floor(Date.now() / 1000));
        else if (id === "6" && third === "1") send(54, 1, fourth ?? "");
      }
    });
    startFlood = () => {
      const started = performance.now();
      let sent = 0;
      flood = setInterval(() => {
        const due = Math.floor(((performance.now() - started) / 1000) * PER_SECOND);
        for (; sent < due; sent++) {
          const i = (sent % 200) + 1;
          const kind = sent % 3;
          if (kind === 0)
            send(
              7,
              8,
              i,
              `S${i}`,
              "STK",
              "",
              "0",
              "",
              "",
              "NASDAQ",
              "USD",
              `S${i}`,
              "NMS",
              "5",
              10 + sent / 1000,
              50 + sent / 200,
              "10.5",
              "1.5",
              "0",
              "DU1234567",
            );
          else if (kind === 1) send(61, 3, "DU1234567", i, `S${i}`, "STK", "", "0.0", "", "", "", "USD", `S${i}`, "NMS", "5", 10 + sent / 5000);
          else send(94, 3, sent / 100, "-3.25", "0");
        }
        if (process.connected) process.send?.({ sent });
      }, 10);
    };
  });
  process.on("message", () => startFlood());
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    process.send?.({ port: typeof address === "object" && address !== null ? address.port : 0 });
  });
  process.on("disconnect", () => process.exit(0));
}

async function loadSession(folder: string): Promise<CreateSession> {
  const file = join(folder, "session.mjs");
  const input = resolve(import.meta.dirname, "../../electron/core/session/create-session.ts");
  const build = await rolldown({ input, platform: "node", plugins: [cutOrders()], onLog: () => undefined });
  await build.write({ file, format: "esm" });
  await build.close();
  const module: { createSession: CreateSession } = await import(pathToFileURL(file).href);
  return module.createSession;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "gatelight-flood-"));
  const child = fork(fileURLToPath(import.meta.url), ["--serve"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  let sent = 0;
  const port = await new Promise<number>((done) => {
    child.on("message", (message: { port?: number; sent?: number }) => {
      if (message.port !== undefined) done(message.port);
      if (message.sent !== undefined) sent = message.sent;
    });
  });
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
  await seen(session, (report) => report.accounts[0]?.positions.length === 200 && !report.accounts[0].stale);
  let reports = 0;
  session.onReport(() => reports++);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const cpu = process.cpuUsage();
  const started = performance.now();
  child.send("flood");
  await new Promise((done) => setTimeout(done, SECONDS * 1000));
  const seconds = (performance.now() - started) / 1000;
  const spent = process.cpuUsage(cpu);
  const cores = (spent.user + spent.system) / 1_000_000 / seconds;
  const healthy = session.report.api.kind === "ready" && session.report.failures.length === 0;
  await session.dispose();
  child.disconnect();
  rmSync(folder, { recursive: true, force: true });

  const line = (label: string, value: string) => process.stdout.write(`${label.padEnd(34)}${value}\n`);
  line("first figure after a dial, median", `${(firsts[Math.floor(firsts.length / 2)] ?? 0).toFixed(1)} ms`);
  line("updates", `${sent} in ${seconds.toFixed(1)} s`);
  line("cost", `${(cores * 100).toFixed(1)} % of a core (limit ${HALF_A_CORE * 100} %)`);
  line("reports", `${(reports / seconds).toFixed(1)} a second`);
  line("event loop held, 99th percentile", `${(delay.percentile(99) / 1e6).toFixed(1)} ms`);
  line("session", healthy ? "ready throughout" : "failed");
  if (cores >= HALF_A_CORE || !healthy || sent < PER_SECOND * SECONDS * 0.9) process.exitCode = 1;
}

if (process.argv.includes("--serve")) await serve();
else await main();
