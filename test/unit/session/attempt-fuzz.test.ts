import { Duplex } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createSession } from "../../../electron/core/session/create-session.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { frame, positionFields } from "../../support/tws-server.ts";

/** GATELIGHT_FUZZ_SECONDS makes it long. */
const SECONDS = Number(process.env.GATELIGHT_FUZZ_SECONDS ?? 0);

/** What a gateway sends in a usual minute. */
const USUAL = [
  frame(193, "20261124 10:00:00 CET"),
  frame(15, 1, "DU1234567,"),
  frame(9, 1, 1),
  frame(4, 2, -1, 2104, "Market data farm connection is OK:usfarm", ""),
  frame(63, 1, 1, "DU1234567", "NetLiquidation", "1000.10", "USD"),
  frame(64, 1, 1),
  frame(...positionFields({ account: "DU1234567", conId: 1, symbol: "AAPL", quantity: "10", averageCost: "1" })),
  frame(62, 1),
  frame(7, 8, 1, "AAPL", "STK", "", "0", "", "", "NASDAQ", "USD", "AAPL", "NMS", "10", "1.5", "15", "1", "5", "0", "DU1234567"),
  frame(94, 2, "1.5", "2", "1.7976931348623157E308"),
  frame(95, 3, "10", "1", "2", "3", "15"),
  frame(4, 2, 5, 201, "Order rejected \\u0041", '{"a":1}'),
  frame(54, 1, "DU1234567"),
  frame(8, 1, "10:00"),
  frame(4, 2, -1, 1100, "Connectivity between IBKR and Trader Workstation has been lost.", ""),
  frame(49, 1, 1_795_000_000),
  frame(6, 2, "CashBalance", "5", "EUR", "DU1234567"),
];

class Wire extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

it(
  "whatever bytes come in place of the usual ones, the session ends the attempt or goes on, and never throws",
  async () => {
    const uncaught: unknown[] = [];
    const onUncaught = (error: unknown) => uncaught.push(error);
    process.on("uncaughtException", onUncaught);
    const change = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }), drop: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 8 }),
        fc.integer({ min: 1, max: 200 }),
        fc.shuffledSubarray(USUAL.slice(3)),
        async (changes, cut, middle) => {
          const clock = new FakeClock();
          const wires: Wire[] = [];
          const session = createSession({
            clock,
            random: () => 0.5,
            clientId: 901,
            mode: "paper",
            mayDial: async () => ({ ok: true }),
            dial: async () => {
              const wire = new Wire();
              wires.push(wire);
              return wire;
            },
          });
          session.start();
          await clock.advance(1);
          let bytes = Buffer.concat([...USUAL.slice(0, 3), ...middle]);
          for (const { at, value, drop } of changes) {
            const place = at % bytes.length;
            bytes = drop
              ? Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1)])
              : Buffer.from(bytes.map((byte, i) => (i === place ? value : byte)));
          }
          for (let at = 0; at < bytes.length; at += cut) wires[0]?.push(bytes.subarray(at, at + cut));
          await clock.advance(1500);
          const { api } = session.report;
          if (changes.length === 0) expect(api.kind).toBe("ready");
          expect(["ready", "opening", "idle"]).toContain(api.kind);
          JSON.stringify(session.report);
          await Promise.all([session.dispose(), clock.advance(2000)]);
          expect(wires.every((wire) => wire.destroyed)).toBe(true);
        },
      ),
      SECONDS === 0 ? { numRuns: 150 } : { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1000 },
    );
    process.off("uncaughtException", onUncaught);
    expect(uncaught).toEqual([]);
  },
  15_000 + SECONDS * 2000,
);
