import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { GatewaySession } from "../../../electron/core/session/session.ts";
import { failedAs, isReady, QUICK, session, until } from "../../support/session-kit.ts";
import type { Word } from "./stand-in-process.ts";

/** The session against the lab's stand-in: a real listener of another process behind a relay, as socat stands before a gateway. */
let folder: string;
let record: string;
let gateway: { child: ChildProcess; port: number; spare: number };
let relay: Server;
/** What our side sent on each connection, as fields. */
let asked: string[][][];
let target: GatewaySession;

async function boot(port = 0): Promise<void> {
  const child = fork(join(folder, "stand-in.mjs"), [String(port), record], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [told] = (await once(child, "message")) as [{ port: number; spare: number }];
  gateway = { child, ...told };
}
async function tell(word: Word): Promise<void> {
  const obeyed = once(gateway.child, "message");
  gateway.child.send(word);
  await obeyed;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gl-stand-in-"));
  record = join(folder, "api.log");
  const build = await rolldown({ input: join(import.meta.dirname, "stand-in-process.ts"), platform: "node", logLevel: "warn" });
  await build.write({ file: join(folder, "stand-in.mjs"), format: "esm", codeSplitting: false });
  await build.close();
  await boot();
  asked = [];
  relay = createServer({ allowHalfOpen: true }, (client) => {
    const messages: string[][] = [];
    asked.push(messages);
    const onwards = connect({ host: "127.0.0.1", port: gateway.port, allowHalfOpen: true });
    let rest = Buffer.alloc(0);
    client.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      if (rest.toString("latin1", 0, 4) === "API\0") rest = rest.subarray(8 + rest.readUInt32BE(4));
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const end = 4 + rest.readUInt32BE(0);
        messages.push(rest.toString("utf8", 4, end - 1).split("\0"));
        rest = rest.subarray(end);
      }
    });
    for (const [one, other] of [
      [client, onwards],
      [onwards, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((done) => relay.listen(0, "127.0.0.1", done));
});
afterEach(async () => {
  await target.dispose();
  await tell({ orders: {} });
});
afterAll(() => {
  gateway?.child.kill("SIGKILL");
  relay?.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(): GatewaySession {
  const address = relay.address();
  target = session(typeof address === "object" && address !== null ? address.port : 0, {
    timings: { ...QUICK, versionMs: 3000, readyMs: 3000, beatDeadlineMs: 5000, staleBeatMs: 10_000 },
  });
  target.start();
  return target;
}
const isWhole = (report: GatewaySession["report"]) =>
  isReady(report) && report.accounts.length > 0 && report.accounts.every((account) => !account.stale && account.figures.DailyPnL !== undefined);
const isDown = (report: GatewaySession["report"]) => isReady(report) && report.broker?.line === "down";
const requests = (id: string) => asked.at(-1)?.filter((fields) => fields[0] === id) ?? [];
const notice = (code: number, text: string) => tell({ notice: [code, text] });
/** What the process that runs now noted of its clients. */
const seen = (what: string) =>
  readFileSync(record, "utf8")
    .split("\n")
    .filter((line) => line.includes(`"what":"${what}"`) && (!line.includes('"pid"') || line.includes(`"pid":${gateway.child.pid},`))).length;

describe("against the lab's stand-in", () => {
  it("several accounts, an advisor's among them: figures, positions and results of each", async () => {
    await tell({ orders: { accounts: ["DF1234567", "DU1234567", "DU1234568"] } });
    const report = await until(start(), (r) => isWhole(r) && r.accounts.every(({ positions }) => positions.length === 12 && positions[0]?.daily !== null));
    expect(report.account).toMatchObject({ accounts: ["DF1234567", "DU1234567", "DU1234568"], prefix: "paper" });
    for (const account of report.accounts) {
      expect(account).toMatchObject({ kind: "paper", baseCurrency: "USD" });
      expect(account.figures.NetLiquidation?.value).toMatch(/^\d+(\.\d+)?$/);
      expect(account.cash.map(({ currency }) => currency)).toEqual(["CHF", "EUR", "GBP", "JPY", "USD"]);
      expect(account.positions.map(({ title }) => title)).toEqual(expect.arrayContaining(["AAPL", "SPY 18 Dec 26 640 C", "MES Dec 26"]));
    }
    expect(requests("92").map((fields) => fields[2])).toEqual(["DF1234567", "DU1234567", "DU1234568"]);
    expect(report.broker?.farms.map(({ name, state }) => `${name} ${state}`)).toEqual(["usfarm.nj ok", "eufarm ok", "usfuture ok", "ushmds ok", "secdefil ok"]);
  });

  it.each([1, 7])("frames in pieces of %i bytes", async (fragment) => {
    await tell({ orders: { api: { fragment } } });
    await until(start(), isWhole, 30_000);
    expect(target.report.failures).toEqual([]);
  });

  it("326: the next free id of the range, with a note; when none is free, no further dial for an hour", async () => {
    await tell({ orders: { heldClientIds: [901, 902] } });
    const before = asked.length;
    start();
    // As a person would: without one it takes its time.
    const nudging = setInterval(() => target.nudge({ by: "person" }), 100);
    onTestFinished(() => clearInterval(nudging));
    const report = await until(target, isReady, 30_000);
    expect(report.session).toMatchObject({ clientId: 903, clientIdNote: "Client id 901 is used by another program; 903 is used instead." });
    await tell({ orders: { heldClientIds: [903, 904, 905] } });
    await tell({ drop: true });
    const refused = await until(target, (r) => r.failures.length === 6 && r.session.nextTryAt !== null, 30_000);
    expect(refused.failures.flatMap(({ kind, clientId }) => (kind === "client-id-in-use" ? [clientId] : []))).toEqual([901, 902, 903, 904, 905]);
    expect((refused.session.nextTryAt ?? 0) - Date.now()).toBeGreaterThan(50 * 60_000);
    await new Promise((done) => setTimeout(done, 1_500));
    expect(asked.length - before).toBe(6);
  }, 90_000);

  it("2110 on connect: the broker's light, while the session lives; what was asked meanwhile is asked again when the line is back", async () => {
    await tell({ line: false, code: 0 });
    const down = await until(start(), isDown);
    expect(down.broker?.code).toBe(2110);
    expect(down.account?.completeAt).toBeNull();
    await tell({ line: true, code: 1102 });
    await until(target, (r) => isWhole(r) && r.broker?.line === "up");
    expect(requests("62").length).toBe(2);
    expect(target.report).toMatchObject({ failures: [], session: { connectsToday: 1 } });
  });

  it("1100, then 1102: nothing is asked; 1100, then 1101: everything is, once, on the same connection", async () => {
    await until(start(), isWhole);
    for (const [code, times] of [
      [1102, 1],
      [1101, 2],
    ] as const) {
      await tell({ line: false, code: 1100 });
      expect((await until(target, isDown)).broker?.code).toBe(1100);
      await tell({ line: true, code });
      await until(target, (r) => r.broker?.code === code && r.broker.line === "up");
      await vi.waitFor(() => expect(["62", "61", "92"].map((id) => requests(id).length)).toEqual([times, times, times]), 10_000);
      await until(target, (r) => isWhole(r) && r.account?.completeAt != null);
    }
    expect(["62", "61", "92"].map((id) => requests(id).length)).toEqual([2, 2, 2]);
    expect(target.report).toMatchObject({ failures: [], session: { connectsToday: 1 } });
  });

  it("farms, 10141, 10197, 321, 2100 and codes that nobody knows: told as they are, the session lives on and asks nothing", async () => {
    await until(start(), isWhole);
    await vi.waitFor(() => expect(requests("94").length).toBe(12), 10_000);
    const before = asked.at(-1)?.filter((fields) => fields[0] !== "49").length;
    const farms = [
      [2103, "Market data farm connection is broken:eufarm", "eufarm market-data down"],
      [2104, "Market data farm connection is OK:usfuture", "usfuture market-data ok"],
      [2105, "HMDS data farm connection is broken:ushmds", "ushmds history down"],
      [2106, "HMDS data farm connection is OK:euhmds", "euhmds history ok"],
      [2107, "HMDS data farm connection is inactive but should be available upon demand.fundfarm", "fundfarm history inactive"],
      [2108, "Market data farm connection is inactive but should be available upon demand.cashfarm", "cashfarm market-data inactive"],
      [2157, "Sec-def data farm connection is broken:secdefil", "secdefil sec-def down"],
      [2158, "Sec-def data farm connection is OK:secdefnj", "secdefnj sec-def ok"],
    ] as const;
    for (const [code, text] of farms) await notice(code, text);
    const codes = [10141, 10197, 321, 2100, 98765];
    for (const code of codes) await notice(code, `said of ${code}`);
    const report = await until(target, (r) => r.broker?.notices.length === codes.length);
    expect(report.broker?.farms.map(({ name, kind, state }) => `${name} ${kind} ${state}`)).toEqual(expect.arrayContaining(farms.map((farm) => farm[2])));
    expect(report.broker?.notices.map(({ code, text }) => `${code} ${text}`)).toEqual(codes.map((code) => `${code} said of ${code}`));
    expect(report).toMatchObject({ api: { kind: "ready" }, broker: { line: "up" }, failures: [] });
    expect(asked.at(-1)?.filter((fields) => fields[0] !== "49").length).toBe(before);
  });

  it("10141: the paper disclaimer keeps the account's data away, and says so", async () => {
    await tell({ orders: { api: { disclaimer: true } } });
    const report = await until(start(), (r) => isReady(r) && r.broker?.notices.some(({ code }) => code === 10141) === true);
    expect(report.account?.completeAt).toBeNull();
    expect(report.accounts.every(({ stale }) => stale)).toBe(true);
  });

  it("1300: the new port is told, and is where the next session is", async () => {
    await until(start(), isReady);
    const { port, spare } = gateway;
    await tell({ moveTo: spare });
    const report = await until(target, failedAs("port-changed"));
    expect(report.failures[0]).toMatchObject({ newPort: spare, wasReady: true });
    gateway = { ...gateway, port: spare };
    target.nudge({ by: "evidence" });
    await until(target, isWhole);
    await tell({ moveTo: port });
    gateway = { ...gateway, port };
  });

  it("its process ends and another begins: stale meanwhile, then whole by one connection, and nothing that was asked meanwhile is sent twice", async () => {
    await until(start(), isWhole);
    const { child, port } = gateway;
    child.kill("SIGKILL");
    const lost = await until(target, (r) => r.failures.length > 0);
    expect(lost.failures[0]).toMatchObject({ wasReady: true });
    expect(lost.accounts.every((account) => account.stale && account.figures.NetLiquidation !== undefined)).toBe(true);
    for (let i = 0; i < 5; i++) target.resubscribe();
    await boot(port);
    target.nudge({ by: "evidence" });
    await until(target, isWhole);
    for (const id of ["71", "62", "61", "92"]) expect(requests(id).length, id).toBe(1);
  });

  it("given up, it is left alone until asked back; its clients were never more than one, and asked for nothing but to read", async () => {
    await until(start(), isWhole);
    await target.release(null);
    await vi.waitFor(() => expect(seen("accepted")).toBe(seen("closed")), 10_000);
    const before = seen("accepted");
    target.nudge({ by: "person" });
    target.resubscribe();
    await new Promise((done) => setTimeout(done, 500));
    expect(seen("accepted")).toBe(before);
    expect(target.report).toMatchObject({ session: { state: "released" } });
    target.resume();
    await until(target, isWhole);
    expect(seen("accepted")).toBe(before + 1);
    expect([seen("write"), seen("malformed")]).toEqual([0, 0]);
    const ids = new Set(asked.flat().map((fields) => Number(fields[0])));
    expect([...ids].filter((id) => ![71, 6, 49, 61, 62, 63, 64, 92, 93, 94, 95].includes(id))).toEqual([]);
  });
});
