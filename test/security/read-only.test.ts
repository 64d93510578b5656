import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { IBApi } from "@stoqey/ib/dist/api/api.js";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cutOrders } from "../../build/cut-orders.mjs";
import { createLibraryLink } from "../../electron/core/session/library-link.ts";
import { ALLOWED_MESSAGES, checkOutbound, ForbiddenMessage } from "../../electron/core/session/outbound-guard.ts";
import type { GatewaySession } from "../../electron/core/session/session.ts";
import { dialTcp, isReady, QUICK, until } from "../support/session-kit.ts";
import { frame, TwsServer } from "../support/tws-server.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const TRADING = ["placeOrder", "cancelOrder", "exerciseOptions", "reqGlobalCancel", "replaceFA", "placeNewOrder", "modifyOrder", "cancelAllOrders"];

/** All that the library is left able to write. */
const READS = [
  ...["CANCEL_ACCOUNT_SUMMARY", "CANCEL_PNL", "CANCEL_PNL_SINGLE", "CANCEL_POSITIONS", "REQ_ACCOUNT_DATA", "REQ_ACCOUNT_SUMMARY"],
  ...["REQ_CURRENT_TIME", "REQ_PNL", "REQ_PNL_SINGLE", "REQ_POSITIONS", "START_API"],
];

function sources(): { path: string; text: string }[] {
  return ["electron", "shared", "renderer"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|tsx|cts)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      // The simulated gateway is the other side of the wire.
      .filter((path) => !path.includes(join("electron", "simulator")))
      .map((path) => ({ path, text: readFileSync(path, "utf8") })),
  );
}

describe("it cannot trade", () => {
  it("no source of ours names a trading call", () => {
    const all = sources();
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter(({ text }) => TRADING.some((name) => text.includes(name))).map(({ path }) => path)).toEqual([]);
  });

  it("the library is imported in the session's room alone, and its rich client nowhere", () => {
    const users = sources().filter(({ text }) => text.includes("@stoqey/ib"));
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter(({ path }) => !path.includes(join("core", "session"))).map(({ path }) => path)).toEqual([]);
    expect(users.filter(({ text }) => /IBApiNext|from "@stoqey\/ib"/.test(text.replaceAll(/\/\*[\s\S]*?\*\//g, ""))).map(({ path }) => path)).toEqual([]);
  });

  it("the guard refuses the very bytes the library would send for an order, a cancel, an exercise and a global cancel", () => {
    const order = { action: "BUY", orderType: "MKT", totalQuantity: 1, tif: "DAY" };
    const calls: Record<number, (api: IBApi) => void> = {
      3: (api) => Reflect.apply(Reflect.get(api, "placeOrder"), api, [1, { symbol: "AAPL", secType: "STK", exchange: "SMART", currency: "USD" }, order]),
      4: (api) => Reflect.apply(Reflect.get(api, "cancelOrder"), api, [1]),
      21: (api) => Reflect.apply(Reflect.get(api, "exerciseOptions"), api, [1, { symbol: "SPY", secType: "OPT" }, 1, 1, "DU1234567", 0]),
      58: (api) => Reflect.apply(Reflect.get(api, "reqGlobalCancel"), api, []),
    };
    for (const [id, call] of Object.entries(calls)) {
      const sent: Buffer[] = [];
      const link = createLibraryLink(901, (bytes) => sent.push(bytes));
      link.open();
      link.deliver(frame(193, "20261124 10:00:00 CET"));
      link.deliver(frame(9, 1, 1));
      const before = sent.length;
      call(link.api);
      const bytes = sent[before];
      if (bytes === undefined) throw new Error(`the library sent nothing for ${id}`);
      expect(bytes.toString("latin1", 4).split("\0")[0]).toBe(id);
      expect(() => checkOutbound(bytes, false)).toThrow(ForbiddenMessage);
      link.cut();
    }
  });

  it("only reading requests are on the list", () => {
    expect([...ALLOWED_MESSAGES.keys()].sort((a, b) => a - b)).toEqual([6, 49, 61, 62, 63, 64, 71, 92, 93, 94, 95]);
  });
});

describe("the bundle", () => {
  let folder: string;
  let text: string;
  let file: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "gatelight-bundle-"));
    file = join(folder, "session.mjs");
    const build = await rolldown({
      input: join(ROOT, "electron/core/session/create-session.ts"),
      platform: "node",
      plugins: [cutOrders()],
      onLog: () => undefined,
    });
    await build.write({ file, format: "esm" });
    await build.close();
    text = readFileSync(file, "utf8");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("holds no code that could write an order, a cancel or an exercise", () => {
    expect(text).toContain("reqAccountSummary");
    expect(TRADING.filter((name) => new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
    expect([...new Set([...text.matchAll(/OUT_MSG_ID\["(\w+)"\]/g)].map((found) => found[1]))].sort()).toEqual(READS);
  });

  it("nor does the program, where it is built (npm test builds it)", () => {
    const built = ["dist/cli.js", "dist/main.js"].map((name) => join(ROOT, name)).filter((path) => existsSync(path));
    if (process.env.CI === "true") expect(built.length).toBe(2);
    for (const path of built) {
      const program = readFileSync(path, "utf8");
      // In quotes they are what the simulated gateway refuses.
      expect(TRADING.filter((name) => new RegExp(`(?<!["'\`])\\b${name}\\b`).test(program))).toEqual([]);
      expect([...new Set([...program.matchAll(/OUT_MSG_ID(?:\.|\[["'`])(\w+)/g)].map((found) => found[1]))].sort()).toEqual(READS);
    }
  });

  it("still works against a gateway", async () => {
    const server = new TwsServer();
    await server.listen();
    const module: { createSession: (ports: object) => GatewaySession } = await import(pathToFileURL(file).href);
    const target = module.createSession({
      clock: { now: Date.now, after: (ms: number, run: () => void) => clearTimeout.bind(null, setTimeout(run, ms)) },
      random: Math.random,
      clientId: 901,
      mode: "paper",
      mayDial: async () => ({ ok: true }),
      dial: (options: { deadlineMs: number; signal: AbortSignal }) => dialTcp(server.port, options),
      timings: QUICK,
    });
    target.start();
    const report = await until(target, (r) => isReady(r) && r.accounts[0]?.stale === false && r.accounts[0].figures.DailyPnL !== undefined);
    expect(report.accounts[0]?.figures.NetLiquidation?.value).toBe("1000123.45");
    await target.dispose();
    await server.close();
  });

  it("fails to build when the library is not the one that was read", () => {
    const plugin = cutOrders();
    const parse = () => ({ body: [] });
    expect(() => plugin.transform.call({ parse }, "", "/x/@stoqey/ib/dist/api/api.js")).toThrow(/changed/);
  });
});
