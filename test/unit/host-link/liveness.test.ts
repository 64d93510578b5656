import { EventEmitter } from "node:events";
import type { Client } from "ssh2";
import { expect, test } from "vitest";
import { Liveness } from "../../../electron/core/host-link/ssh/liveness.ts";
import { FakeClock } from "../../support/fake-clock.ts";

/** A server that answers pings until it is stopped. */
function server(silenceMs = 14_000, lives = true) {
  const clock = new FakeClock();
  const state = { lives, received: 0, drained: 0, pings: 0, deadAt: null as number | null };
  const client: Pick<Client, "unforwardIn"> = Object.assign(new EventEmitter(), {
    unforwardIn(_address: string, _port: number, done?: () => void) {
      state.pings += 1;
      if (!state.lives) return client as Client;
      clock.after(20, () => {
        state.received += 36;
        done?.();
      });
      return client as Client;
    },
  });
  const liveness = new Liveness({
    client: client as Client,
    wire: { received: () => state.received, drained: () => state.drained },
    clock,
    silenceMs,
    onDead: () => {
      state.deadAt = clock.now();
    },
    onLatency: () => {},
  });
  return { clock, state, liveness };
}

test.each([0, 200, 700, 990, 4_900])("a peer that dies is noticed within 15 s, whenever it dies (%i ms after a ping)", async (after) => {
  const { clock, state, liveness } = server();
  await clock.advance(20_000 + after);
  expect(state.deadAt).toBeNull();
  state.lives = false;
  const since = clock.now();
  await clock.advance(15_000);
  expect((state.deadAt ?? Number.POSITIVE_INFINITY) - since).toBeLessThanOrEqual(15_000);
  liveness.end();
});

test.each([0, 200, 700, 990])("within 3 s while a person waits, whenever it dies (%i ms after a ping)", async (after) => {
  const { clock, state, liveness } = server();
  const calm = liveness.hurry();
  await clock.advance(10_000 + after);
  state.lives = false;
  const since = clock.now();
  await clock.advance(3_000);
  expect((state.deadAt ?? Number.POSITIVE_INFINITY) - since).toBeLessThanOrEqual(3_000);
  calm();
});

test("within 3 s of the moment that a person begins to wait, if it died before", async () => {
  const { clock, state, liveness } = server();
  await clock.advance(10_000);
  state.lives = false;
  await clock.advance(7_000);
  const since = clock.now();
  liveness.hurry();
  await clock.advance(3_000);
  expect((state.deadAt ?? Number.POSITIVE_INFINITY) - since).toBeLessThanOrEqual(3_000);
  expect((state.deadAt ?? 0) - since).toBeGreaterThan(2_000);
});

test("bytes that were sent are life where the system took them after it had refused some", async () => {
  const { clock, state, liveness } = server();
  liveness.hurry();
  state.lives = false;
  for (let i = 0; i < 30; i++) {
    await clock.advance(2_000);
    state.drained += 1;
  }
  expect(state.deadAt).toBeNull();
  await clock.advance(5_000);
  expect(state.deadAt).not.toBeNull();
});

test.each([
  ["a full line of 1 Mbit/s", 12_500, 100, 0],
  ["a full line of 64 kbit/s", 1_600, 200, 0],
  ["a full line of 1 Mbit/s that stands still for 5 s of every 7", 12_500, 100, 5_000],
])("%s is never taken for dead, though answers wait behind its bytes for a minute", async (_name, bytes, everyMs, stallMs) => {
  const { clock, state, liveness } = server();
  await clock.advance(10_000);
  state.lives = false;
  const until = clock.now() + 60_000;
  while (clock.now() < until) {
    for (let flown = 0; flown < 2_000; flown += everyMs) {
      state.received += bytes;
      await clock.advance(everyMs);
    }
    await clock.advance(stallMs);
  }
  expect(state.deadAt).toBeNull();
  liveness.end();
});

test.each([
  ["figures four times a second", 120, 250],
  ["a line of a log every other second", 200, 2_000],
  ["a burst every three seconds", 6_000, 3_000],
])("a line that is dead on the way there is noticed although its bytes still come: %s", async (_name, bytes, everyMs) => {
  const { clock, state, liveness } = server();
  await clock.advance(10_000);
  state.lives = false;
  const since = clock.now();
  const owed: number[] = [];
  while (state.deadAt === null && clock.now() < since + 60_000) {
    state.received += bytes;
    await clock.advance(everyMs);
    owed.push(clock.now() - (liveness.quietSince ?? clock.now()));
  }
  expect((state.deadAt ?? Number.POSITIVE_INFINITY) - since).toBeLessThanOrEqual(20_000);
  // Long before, it is doubted.
  expect(Math.max(...owed)).toBeGreaterThan(5_000);
});

test("a server that never answered a ping is known by whatever it says", async () => {
  const { clock, state } = server(14_000, false);
  for (let i = 0; i < 30; i++) {
    state.received += 100;
    await clock.advance(2_000);
  }
  expect(state.deadAt).toBeNull();
  await clock.advance(15_000);
  expect(state.deadAt).not.toBeNull();
});

test("within 4 s while a person waits", async () => {
  const { clock, state, liveness } = server();
  liveness.hurry();
  await clock.advance(10_000);
  state.lives = false;
  const since = clock.now();
  while (state.deadAt === null && clock.now() < since + 60_000) {
    state.received += 120;
    await clock.advance(250);
  }
  expect((state.deadAt ?? Number.POSITIVE_INFINITY) - since).toBeLessThanOrEqual(4_000);
});

test("nothing is concluded from the silence of a sleep; a fresh ping decides", async () => {
  const alive = server();
  await alive.clock.advance(1_000);
  alive.clock.sleep(3_600_000);
  await alive.clock.advance(20_000);
  expect(alive.state.deadAt).toBeNull();
  alive.liveness.end();

  const dead = server();
  await dead.clock.advance(1_000);
  dead.state.lives = false;
  dead.clock.sleep(3_600_000);
  const awake = dead.clock.now();
  await dead.clock.advance(15_000);
  expect((dead.state.deadAt ?? 0) - awake).toBeGreaterThan(13_000);
});

test("pings every 5 s, every second in a hurry, and never again after the end", async () => {
  const { clock, state, liveness } = server();
  await clock.advance(60_000);
  expect(state.pings).toBeGreaterThanOrEqual(11);
  expect(state.pings).toBeLessThanOrEqual(13);
  const calm = liveness.hurry();
  const before = state.pings;
  await clock.advance(10_000);
  expect(state.pings - before).toBeGreaterThanOrEqual(9);
  calm();
  liveness.end();
  const last = state.pings;
  await clock.advance(60_000);
  expect([state.pings, clock.pending]).toEqual([last, 0]);
});
