import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type History, openHistory } from "../../../electron/core/history/history.ts";
import { thinOut } from "../../../electron/core/history/thin-out.ts";
import { profitOver } from "../../../shared/profit.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const HOME = { server: "home", gateway: "paper" };

let folder: string;
let file: string;
let clock: FakeClock;
let open: History[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatelight-history-"));
  file = join(folder, "data", "history.sqlite");
  clock = new FakeClock();
  open = [];
});
afterEach(() => {
  for (const history of open) history.close();
  rmSync(folder, { recursive: true, force: true });
});
async function make(onFault?: (message: string) => void): Promise<History> {
  const { history, notice } = await openHistory({ file, clock, onFault });
  expect(notice).toBeNull();
  if (history === null) throw new Error("no history");
  open.push(history);
  return history;
}
const sample = (at: number, netLiquidation: string, dailyPnl: string | null = null, account = "DU1234567") => ({
  ...HOME,
  account,
  at,
  netLiquidation,
  currency: "USD",
  dailyPnl,
});
const curve = (history: History, from = 0, points = 5000, account = "DU1234567") => history.curve({ ...HOME, account, from, points });

describe("the curve", () => {
  it("keeps exact decimals, whatever their size", async () => {
    const history = await make();
    history.sample(sample(clock.now(), "100000000000000000.10", "-0.1"));
    expect(curve(history)).toEqual([{ at: clock.now(), netLiquidation: "100000000000000000.1", dailyPnl: "-0.1", profit: "-0.1", profitBefore: "0" }]);
  });

  it("keeps at most one a 15 s, and unchanged ones each five minutes", async () => {
    const history = await make();
    const start = clock.now();
    for (let second = 0; second < 60; second++) history.sample(sample(start + second * SECOND, String(1000 + second)));
    expect(curve(history).map((point) => (point.at - start) / SECOND)).toEqual([0, 15, 30, 45]);
    for (let second = 60; second < 960; second += 5) history.sample(sample(start + second * SECOND, "2000"));
    expect(curve(history).map((point) => (point.at - start) / SECOND)).toEqual([0, 15, 30, 45, 60, 360, 660]);
  });

  it("knows the last sample again after a restart", async () => {
    const first = await make();
    first.sample(sample(clock.now(), "1"));
    first.close();
    const second = await make();
    second.sample(sample(clock.now() + 5000, "2"));
    second.sample(sample(clock.now() + 20_000, "3"));
    expect(curve(second).map((point) => point.netLiquidation)).toEqual(["1", "3"]);
  });

  it("goes on after the clock was set back", async () => {
    const history = await make();
    history.sample(sample(clock.now(), "1"));
    history.sample(sample(clock.now() - DAY, "2"));
    expect(curve(history).map((point) => point.netLiquidation)).toEqual(["2", "1"]);
  });

  it("tells accounts and gateways apart and passes over what is no number", async () => {
    const history = await make();
    history.sample(sample(clock.now(), "1"));
    history.sample(sample(clock.now(), "2", null, "DU1234568"));
    history.sample({ ...sample(clock.now(), "3"), gateway: "live" });
    history.sample(sample(clock.now() + MINUTE, "1.7976931348623157E308"));
    history.sample(sample(clock.now() + 2 * MINUTE, "abc"));
    expect(curve(history).map((point) => point.netLiquidation)).toEqual(["1"]);
    expect(curve(history, 0, 10, "DU1234568").map((point) => point.netLiquidation)).toEqual(["2"]);
    expect(curve(history, clock.now() + 1)).toEqual([]);
  });

  it("thins out with age, but keeps peaks", async () => {
    const history = await make();
    const start = clock.now();
    for (let minute = 0; minute < 120; minute++)
      history.sample(sample(start + minute * MINUTE, minute === 33 ? "999999" : minute === 71 ? "1" : String(1000 + minute)));
    expect(curve(history).length).toBe(120);
    const later = async (days: number) => {
      history.close();
      clock = new FakeClock(start + days * DAY);
      return make();
    };
    const after3 = curve(await later(3));
    expect(after3.length).toBeLessThan(60);
    expect(after3.length).toBeGreaterThanOrEqual(24);
    open.at(-1)?.close();
    clock = new FakeClock(start + 90 * DAY);
    const after90 = curve(await make());
    expect(after90.length).toBeLessThanOrEqual(9);
    expect(after90.map((point) => point.netLiquidation)).toEqual(expect.arrayContaining(["999999", "1"]));
    open.at(-1)?.close();
    clock = new FakeClock(start + 800 * DAY);
    const after800 = curve(await make());
    expect(after800.length).toBeLessThanOrEqual(6);
    expect(after800.map((point) => point.netLiquidation)).toEqual(expect.arrayContaining(["999999", "1"]));
  });

  it("thinned out, each day's last result stays, though New York's days end at four or five in the morning: sums are the same for ever", async () => {
    let history = await make();
    // From before the end of summer time to after it, a sample a quarter of an hour; the last of each day comes three minutes before its end.
    const begin = Date.UTC(2026, 9, 30, 4);
    const results: string[] = [];
    for (let day = 0; day < 5; day++) {
      const midnight = begin + day * DAY + (day > 2 ? HOUR : 0);
      const length = day === 2 ? 25 * HOUR : DAY;
      for (let at = 0; at < length; at += 15 * MINUTE) history.sample(sample(midnight + at, String(5000 - at / MINUTE), `${day}.${at / MINUTE + 10_000}`));
      results.push(`${day + 1}00.25`);
      history.sample(sample(midnight + length - 3 * MINUTE, "1", results.at(-1) ?? null));
    }
    for (const days of [0, 3, 90, 800]) {
      history.close();
      clock = new FakeClock(begin + 6 * DAY + days * DAY);
      history = await make();
      history.sample(sample(clock.now(), "2", "0"));
      const points = curve(history, 0, 100_000);
      expect(profitOver(points, "all", clock.now()), `${days} days later`).toBe("1501.25");
      expect(points.at(-1)?.profit).toBe("1501.25");
      if (days === 800) expect(points.length).toBeLessThan(25);
    }
  });

  it("of many points gives no more than asked, in order, with first, last, lowest and highest", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { maxLength: 400 }), fc.integer({ min: 4, max: 60 }), (values, limit) => {
        const points = values.map((value, at) => ({ at, netLiquidation: String(value), dailyPnl: null }));
        const kept = thinOut(points, limit);
        expect(kept.length).toBeLessThanOrEqual(Math.max(limit, 0));
        expect(kept.map((point) => point.at)).toEqual(kept.map((point) => point.at).toSorted((a, b) => a - b));
        if (points.length === 0) return;
        expect(kept[0]).toBe(points[0]);
        expect(kept.at(-1)).toBe(points.at(-1));
        const all = kept.map((point) => Number(point.netLiquidation));
        expect(Math.max(...all)).toBe(Math.max(...values));
        expect(Math.min(...all)).toBe(Math.min(...values));
      }),
    );
  });
});

it("peaks that only exact decimals tell apart are kept", () => {
  const points = ["2", "9007199254740992.1", "9007199254740992.3", "9007199254740992.2", "1.1", "1.10000000000000001", "2"].map((netLiquidation, at) => ({
    ...{ at, netLiquidation, dailyPnl: null },
  }));
  expect(thinOut(points, 4).map(({ netLiquidation }) => netLiquidation)).toEqual(["2", "9007199254740992.3", "1.1", "2"]);
});

describe("incidents", () => {
  const incident = (at: number, title = "down") => ({
    ...HOME,
    kind: "light" as const,
    at,
    endedAt: null,
    title,
    detail: "51 of 51 wait",
    cause: "accept-queue-wedge" as const,
  });

  it("are opened, ended once, and listed newest first", async () => {
    const history = await make();
    const first = history.addIncident(incident(1000));
    const second = history.addIncident({ ...incident(2000, "repaired"), kind: "repair", endedAt: 2500, cause: null });
    history.endIncident(first, 1500);
    history.endIncident(first, 9999);
    expect(history.incidents({ ...HOME, limit: 10 })).toEqual([
      { id: second, gateway: "paper", kind: "repair", at: 2000, endedAt: 2500, title: "repaired", detail: "51 of 51 wait", cause: null },
      { id: first, gateway: "paper", kind: "light", at: 1000, endedAt: 1500, title: "down", detail: "51 of 51 wait", cause: "accept-queue-wedge" },
    ]);
    expect(history.incidents({ ...HOME, limit: 1 }).length).toBe(1);
    expect(history.incidents({ server: "home", gateway: "live", limit: 10 })).toEqual([]);
  });

  it("left open by a crash end with the last thing written", async () => {
    const first = await make();
    first.addIncident(incident(clock.now()));
    first.sample(sample(clock.now() + MINUTE, "1"));
    first.close();
    const second = await make();
    expect(second.incidents({ ...HOME, limit: 1 })[0]?.endedAt).toBe(clock.now() + MINUTE);
  });

  it("old ones are forgotten", async () => {
    const first = await make();
    first.addIncident(incident(clock.now()));
    first.close();
    clock = new FakeClock(clock.now() + 731 * DAY);
    expect((await make()).incidents({ ...HOME, limit: 10 })).toEqual([]);
  });
});

describe("the file", () => {
  it("is this user's alone", async () => {
    await make();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "data")).mode & 0o777).toBe(0o700);
  });

  it.each([
    ["no database", (path: string) => writeFileSync(path, "this is not a database at all, ".repeat(100))],
    [
      "broken inside",
      (path: string) => {
        const bytes = readFileSync(path);
        bytes.fill(0xff, 4096 + 8, Math.min(bytes.length, 4096 * 5));
        writeFileSync(path, bytes);
      },
    ],
  ])("%s: it is set aside with a notice, and a new one is begun", async (_name, damage) => {
    const first = await make();
    for (let i = 0; i < 500; i++) first.sample(sample(clock.now() + i * MINUTE, String(i)));
    first.close();
    damage(file);
    const damaged = readFileSync(file);
    const { history, notice } = await openHistory({ file, clock });
    if (history === null) throw new Error("no history");
    open.push(history);
    expect(notice).toMatchObject({ kind: "warning", title: "The history was damaged" });
    const aside = readdirSync(join(folder, "data")).find((name) => name.includes(".damaged-"));
    expect(notice?.detail).toContain(String(aside));
    expect(readFileSync(join(folder, "data", String(aside))).equals(damaged)).toBe(true);
    history.sample(sample(clock.now(), "5"));
    expect(curve(history).map((point) => point.netLiquidation)).toEqual(["5"]);
  });

  it("of a newer version is left alone", async () => {
    (await make()).close();
    const db = new DatabaseSync(file);
    db.exec("PRAGMA user_version = 99");
    db.close();
    const { history, notice } = await openHistory({ file, clock });
    expect(history).toBeNull();
    expect(notice?.detail).toContain("newer");
    expect(readdirSync(join(folder, "data")).filter((name) => name.includes("damaged"))).toEqual([]);
  });

  it("has one writer: a second opener is told so within a second or two, and nothing is harmed", async () => {
    const first = await make();
    first.sample(sample(clock.now(), "1"));
    const { history, notice } = await openHistory({ file, clock });
    expect(history).toBeNull();
    expect(notice).toMatchObject({ title: "No history is kept" });
    expect(curve(first).length).toBe(1);
  });

  it("that cannot be made is a notice, not an exception", async () => {
    writeFileSync(join(folder, "data"), "a file where the folder should be");
    const { history, notice } = await openHistory({ file, clock });
    expect(history).toBeNull();
    expect(notice?.title).toBe("No history is kept");
  });

  it("is whole after close, and nothing happens after that", async () => {
    const history = await make();
    history.sample(sample(clock.now(), "1"));
    history.close();
    history.close();
    history.sample(sample(clock.now() + HOUR, "2"));
    expect(history.addIncident({ ...HOME, kind: "note", at: 1, endedAt: null, title: "", detail: "", cause: null })).toBe(0);
    expect(curve(history)).toEqual([]);
    expect(existsSync(`${file}-wal`)).toBe(false);
    const db = new DatabaseSync(file);
    expect(db.prepare("SELECT count(*) AS n FROM samples").get()).toMatchObject({ n: 1 });
    db.close();
  });

  it("a write that fails is told, at most once a minute, and does not throw", async () => {
    const faults: string[] = [];
    const history = await make((message) => faults.push(message));
    const broken = sample(clock.now(), "1");
    Reflect.set(broken, "server", { not: "bindable" });
    history.sample(broken);
    history.sample(broken);
    expect(faults.length).toBe(1);
    expect(faults[0]).toContain("could not be written");
  });
});
