import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { DialError } from "../../../electron/core/host-link/host-link.ts";
import { createSession } from "../../../electron/core/session/create-session.ts";
import type { GatewaySession, SessionPorts, SessionReport } from "../../../electron/core/session/session.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let clock: FakeClock;
let target: GatewaySession;
let dials: number[];
let asked: number;

function make(ports: Partial<SessionPorts> = {}): GatewaySession {
  clock = new FakeClock();
  dials = [];
  asked = 0;
  target = createSession({
    clock,
    random: () => 0.5,
    clientId: 901,
    mode: "paper",
    mayDial: async () => {
      asked++;
      return { ok: true };
    },
    dial: async () => {
      dials.push(clock.now());
      throw new DialError("refused", "refused");
    },
    ...ports,
  });
  return target;
}
afterEach(() => target.dispose());

describe("how often the gateway is bothered", () => {
  it("at most 12 dials an hour when nothing changes, though it is nudged each second", async () => {
    make().start();
    for (let second = 0; second < 3599; second++) {
      target.nudge();
      await clock.advance(1000);
    }
    expect(dials.length).toBeGreaterThan(8);
    expect(dials.length).toBeLessThanOrEqual(12);
  });

  it("at most 12 whatever calls for them, and it says until when it waits", async () => {
    make().start();
    for (let second = 0; second < 3599; second++) {
      target.nudge({ by: second % 2 === 0 ? "evidence" : "person" });
      if (second % 600 === 0) target.changeClientId();
      await clock.advance(1000);
    }
    expect(dials.length).toBe(12);
    expect(target.report.api).toMatchObject({ kind: "idle", reason: "hourly-limit", last: { kind: "dial-refused" } });
    expect(target.report.session.nextTryAt).toBeGreaterThan(clock.now());
  });

  it("a link that is down is not dialled at all, and is dialled as soon as it may be", async () => {
    let up = false;
    make({ mayDial: async () => (up ? { ok: true } : { ok: false, reason: "link-down" }) }).start();
    await clock.advance(HOUR);
    expect(dials).toEqual([]);
    expect(target.report.api).toEqual({ kind: "idle", reason: "link-down", until: null, last: null });
    up = true;
    target.nudge({ by: "person" });
    await clock.advance(0);
    expect(dials.length).toBe(1);
  });

  it("without a nudge it asks again by itself, seldom", async () => {
    make({
      mayDial: async () => {
        asked++;
        return { ok: false, reason: "queue-not-empty" };
      },
    }).start();
    await clock.advance(MINUTE);
    expect(asked).toBeGreaterThanOrEqual(10);
    expect(asked).toBeLessThanOrEqual(14);
  });

  it("an answer that never comes, or fails, is a no", async () => {
    let answers = 0;
    const lines: string[] = [];
    make({ mayDial: () => (answers++ === 0 ? new Promise(() => undefined) : Promise.reject(new Error("no look"))), log: (line) => lines.push(line) }).start();
    await clock.advance(MINUTE);
    expect(answers).toBeGreaterThan(3);
    expect(dials).toEqual([]);
    expect(target.report.api).toMatchObject({ kind: "idle", reason: "link-down" });
    expect(lines.some((line) => line.includes("no look"))).toBe(true);
  });

  it("an answer that comes after a release is not acted on", async () => {
    let answer: (value: { ok: true }) => void = () => undefined;
    make({ mayDial: () => new Promise((resolve) => (answer = resolve)) }).start();
    await clock.advance(10);
    await target.release(null);
    answer({ ok: true });
    await clock.advance(MINUTE);
    expect(dials).toEqual([]);
  });

  it("before start and after dispose nothing runs", async () => {
    make().nudge({ by: "person" });
    await clock.advance(HOUR);
    expect(dials).toEqual([]);
    expect(target.report).toMatchObject({ api: { kind: "idle", reason: "off" }, session: { state: "off" } });
    target.start();
    await clock.advance(1);
    await target.dispose();
    const count = dials.length;
    await clock.advance(HOUR);
    expect(dials.length).toBe(count);
    expect(clock.pending).toBe(0);
  });

  it("a released session comes back at its hour", async () => {
    make().start();
    await target.release(clock.now() + 30 * MINUTE);
    const before = dials.length;
    await clock.advance(29 * MINUTE);
    expect(dials.length).toBe(before);
    await clock.advance(2 * MINUTE);
    expect(dials.length).toBeGreaterThan(before);
  });

  it("comes back within a minute of its hour though the machine slept in between", async () => {
    make().start();
    await target.release(clock.now() + 8 * HOUR);
    const before = dials.length;
    clock.sleep(7 * HOUR);
    await clock.advance(59 * MINUTE);
    expect(dials.length).toBe(before);
    clock.sleep(3 * HOUR);
    await clock.advance(MINUTE);
    expect(dials.length).toBeGreaterThan(before);
  });
});

describe("a session that was given up", () => {
  const away = async (minutes: number) => {
    for (let second = 0; second < minutes * 60; second++) {
      target.nudge(second % 2 === 0 ? { by: "evidence" } : {});
      if (second % 60 === 0) {
        target.changeClientId();
        target.resubscribe();
        target.start();
      }
      await clock.advance(1000);
    }
  };

  it("never dials, whatever nudges, until it is asked back", async () => {
    make().start();
    await clock.advance(1);
    await target.release(null);
    const before = [dials.length, asked];
    await away(65);
    expect([dials.length, asked]).toEqual(before);
    expect(target.report).toMatchObject({
      api: { kind: "idle", reason: "released", until: null },
      session: { state: "released", releasedUntil: null, nextTryAt: null },
    });
    target.resume();
    await clock.advance(1);
    expect(dials.length).toBe((before[0] ?? 0) + 1);
  });

  it("says until when, and an earlier call back ends it for good", async () => {
    make().start();
    await clock.advance(1);
    const until = clock.now() + 2 * HOUR;
    await target.release(until);
    expect(target.report).toMatchObject({ api: { reason: "released", until }, session: { state: "released", releasedUntil: until } });
    target.resume();
    expect(target.report.session.releasedUntil).toBeNull();
    await target.release(null);
    const before = dials.length;
    await clock.advance(3 * HOUR);
    expect(dials.length).toBe(before);
    expect(target.report.session.state).toBe("released");
  });

  it("says that this computer sleeps, and a repair where both keep it away", async () => {
    make().start();
    await clock.advance(1);
    const wake = await target.park("asleep");
    expect(target.report).toMatchObject({ api: { reason: "asleep" }, session: { state: "asleep" } });
    const repaired = await target.park();
    expect(target.report).toMatchObject({ api: { reason: "parked" }, session: { state: "parked" } });
    const again = await target.park("asleep");
    expect(target.report.session.state).toBe("parked");
    repaired();
    expect(target.report).toMatchObject({ api: { reason: "asleep" }, session: { state: "asleep" } });
    const before = dials.length;
    wake();
    await clock.advance(60_000);
    expect(dials.length).toBe(before);
    again();
    await clock.advance(1);
    expect(dials.length).toBe(before + 1);
  });

  it("stays away from a gateway under repair too, until both are over", async () => {
    make().start();
    await clock.advance(1);
    const until = clock.now() + HOUR;
    await target.release(until);
    const first = await target.park();
    const second = await target.park();
    expect(target.report).toMatchObject({ api: { reason: "parked" }, session: { state: "parked" } });
    const before = dials.length;
    first();
    first();
    await away(2);
    expect(target.report.session.state).toBe("parked");
    second();
    await away(2);
    expect(dials.length).toBe(before);
    expect(target.report).toMatchObject({ api: { reason: "released", until }, session: { state: "released" } });

    const third = await target.park();
    target.resume();
    await away(1);
    expect(dials.length).toBe(before);
    expect(target.report).toMatchObject({ api: { reason: "parked", until: null }, session: { state: "parked" } });
    third();
    await clock.advance(1);
    expect(dials.length).toBe(before + 1);
  });
});

describe("connections today", () => {
  it("counts those that were opened, by the local date", async () => {
    make({
      dial: async () => {
        dials.push(clock.now());
        const stream = new PassThrough();
        stream.resume();
        queueMicrotask(() => stream.destroy());
        return stream;
      },
      linkUp: () => true,
    }).start();
    await clock.advance(10_000);
    const { connectsToday } = target.report.session;
    expect(connectsToday).toBe(dials.length);
    expect(connectsToday).toBeGreaterThan(1);
    await target.release(null);
    await clock.advance(25 * HOUR);
    expect(target.report.session.connectsToday).toBe(0);
  });
});

describe("reports", () => {
  it("are told at most ten times a second, the last one included", async () => {
    make({ mayDial: async () => ({ ok: false, reason: asked++ % 2 === 0 ? "no-route" : "link-down" }) });
    const seen: SessionReport[] = [];
    target.onReport((report) => seen.push(report));
    target.start();
    for (let i = 0; i < 1000; i++) {
      target.changeClientId();
      await clock.advance(1);
    }
    await clock.advance(200);
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.length).toBeLessThanOrEqual(13);
    expect(seen.at(-1)).toBe(target.report);
  });

  it("a listener that fails stops neither the others nor the session", async () => {
    const lines: string[] = [];
    make({ log: (line) => lines.push(line) });
    let told = 0;
    target.onReport(() => {
      throw new Error("view broke");
    });
    const stop = target.onReport(() => told++);
    target.start();
    await clock.advance(1000);
    expect(told).toBeGreaterThan(0);
    expect(lines.join()).toContain("view broke");
    stop();
    const before = told;
    await clock.advance(10_000);
    expect(told).toBe(before);
  });
});
