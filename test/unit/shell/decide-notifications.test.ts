import { describe, expect, it } from "vitest";
import { type Decision, decideNotifications, NOTHING_TOLD, type NotifyContext, type Told } from "../../../shared/decide-notifications.ts";
import type { GatewaySnapshot } from "../../../shared/snapshot.ts";
import { broken, gateway, NOW, server, snapshot, WEDGE } from "../report/sample-snapshot.ts";

/** Plays states over time: [seconds, gateways, context]. Each step decides once. */
function play(steps: readonly [number, readonly GatewaySnapshot[], Partial<NotifyContext>?][]): Decision[] {
  let told: Told = NOTHING_TOLD;
  return steps.map(([seconds, gateways, extra]) => {
    const context = { now: NOW + seconds * 1000, notify: { afterSeconds: 10, mute: false }, windowVisible: false, graceUntil: 0, ...extra };
    const decision = decideNotifications(told, snapshot([server(gateways)]), context);
    told = decision.told;
    return decision;
  });
}
const titles = (decisions: readonly Decision[]) => decisions.map((decision) => decision.notices.map((notice) => notice.title));
const up = [gateway()];
const down = [broken()];
const PENDING = { ...WEDGE, id: "second-factor-pending", title: "The second factor is awaited", endsAt: NOW + 178_000 } as const;

describe("notifications", () => {
  it("tell of a change only once it lasted, with cause and first way out", () => {
    const decisions = play([
      [0, up],
      [1, down],
      [10, down],
      [11, down],
      [60, down],
    ]);
    expect(titles(decisions)).toEqual([[], [], [], ["Paper cannot be used"], []]);
    expect(decisions[1]?.nextAt).toBe(NOW + 11_000);
    expect(decisions[3]?.notices[0]).toMatchObject({
      body: "The gateway stopped accepting connections. Way out: Open the API settings",
      server: "home",
      gateway: "paper",
      urgent: false,
    });
  });
  it("pass over a blink", () => {
    expect(
      titles(
        play([
          [0, up],
          [1, down],
          [8, up],
          [9, down],
          [18, down],
          [30, up],
        ]),
      ).flat(),
    ).toEqual([]);
  });
  it("tell of the recovery only where the fault was told", () => {
    expect(
      titles(
        play([
          [0, down],
          [11, down],
          [12, up],
          [23, up],
        ]),
      ),
    ).toEqual([[], ["Paper cannot be used"], [], ["Paper can be used again"]]);
  });
  it("say nothing for a state on its way or not known", () => {
    const between = [gateway({ states: { api: "connecting" } })];
    expect(
      titles(
        play([
          [0, up],
          [1, between],
          [300, between],
          [301, up],
          [400, up],
        ]),
      ).flat(),
    ).toEqual([]);
  });
  it("count as told what the window shows", () => {
    expect(
      titles(
        play([
          [0, up],
          [1, down, { windowVisible: true }],
          [60, down],
          [90, up],
          [120, up],
        ]),
      ).flat(),
    ).toEqual(["Paper can be used again"]);
  });
  it("are quiet in excused windows, and tell what still stands after", () => {
    const excused = [broken({ excused: { reason: "nightly reset", until: NOW + 600_000 } })];
    const decisions = play([
      [0, up],
      [1, excused],
      [300, excused],
      [601, down],
      [602, down],
    ]);
    expect(titles(decisions)).toEqual([[], [], [], ["Paper cannot be used"], []]);
    expect(decisions[2]?.nextAt).toBe(NOW + 600_000);
  });
  it("are quiet after sleep until the grace is over", () => {
    const grace = { graceUntil: NOW + 3_630_000 };
    expect(
      titles(
        play([
          [0, up],
          [3600, down, grace],
          [3620, down, grace],
          [3625, up, grace],
          [3700, up],
        ]),
      ).flat(),
    ).toEqual([]);
    expect(
      titles(
        play([
          [0, up],
          [3600, down, grace],
          [3629, down, grace],
          [3630, down, grace],
        ]),
      ),
    ).toEqual([[], [], [], ["Paper cannot be used"]]);
  });
  it("are silent when muted", () => {
    expect(
      titles(
        play([
          [0, up],
          [1, down, { notify: { afterSeconds: 10, mute: true } }],
          [60, [broken({ cause: PENDING })], { notify: { afterSeconds: 10, mute: true } }],
        ]),
      ).flat(),
    ).toEqual([]);
  });
  it("name the second factor at once with its countdown, and once", () => {
    const waiting = [broken({ light: "needs-you", cause: PENDING })];
    const decisions = play([
      [0, up],
      [1, waiting],
      [2, waiting],
      [40, waiting],
      [50, up],
      [60, waiting],
    ]);
    expect(titles(decisions)).toEqual([[], ["Paper asks for the second factor"], [], [], [], ["Paper asks for the second factor"]]);
    expect(decisions[1]?.notices[0]).toMatchObject({ body: "Approve the log-in on your phone within 2:57.", urgent: true });
  });
  it("speak for each gateway by itself", () => {
    const live = broken({ id: "live", name: "Live", mode: "live" });
    const decisions = play([
      [0, [gateway(), gateway({ id: "live", name: "Live" })]],
      [1, [broken(), live]],
      [11, [broken(), live]],
    ]);
    expect(decisions[2]?.notices.map((notice) => notice.key)).toEqual(["home/paper", "home/live"]);
  });
  it("wait for the end of a repair", () => {
    const run = {
      id: "r",
      repair: "restart-soft",
      title: "Restart",
      startedAt: NOW,
      expectedSeconds: 90,
      endedAt: null,
      outcome: "running",
      steps: [],
      output: [],
      cancellable: true,
      secondFactorUntil: null,
      verdict: null,
      next: null,
    } as const;
    const decisions = play([
      [0, up],
      [1, [broken({ run })]],
      [60, [broken({ run })]],
      [61, [broken({ run: { ...run, outcome: "not-cured" } })]],
    ]);
    expect(titles(decisions)).toEqual([[], [], [], ["Paper cannot be used"]]);
    const factor = play([[0, [broken({ run: { ...run, secondFactorUntil: NOW + 61_000 } })]]]);
    expect(factor[0]?.notices[0]?.body).toBe("Approve the log-in on your phone within 1:01.");
  });
  it("announce a question once", () => {
    const prompt = {
      id: "p",
      key: "k",
      kind: "password",
      server: "home",
      gateway: null,
      title: "Password for linuxserver.lan",
      detail: "",
      fields: [],
      canRemember: true,
      hostKey: null,
      askedAt: NOW,
      expiresAt: NOW,
    } as const;
    const context = { now: NOW, notify: { afterSeconds: 10, mute: false }, windowVisible: false, graceUntil: 0 };
    const asking = snapshot([server(up)], { prompts: [prompt] });
    const first = decideNotifications(NOTHING_TOLD, asking, context);
    expect(first.notices.map((notice) => [notice.title, notice.body])).toEqual([["Gatelight needs you", "Password for linuxserver.lan"]]);
    expect(decideNotifications(first.told, asking, context).notices).toEqual([]);
  });
  it("tells a notice that asks for it once, and again when it is news", () => {
    const asking = snapshot([server(up)]);
    const notice = {
      id: "watchdog/home/paper",
      kind: "info" as const,
      title: "Repaired by itself",
      detail: "",
      at: 1,
      tell: { server: "home", gateway: "paper" },
    };
    const context = { now: NOW, notify: { afterSeconds: 10, mute: false }, windowVisible: false, graceUntil: 0 };
    const first = decideNotifications(NOTHING_TOLD, { ...asking, notices: [notice, { ...notice, id: "quiet", tell: undefined }] }, context);
    expect(first.notices.map((each) => [each.title, each.server, each.gateway])).toEqual([["Repaired by itself", "home", "paper"]]);
    expect(decideNotifications(first.told, { ...asking, notices: [notice] }, context).notices).toEqual([]);
    expect(decideNotifications(first.told, { ...asking, notices: [{ ...notice, at: 2 }] }, context).notices).toHaveLength(1);
    expect(decideNotifications(NOTHING_TOLD, { ...asking, notices: [notice] }, { ...context, notify: { afterSeconds: 10, mute: true } }).notices).toEqual([]);
  });
  it("never carry an amount or an account number", () => {
    const decisions = play([
      [0, up],
      [1, [broken({ cause: { ...WEDGE, title: "DU1234567 holds 1" } })]],
      [20, [broken({ cause: { ...WEDGE, title: "DU1234567 holds 1" } })]],
    ]);
    expect(JSON.stringify(decisions.map((decision) => decision.notices))).not.toMatch(/DU1234567|1000000/);
  });

  const live = (extra: Partial<GatewaySnapshot> = {}) => broken({ id: "live", name: "Live", mode: "live", ...extra });
  const grace = { graceUntil: NOW + 3_630_000 };
  const waiting = broken({ light: "needs-you", cause: PENDING });
  const excuse = { reason: "weekly reset", until: NOW + 3_600_000 };
  it.each<[string, Parameters<typeof play>[0], string[]]>([
    [
      "a second factor does not wait for the end of a grace",
      [
        [0, up],
        [3600, [waiting], grace],
      ],
      ["Paper asks for the second factor"],
    ],
    [
      "nor for the end of a reset window",
      [
        [0, up],
        [1, [{ ...waiting, excused: excuse }]],
      ],
      ["Paper asks for the second factor"],
    ],
    [
      "nor is it told where the window shows it",
      [
        [0, up],
        [1, [waiting], { windowVisible: true }],
        [30, [waiting]],
      ],
      [],
    ],
    [
      "a fault and the second factor after it are two things",
      [
        [0, up],
        [1, down],
        [12, down],
        [40, [waiting]],
      ],
      ["Paper cannot be used", "Paper asks for the second factor"],
    ],
    [
      "two gateways that are slow to come back after sleep are no burst",
      [
        [0, up],
        [3600, [broken(), live()], grace],
        [3628, [broken(), live()], grace],
        [3629, [gateway(), gateway({ id: "live", name: "Live" })], grace],
        [3700, [gateway(), gateway({ id: "live", name: "Live" })]],
      ],
      [],
    ],
    [
      "one that stands still is told of, once each, when the grace is over",
      [
        [0, up],
        [3600, [broken(), live()], grace],
        [3631, [broken(), live()], grace],
        [3700, [broken(), live()]],
      ],
      ["Paper cannot be used", "Live cannot be used"],
    ],
    [
      "a reset window in which all comes back is passed over",
      [
        [0, up],
        [1, [broken({ excused: excuse }), live({ excused: excuse })]],
        [3500, [gateway(), gateway({ id: "live", name: "Live" })]],
        [3700, [gateway(), gateway({ id: "live", name: "Live" })]],
      ],
      [],
    ],
    [
      "poor becomes bad: both are told, each once it lasted",
      [
        [0, up],
        [1, [gateway({ states: { mcp: "degraded" } })]],
        [12, [gateway({ states: { mcp: "degraded" } })]],
        [20, down],
        [31, down],
        [99, down],
      ],
      ["Paper is degraded", "Paper cannot be used"],
    ],
    [
      "a gateway that is taken out of the settings says nothing more",
      [
        [0, up],
        [1, down],
        [5, []],
        [60, []],
      ],
      [],
    ],
    [
      "one found broken at the start is told of",
      [
        [0, down],
        [11, down],
      ],
      ["Paper cannot be used"],
    ],
  ])("%s", (_name, steps, wanted) => {
    expect(titles(play(steps)).flat()).toEqual(wanted);
  });
  it("wait as long as the person wishes", () => {
    const patient = { notify: { afterSeconds: 120, mute: false } };
    expect(
      titles(
        play([
          [0, up],
          [1, down, patient],
          [120, down, patient],
          [121, down, patient],
        ]),
      ),
    ).toEqual([[], [], [], ["Paper cannot be used"]]);
    const at = play([
      [0, up],
      [1, down, { notify: { afterSeconds: 0, mute: false } }],
    ]);
    expect(titles(at)).toEqual([[], ["Paper cannot be used"]]);
  });
});
