import { EventEmitter } from "node:events";
import type { Client } from "ssh2";
import { expect, test } from "vitest";
import { Liveness } from "../../../electron/core/host-link/ssh/liveness.ts";
import { FakeClock } from "../../support/fake-clock.ts";

/** A server that answers pings until it is stopped. */
function server(silenceMs = 14_000) {
  const clock = new FakeClock();
  const state = { lives: true, received: 0, drained: 0, pings: 0, deadAt: null as number | null };
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

test("bytes of any kind are life, sent ones too where the system took them after it had refused some", async () => {
  const { clock, state, liveness } = server();
  liveness.hurry();
  state.lives = false;
  for (let i = 0; i < 30; i++) {
    await clock.advance(2_000);
    if (i % 2 === 0) state.received += 1;
    else state.drained += 1;
  }
  expect(state.deadAt).toBeNull();
  await clock.advance(3_000);
  expect(state.deadAt).not.toBeNull();
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
