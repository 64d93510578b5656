import { describe, expect, it } from "vitest";
import { calendarAt, regionOf } from "../../../electron/core/diagnosis/calendar.ts";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import { instantOf, wallClock } from "../../../electron/core/diagnosis/zone.ts";
import { offsetByRule } from "../../../shared/summer-time.ts";
import { apiFailed, apiIdle, broker, container, DAY, evidence, H, history, logProblem, MIN, queue, S } from "./evidence-builder.ts";

const utc = (text: string) => Date.parse(`${text}Z`);
const NY = "America/New_York";

describe("zones", () => {
  it.each([
    ["winter", "2026-01-14T05:15:00", { hour: 0, minute: 15, weekday: 3 }],
    ["summer", "2026-06-17T04:15:00", { hour: 0, minute: 15, weekday: 3 }],
    ["just before summer time", "2026-03-08T06:59:59", { hour: 1, minute: 59, weekday: 0 }],
    ["just after", "2026-03-08T07:00:00", { hour: 3, minute: 0, weekday: 0 }],
    ["the first 01:30 of the autumn night", "2026-11-01T05:30:00", { hour: 1, minute: 30, weekday: 0 }],
    ["the second", "2026-11-01T06:30:00", { hour: 1, minute: 30, weekday: 0 }],
  ])("reads New York's clock: %s", (_name, at, wanted) => {
    expect(wallClock(utc(at), NY)).toMatchObject(wanted);
  });
  it.each([
    ["winter", [2026, 1, 14, 0, 15], "2026-01-14T05:15:00"],
    ["summer", [2026, 6, 17, 0, 15], "2026-06-17T04:15:00"],
    ["the hour that comes twice: the first", [2026, 11, 1, 1, 30], "2026-11-01T05:30:00"],
    ["the hour that is skipped: an hour later", [2026, 3, 8, 2, 30], "2026-03-08T07:30:00"],
    ["day 0 is the last of the month before", [2026, 3, 0, 12, 0], "2026-02-28T17:00:00"],
    ["hour 27 is the next day's third", [2026, 6, 19, 27, 0], "2026-06-20T07:00:00"],
  ] as const)("finds the instant: %s", (_name, [year, month, day, hour, minute], wanted) => {
    expect(instantOf(NY, year, month, day, hour, minute)).toBe(utc(wanted));
  });
});

describe("the rules of summer time", () => {
  const clockOf = (zone: string) => {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
    return (ms: number) => {
      const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(format.format(ms)) ?? [];
      return sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * H + Number(minutes) * MIN);
    };
  };
  it.each([NY, "Europe/Zurich", "Asia/Hong_Kong", "UTC"])("are those of the runtime's own zone data: %s", (zone) => {
    const ahead = clockOf(zone);
    const wrong: string[] = [];
    for (let at = utc("2008-01-01T00:00:00"); at < utc("2050-01-01T00:00:00"); at += 31 * H)
      if (offsetByRule(at, zone) !== ahead(at)) wrong.push(new Date(at).toISOString());
    expect(wrong).toEqual([]);
  });
  it.each([
    [NY, "2026-03-08T07:00:00"],
    [NY, "2026-11-01T06:00:00"],
    ["Europe/Zurich", "2026-03-29T01:00:00"],
    ["Europe/Zurich", "2026-10-25T01:00:00"],
  ])("change to the second: %s %s", (zone, at) => {
    for (const shift of [-1000, 0]) expect(offsetByRule(utc(at) + shift, zone)).toBe(clockOf(zone)(utc(at) + shift));
  });
  it("say nothing of other zones and of years before them", () => {
    expect(offsetByRule(utc("2026-01-01T00:00:00"), "Europe/Berlin")).toBeNull();
    expect(offsetByRule(utc("1999-01-01T00:00:00"), NY)).toBeNull();
    expect(wallClock(utc("1999-04-10T12:00:00"), NY)).toMatchObject({ hour: 8 });
  });
});

describe("IBKR's calendar", () => {
  it.each([
    ["ndc1.ibllc.com:4001", "america", false],
    ["cdc1.ibllc.com", "america", false],
    ["zdc1.ibllc.com", "europe", false],
    ["hdc1", "asia", false],
    [null, "america", true],
    ["something.else", "america", true],
  ] as const)("region of %s", (peer, region, assumed) => expect(regionOf(peer)).toEqual({ region, assumed }));

  it.each([
    ["America, first minute, summer", "ndc1", "2026-06-17T04:15:00", "nightly-reset", "2026-06-17T05:45:00"],
    ["America, first minute, winter", "ndc1", "2026-01-14T05:15:00", "nightly-reset", "2026-01-14T06:45:00"],
    ["America, a second before", "ndc1", "2026-06-17T04:14:59", null, null],
    ["America, at its end", "ndc1", "2026-06-17T05:45:00", null, null],
    ["America, Sunday morning counts", "ndc1", "2026-06-21T04:30:00", "nightly-reset", "2026-06-21T05:45:00"],
    ["America, the night of summer time's beginning", "ndc1", "2026-03-08T06:30:00", "nightly-reset", "2026-03-08T06:45:00"],
    ["America, the night of its end: over after the first 01:45", "ndc1", "2026-11-01T05:50:00", null, null],
    ["Europe in summer", "zdc1", "2026-06-17T04:30:00", "nightly-reset", "2026-06-17T05:45:00"],
    ["Europe in winter", "zdc1", "2026-01-14T05:30:00", "nightly-reset", "2026-01-14T06:45:00"],
    ["Europe has no window when America has", "zdc1", "2026-01-14T05:20:00", null, null],
    ["Asia, morning", "hdc1", "2026-06-16T21:00:00", "nightly-reset", "2026-06-16T22:05:00"],
    ["Asia, evening", "hdc1", "2026-06-17T12:30:00", "nightly-reset", "2026-06-17T13:15:00"],
    ["weekend, Friday 23:30 New York", "zdc1", "2026-06-20T03:30:00", "weekend-reset", "2026-06-20T07:00:00"],
    ["weekend, Saturday 02:59 New York", "ndc1", "2026-06-20T06:59:00", "weekend-reset", "2026-06-20T07:00:00"],
    ["Saturday 03:00: over", "ndc1", "2026-06-20T07:00:00", null, null],
    ["Saturday's night has no reset", "ndc1", "2026-06-21T03:00:00", null, null],
    ["late log-off at 23:45 on a Tuesday", "ndc1", "2026-06-17T03:45:00", "late-exit", "2026-06-17T04:00:00"],
    ["noon", "ndc1", "2026-06-17T16:00:00", null, null],
  ] as const)("%s", (_name, peer, at, kind, until) => {
    const { window } = calendarAt(utc(at), peer);
    expect([window?.kind ?? null, window?.until ?? null]).toEqual([kind, until === null ? null : utc(until)]);
  });
  it("knows when the week's token died", () => {
    expect(calendarAt(utc("2026-06-21T05:00:00"), null).tokenDiedAt).toBe(utc("2026-06-21T05:00:00"));
    expect(calendarAt(utc("2026-06-21T04:59:59"), null).tokenDiedAt).toBeNull();
    expect(calendarAt(utc("2026-06-22T13:00:00"), null).tokenDiedAt).toBe(utc("2026-06-21T05:00:00"));
    expect(calendarAt(utc("2026-06-24T13:00:00"), null).tokenDiedAt).toBeNull();
    expect(calendarAt(utc("2026-01-11T06:00:00"), null).tokenDiedAt).toBe(utc("2026-01-11T06:00:00"));
  });
  it("has no opinion on times that are none", () => {
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY, 1e17]) expect(calendarAt(now, "ndc1")).toMatchObject({ window: null, tokenDiedAt: null });
  });
});

describe("what the calendar excuses", () => {
  const RESET = utc("2026-06-17T04:40:00");
  const lost = (agoMs: number) => broker((now) => ({ line: "down", since: now - agoMs, code: 1100 }));
  it("a line lost in the window: degraded, with the end named", () => {
    const diagnosis = diagnose(evidence(RESET, lost(5 * MIN)), RESET);
    expect(diagnosis).toMatchObject({
      light: "degraded",
      cause: { id: "broker-maintenance", endsAt: utc("2026-06-17T05:45:00") },
      excused: { until: utc("2026-06-17T05:45:00") },
    });
    expect(diagnosis.sentence).toContain("over in 65 min");
    expect(diagnosis.lights.broker.state).toBe("degraded");
  });
  it("not a line lost an hour before the window", () => {
    const diagnosis = diagnose(evidence(RESET, lost(H)), RESET);
    expect(diagnosis).toMatchObject({ light: "down", cause: { id: "broker-unreachable" }, excused: null });
  });
  it("not once the window is over", () => {
    const after = utc("2026-06-17T05:46:00");
    expect(diagnose(evidence(after, lost(30 * MIN)), after)).toMatchObject({ light: "down", excused: null });
  });
  it("not America's night for a gateway that is connected to Zurich", () => {
    expect(diagnose(evidence(RESET, history({ peer: "hdc1.ibllc.com" }), lost(5 * MIN)), RESET)).toMatchObject({ light: "down", excused: null });
  });
  it("not a wedge, whatever the hour", () => {
    expect(diagnose(evidence(RESET, queue(51), apiFailed("silent")), RESET)).toMatchObject({
      light: "down",
      cause: { id: "accept-queue-wedge" },
      excused: null,
    });
  });
  it("not a session that another log-in took, though the line is lost with it", () => {
    const taken = logProblem("relogin-required", MIN, "Re-login is required");
    expect(diagnose(evidence(RESET, taken, lost(MIN)), RESET)).toMatchObject({
      light: "down",
      cause: { id: "kicked-out" },
      excused: null,
      lights: { broker: { state: "down" } },
    });
  });
  it("not a log-off of its own: IBKR's forced exits come before midnight", () => {
    const ended = [
      container((now) => ({ status: "exited", pid: null, exitCode: 0, finishedAt: now - MIN })),
      logProblem("auto-logoff", MIN, "Gateway finished"),
      apiIdle("not-running"),
    ];
    expect(diagnose(evidence(RESET, ...ended), RESET)).toMatchObject({ light: "down", cause: { id: "auto-logoff" }, excused: null });
  });
  it("not a silent API", () => {
    expect(diagnose(evidence(RESET, apiFailed("silent")), RESET)).toMatchObject({ light: "down", excused: null });
  });
  it("says so where the region is only assumed", () => {
    const diagnosis = diagnose(evidence(RESET, history({ peer: null }), lost(5 * S)), RESET);
    expect(diagnosis.cause?.because.join(" ")).toContain("if the gateway's region is America");
  });
  it("the same evidence a week later gives the same verdict", () => {
    const later = RESET + 7 * DAY;
    expect(diagnose(evidence(later, lost(5 * MIN)), later).light).toBe("degraded");
  });
});
