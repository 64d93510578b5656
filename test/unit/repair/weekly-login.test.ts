import { describe, expect, it } from "vitest";
import { planWeeklyLogin, weeklyLoginNotice } from "../../../electron/core/repair/weekly-login.ts";
import { gateway as gatewaySchema } from "../../../shared/settings.ts";
import * as e from "../diagnosis/evidence-builder.ts";

const H = 3_600_000;
const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();

describe("when to remind of the weekly log-in", () => {
  it.each([
    ["Berlin in winter", "Europe/Berlin", "10:00", "2026-11-27T12:00:00Z", "2026-11-29T09:00:00.000Z", "2026-11-29T06:00:00.000Z"],
    ["Berlin in summer", "Europe/Berlin", "10:00", "2026-06-19T12:00:00Z", "2026-06-21T08:00:00.000Z", "2026-06-21T05:00:00.000Z"],
    // Europe's clocks go back at 01:00 UTC that Sunday, America's a week later.
    ["Berlin on the day the clocks go back", "Europe/Berlin", "10:00", "2026-10-24T12:00:00Z", "2026-10-25T09:00:00.000Z", "2026-10-25T05:00:00.000Z"],
    ["Berlin on the day they go forward", "Europe/Berlin", "10:00", "2026-03-28T12:00:00Z", "2026-03-29T08:00:00.000Z", "2026-03-29T05:00:00.000Z"],
    // New York goes forward at 02:00: 02:30 is not on the clock, so an hour's jump later.
    ["New York in the hour that is skipped", "America/New_York", "02:30", "2026-03-07T12:00:00Z", "2026-03-08T07:30:00.000Z", "2026-03-08T06:00:00.000Z"],
    [
      "New York, 01:30 comes twice: the first after the token's end",
      "America/New_York",
      "01:30",
      "2026-10-31T12:00:00Z",
      "2026-11-01T05:30:00.000Z",
      "2026-11-01T05:00:00.000Z",
    ],
    [
      "Los Angeles, where the token ends on Saturday evening",
      "America/Los_Angeles",
      "09:00",
      "2026-11-27T12:00:00Z",
      "2026-11-29T17:00:00.000Z",
      "2026-11-29T06:00:00.000Z",
    ],
    ["Tokyo, where 10:00 comes before the token's end", "Asia/Tokyo", "10:00", "2026-11-27T12:00:00Z", "2026-11-30T01:00:00.000Z", "2026-11-29T06:00:00.000Z"],
  ])("%s", (_name, zone, time, now, planned, dies) => {
    const plan = planWeeklyLogin(time, zone, at(now), null);
    expect([iso(plan.at), iso(plan.tokenDiesAt), plan.due]).toEqual([planned, dies, false]);
  });
  it("is due from the chosen hour on, until somebody logs in or half a day has passed", () => {
    const hour = at("2026-11-29T09:00:00Z");
    const due = (now: number, loggedInAt: number | null) => planWeeklyLogin("10:00", "Europe/Berlin", now, loggedInAt).due;
    expect(due(hour - 1, null)).toBe(false);
    expect(due(hour, null)).toBe(true);
    expect(due(hour, at("2026-11-29T05:59:00Z"))).toBe(true);
    expect(due(hour, at("2026-11-29T06:01:00Z"))).toBe(false);
    expect(due(hour + 11 * H, null)).toBe(true);
    expect(due(hour + 12 * H, null)).toBe(false);
  });
  it("plans the next week once this one's is over", () => {
    expect(iso(planWeeklyLogin("10:00", "Europe/Berlin", at("2026-12-02T12:00:00Z"), null).at)).toBe("2026-12-06T09:00:00.000Z");
  });
});

describe("the notice", () => {
  const gateway = (mode: "paper" | "live", weeklyLogin: string | null = "10:00") =>
    gatewaySchema.parse({ id: mode, name: "Live", mode, container: "c", weeklyLogin });
  const now = at("2026-11-29T09:00:00Z");
  const evidence = e.evidence(now);
  it("leads with one click to the way that keeps the settings, else to the restart", () => {
    const notice = weeklyLoginNotice("home", gateway("live"), evidence, () => "Europe/Berlin", now);
    expect(notice).toMatchObject({ id: "weekly-login/home/live/2026-11-29", action: { server: "home", gateway: "live", repair: "stop-and-start" } });
    const off = weeklyLoginNotice("home", gateway("live"), e.evidence(now, e.login({ commandServer: "off" })), () => "Europe/Berlin", now);
    expect(off?.action?.repair).toBe("restart-container");
    const form = weeklyLoginNotice("home", gateway("live"), e.evidence(now, e.login({ phase: "login-form", phaseAt: now - H })), () => "Europe/Berlin", now);
    expect(form?.action?.repair).toBe("restart-container");
  });
  it("is not for paper, not unless an hour was chosen, and not after a log-in", () => {
    expect(weeklyLoginNotice("home", gateway("paper"), evidence, () => "Europe/Berlin", now)).toBeNull();
    expect(weeklyLoginNotice("home", gateway("live", null), evidence, () => "Europe/Berlin", now)).toBeNull();
    expect(weeklyLoginNotice("home", gateway("live"), e.evidence(now, e.login({ phaseAt: now - H })), () => "Europe/Berlin", now)).toBeNull();
  });
});
