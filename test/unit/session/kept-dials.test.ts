import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DialPlan, MAX_DIALS_PER_HOUR } from "../../../electron/core/session/dial-plan.ts";
import { createKeptDials, type KeptDials } from "../../../electron/core/session/kept-dials.ts";

const NOW = 1_795_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let dir: string;
let file: string;
let log: string[];
let writers = 0;
const kept = (): KeptDials => createKeptDials({ file, writer: `w${++writers}`, log: (line) => log.push(line) });
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gatelight-dials-"));
  file = join(dir, "dials", "home", "paper");
  log = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A Gatelight that is started, dials as often as it may for so long, each time in vain, and ends. */
function run(from: number, ms: number, person = false): number[] {
  const plan = new DialPlan(() => 0.5, MAX_DIALS_PER_HOUR, kept());
  const dials: number[] = [];
  for (let now = from; now < from + ms; now += 1_000) {
    if (person) plan.hurry("person", now);
    if (plan.blocked(now) !== null) continue;
    dials.push(now);
    plan.dialled(now);
    plan.ended("silent", null, now);
  }
  return dials;
}

describe("the dials of a gateway, kept", () => {
  it("restarts in a row do not exceed the hour's twelve, and leave the last to a person", () => {
    const dials: number[] = [];
    for (let start = NOW; start < NOW + 3 * HOUR; start += MINUTE) dials.push(...run(start, 20_000));
    const inHour = (from: number) => dials.filter((at) => at >= from && at < from + HOUR).length;
    expect(Math.max(...dials.map(inHour))).toBe(MAX_DIALS_PER_HOUR - 1);
    // A start dials at once, as long as there is room.
    expect(dials[0]).toBe(NOW);
  });

  it("a person may still dial where starts may not, up to the twelfth", () => {
    const plan = new DialPlan(() => 0.5, MAX_DIALS_PER_HOUR, kept());
    const later = NOW + 50 * MINUTE;
    for (let index = 0; index < MAX_DIALS_PER_HOUR - 1; index++) kept().add(later - index * MINUTE, "start");
    expect(plan.blocked(later + 5_000)).toMatchObject({ reason: "hourly-limit" });
    plan.hurry("person", later + 5_000);
    expect(plan.blocked(later + 5_000)).toBeNull();
    plan.dialled(later + 5_000);
    plan.hurry("person", later + 9_000);
    expect(plan.blocked(later + 9_000)).toMatchObject({ reason: "hourly-limit" });
  });

  it("two that run at once count each other's", () => {
    const [one, other] = [new DialPlan(() => 0.5, MAX_DIALS_PER_HOUR, kept()), new DialPlan(() => 0.5, MAX_DIALS_PER_HOUR, kept())];
    let dials = 0;
    for (let now = NOW; now < NOW + HOUR; now += 1_000)
      for (const plan of [one, other]) {
        plan.hurry("person", now);
        if (plan.blocked(now) !== null) continue;
        dials++;
        plan.dialled(now);
        plan.ended("silent", null, now);
      }
    expect(dials).toBe(MAX_DIALS_PER_HOUR);
  });

  it("tells which brought a session, and forgets what never reached the server", () => {
    const writer = kept();
    writer.add(NOW, "start");
    writer.mark(NOW, "good");
    writer.add(NOW + 1_000, "evidence");
    writer.mark(NOW + 1_000, "unsent");
    writer.add(NOW + 2_000, "person");
    expect(kept().others(NOW + 3_000)).toEqual([
      { at: NOW, cause: "start", good: true },
      { at: NOW + 2_000, cause: "person", good: false },
    ]);
    expect(writer.others(NOW + 3_000)).toEqual([]);
    expect(kept().others(NOW + HOUR + 1_000)).toHaveLength(1);
  });

  it("is for this user alone, and stays small", () => {
    const writer = kept();
    for (let index = 0; index < 500; index++) writer.add(NOW + index * 10 * MINUTE, "time");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, "dials")).mode & 0o777).toBe(0o700);
    expect(readFileSync(file, "utf8").split("\n").length).toBeLessThan(210);
    expect(kept().others(NOW + 499 * 10 * MINUTE)).toHaveLength(6);
  });

  it("a clock that was set back since holds nobody up for longer than an hour", () => {
    kept().add(NOW + 30 * MINUTE, "start");
    kept().add(NOW + 10 * HOUR, "start");
    expect(kept().others(NOW)).toEqual([{ at: NOW, cause: "start", good: false }]);
  });

  it("what is damaged counts for nothing, and is told once", () => {
    kept().add(NOW, "start");
    appendFileSync(file, "1795000000000 w9 sta\n\u0000\u0000\nnot a line\n");
    const reader = kept();
    expect(reader.others(NOW)).toHaveLength(1);
    expect(reader.others(NOW)).toHaveLength(1);
    expect(log).toEqual(["3 of the lines about earlier dials could not be read"]);
    writeFileSync(file, "x".repeat(100_000));
    expect(kept().others(NOW)).toEqual([]);
    rmSync(file);
    mkdirSync(file);
    const blocked = kept();
    expect(blocked.others(NOW)).toEqual([]);
    blocked.add(NOW, "start");
    expect(log.length).toBe(5);
  });

  it("of a file that was blown up the last dials still count, and the next one makes it small again", () => {
    mkdirSync(join(dir, "dials", "home"), { recursive: true });
    writeFileSync(file, `${"x".repeat(50)}\n`.repeat(5_000));
    appendFileSync(file, `${NOW} w0 start\n`);
    const next = kept();
    expect(next.others(NOW)).toHaveLength(1);
    next.add(NOW + 1_000, "time");
    expect(statSync(file).size).toBeLessThan(1_000);
    expect(kept().others(NOW + 2_000)).toHaveLength(2);
  });

  it("whatever stands there", () => {
    mkdirSync(join(dir, "dials", "home"), { recursive: true });
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.tuple(fc.integer(), fc.string(), fc.constantFrom("start", "good", "x")).map((words) => words.join(" ")),
          ),
        ),
        (lines) => {
          writeFileSync(file, lines.join("\n"));
          expect(
            kept()
              .others(NOW)
              .every(({ at }) => at <= NOW),
          ).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});
