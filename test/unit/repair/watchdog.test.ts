import { describe, expect, it } from "vitest";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import type { Finding } from "../../../electron/core/diagnosis/finding.ts";
import { decideWatchdog, type WatchdogView } from "../../../electron/core/repair/decide-watchdog.ts";
import { earlierRuns } from "../../../electron/core/repair/watchdog.ts";
import type { Incident, RepairOffer } from "../../../shared/snapshot.ts";
import type { RepairId } from "../../../shared/words.ts";
import * as e from "../diagnosis/evidence-builder.ts";

const { NOW, MIN, H, DAY } = e;
const diagnosis = diagnose(e.evidence(NOW), NOW);
const finding = (change: Partial<Finding> = {}): Finding => ({
  id: "relay-dead",
  title: "The relay is dead",
  because: [],
  confidence: "certain",
  repairs: ["restart-relay", "restart-soft"],
  decides: null,
  endsAt: null,
  light: "relay",
  ...change,
});
const offer = (id: RepairId, change: Partial<RepairOffer> = {}): RepairOffer => ({
  id,
  title: id,
  price: { secondFactor: false, losesUiSettings: false, downtimeSeconds: 10 },
  refused: null,
  ...change,
});
const view = (change: Partial<WatchdogView> = {}): WatchdogView => ({
  settings: { enabled: true, repairs: ["restart-relay"], maxPerDay: 2 },
  now: NOW,
  diagnosis: { ...diagnosis, light: "down", cause: finding() },
  certainSince: NOW - 61_000,
  offers: [offer("restart-relay"), offer("restart-soft")],
  inWindow: false,
  foreignStartAt: null,
  inHands: false,
  running: false,
  runs: [],
  ...change,
});
const ran = (ago: number, repair: RepairId = "restart-relay") => ({ at: NOW - ago, repair, cause: "relay-dead" as const });

describe("watchdog", () => {
  it("acts on a certain cause that lasted, with the mildest repair that was chosen", () => {
    expect(decideWatchdog(view())).toEqual({ kind: "act", repair: "restart-relay", cause: "relay-dead" });
  });
  it.each<[string, Partial<WatchdogView>, string]>([
    ["no settings", { settings: undefined }, "not wanted"],
    ["off", { settings: { enabled: false, repairs: ["restart-relay"], maxPerDay: 2 } }, "not wanted"],
    ["nothing chosen", { settings: { enabled: true, repairs: [], maxPerDay: 2 } }, "not wanted"],
    ["all well", { diagnosis }, "no certain cause"],
    ["only likely", { diagnosis: { ...diagnosis, cause: finding({ confidence: "likely" }) } }, "no certain cause"],
    ["not lasting", { certainSince: NOW - 59_000 }, "not lasting yet"],
    ["never certain", { certainSince: null }, "not lasting yet"],
    ["a repair runs", { running: true }, "a repair runs"],
    ["reset window", { inWindow: true }, "reset window"],
    ["excused", { diagnosis: { ...diagnosis, cause: finding(), excused: { reason: "night", until: NOW + MIN } } }, "reset window"],
    ["healer named beside", { diagnosis: { ...diagnosis, cause: finding(), others: [finding({ id: "competing-healer" })] } }, "another healer"],
    ["restart loop", { diagnosis: { ...diagnosis, cause: finding({ id: "restart-loop" }) } }, "another healer"],
    ["started by another lately", { foreignStartAt: NOW - 9 * MIN }, "another healer"],
    ["left to TWS or looked at", { inHands: true }, "in a person's hands"],
    ["budget used up", { runs: [ran(23 * H), ran(2 * H)] }, "budget used up"],
    ["budget used up by a clock set back", { runs: [ran(-2 * H), ran(-3 * H)] }, "budget used up"],
    ["just did something", { runs: [ran(4 * MIN, "restart-soft")] }, "resting"],
    ["tried against this cause", { runs: [ran(30 * MIN)] }, "nothing allowed helps"],
    ["refused", { offers: [offer("restart-relay", { refused: "no" })] }, "nothing allowed helps"],
    ["not chosen", { offers: [offer("restart-soft")] }, "nothing allowed helps"],
    [
      "costs a second factor",
      { offers: [offer("restart-relay", { price: { secondFactor: true, losesUiSettings: false, downtimeSeconds: 1 } })] },
      "nothing allowed helps",
    ],
  ])("waits: %s", (_name, change, why) => {
    expect(decideWatchdog(view(change))).toEqual({ kind: "wait", why });
  });
  it("goes one step up where the milder one has not helped, and begins anew the next day", () => {
    const both = { enabled: true, repairs: ["restart-relay", "restart-soft"] as ("restart-relay" | "restart-soft")[], maxPerDay: 2 };
    expect(decideWatchdog(view({ settings: both, runs: [ran(10 * MIN)] }))).toMatchObject({ repair: "restart-soft" });
    expect(decideWatchdog(view({ runs: [ran(DAY + MIN), ran(DAY + 2 * MIN)] }))).toMatchObject({ kind: "act" });
  });
  it("finds its earlier work in the incident log, and nobody else's", () => {
    const incident = (detail: string): Incident => ({ id: 1, gateway: "paper", kind: "repair", at: 5, endedAt: 6, title: "", detail, cause: "relay-dead" });
    expect(
      earlierRuns([
        incident("asked by the watchdog\nrepair restart-relay\nagainst relay-dead"),
        incident("asked by window abc\nrepair restart-relay"),
        { ...incident("asked by the watchdog\nrepair restart-relay"), kind: "note" },
      ]),
    ).toEqual([{ at: 5, repair: "restart-relay", cause: "relay-dead" }]);
  });
});
