import { describe, expect, it } from "vitest";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import { evidenceLines } from "../../../electron/core/diagnosis/evidence-lines.ts";
import { guideItems } from "../../../electron/core/diagnosis/guide.ts";
import { afterColon, coarse, duration, redact } from "../../../electron/core/diagnosis/text.ts";
import {
  api,
  apiFailed,
  apiIdle,
  broker,
  type Change,
  container,
  evidence,
  H,
  healthy,
  listening,
  login,
  logProblem,
  MIN,
  mcp,
  NOW,
  noDockerFacts,
  queue,
  S,
} from "./evidence-builder.ts";

describe("texts", () => {
  it.each([
    [0, "0 s"],
    [-5, "0 s"],
    [89_999, "89 s"],
    [90_000, "1 min"],
    [89 * MIN, "89 min"],
    [90 * MIN, "1 h"],
    [47 * H, "47 h"],
    [75 * H, "3 d"],
    [Number.NaN, "0 s"],
  ])("duration of %s", (ms, text) => expect(duration(ms)).toBe(text));
  it("coarse durations change seldom", () => {
    expect([14_999, 15_000, 59_999, 60_000, 4 * MIN].map(coarse)).toEqual(["a moment", "under a minute", "under a minute", "60 s", "4 min"]);
  });
  it.each([
    ["login of DU1234567 failed", "login of (account) failed"],
    ["U1234567: no", "(account): no"],
    ["Setting user name: somebody", "Setting user name: …"],
    ["password=hunter2 x", "password=… x"],
    ["line\u0000with\u001b[31mcontrol\u202e", "line with [31mcontrol"],
    ["a".repeat(400), "a".repeat(200)],
  ])("redacts %j", (text, wanted) => expect(redact(text)).toBe(wanted));
  it("keeps names and abbreviations after a colon", () => {
    expect(["The gateway hangs", "IBKR is away", "SSH log-in was refused", "Docker does not run"].map(afterColon)).toEqual([
      "the gateway hangs",
      "IBKR is away",
      "SSH log-in was refused",
      "Docker does not run",
    ]);
  });
});

describe("the sentence", () => {
  it.each<[string, readonly Change[], string]>([
    ["up", [], "Paper can be used: the API answers and IBKR is connected."],
    ["down", [queue(51), apiFailed("silent")], "Paper cannot be used: the gateway stopped accepting connections."],
    [
      "degraded",
      [mcp({ http: "refused", detail: "refused" })],
      "Paper can be used, but not all is well: the MCP server does not work, though the gateway does.",
    ],
    [
      "needs-you",
      [
        login((now) => ({ phase: "second-factor", phaseAt: now - S, secondFactor: { startedAt: now - S, state: "pending", limitSeconds: 180 } })),
        listening(4004),
        apiIdle("not-logged-in"),
      ],
      "Paper needs you: IBKR waits for your second factor: approve it on your phone.",
    ],
    ["off", [apiIdle("released")], "Paper is not watched: its API session is released."],
    ["connecting", [noDockerFacts, apiIdle("no-route")], "Paper: not known yet whether it can be used."],
  ])("of %s", (_name, changes, sentence) => expect(diagnose(evidence(NOW, ...changes), NOW).sentence).toBe(sentence));
});

describe("evidence lines", () => {
  const lines = (...changes: Change[]) => new Map(evidenceLines(evidence(NOW, ...changes), NOW).map((line) => [line.label, line]));
  it("tell what was seen, with the time of each fact", () => {
    const seen = lines(queue(51), apiFailed("silent"));
    expect(seen.get("Accept queue")).toEqual({ label: "Accept queue", value: "51 of 51 waiting at 4002", at: NOW - S });
    expect(seen.get("Container")?.value).toBe("running for 3 d; restarted by Docker 0 times");
    expect(seen.get("API session")?.value).toContain("last: silent");
    expect(seen.get("Server's clock")?.value).toBe("as ours");
    expect(seen.get("IBKR's calendar")?.value).toBe("no maintenance now; region america");
  });
  it("show the gateway's notices in its own words, those that no cause knows too", () => {
    const seen = lines(broker({ notices: [{ code: 2188, text: "Something new about DU1234567\u0007", at: NOW - 5 * S }] }));
    expect(seen.get("Notices")?.value).toBe("2188, a moment ago: Something new about (account)");
  });
  it("say where nothing is known", () => {
    const seen = lines(noDockerFacts);
    expect(seen.get("Container")).toEqual({ label: "Container", value: "not known", at: null });
    expect(seen.get("Accept queue")?.value).toBe("not known");
  });
  it("hold no account number, user name or foreign control character", () => {
    const all = JSON.stringify(
      evidenceLines(
        evidence(
          NOW,
          logProblem("login-failed", MIN, "Login failed for user: somebody DU1234567"),
          broker({ notices: [{ code: 321, text: "U1234567 read-only", at: NOW }] }),
          mcp({ detail: "account U7654321\u0007" }),
          container({ image: "registry/DU1234567" }),
        ),
        NOW,
      ),
    );
    expect(all).not.toMatch(/DU1234567|U1234567|U7654321|somebody|\\u0007/);
  });
});

describe("the guide beside the API settings", () => {
  const states = (...changes: Change[]) => Object.fromEntries(guideItems(evidence(NOW, ...changes)).map((item) => [item.id, item.state]));
  it("names the port of the mode", () => {
    const live = guideItems({ ...healthy(), gateway: { ...healthy().gateway, mode: "live", ports: { relay: 4003, api: 4001, vnc: 5900 } } });
    expect(guideItems(healthy())[0]?.title).toBe("Socket port: 4002");
    expect(live[0]?.title).toBe("Socket port: 4001");
  });
  it("says what is proven, contradicted or open", () => {
    expect(states()).toEqual({ "socket-port": "proven", "read-only": "proven", "localhost-only": "open", "trusted-ips": "proven" });
    expect(states(apiFailed("closed-at-once"))).toMatchObject({ "localhost-only": "contradicted", "trusted-ips": "open" });
    expect(states(listening(4000, 4004), login({ apiPort: 4000 }), apiFailed("closed-at-once"))).toMatchObject({
      "socket-port": "contradicted",
      "localhost-only": "open",
    });
    expect(states(login({ readOnlyApi: true }))).toMatchObject({ "read-only": "contradicted" });
    expect(states(logProblem("accept-dialog-open", S), apiFailed("silent"))).toMatchObject({ "trusted-ips": "contradicted" });
    expect(states(noDockerFacts, apiIdle("no-route"))).toEqual({ "socket-port": "open", "read-only": "open", "localhost-only": "open", "trusted-ips": "open" });
  });
  it("does not blame the filter for a wedge", () => {
    expect(states(queue(51), apiFailed("closed-at-once"))).toMatchObject({ "localhost-only": "open" });
  });
  it("takes an answer past the relay as proof that strangers are let in", () => {
    expect(
      states((e, now) => ({
        ...e,
        route: { at: now, value: { api: { host: "172.18.0.5", port: 4002, by: "container-address", containerPort: 4002, through: "direct" }, vnc: null } },
      })),
    ).toMatchObject({ "localhost-only": "proven" });
  });
});

describe("an hour whose dials are used up", () => {
  it("says when the next follows, that starts count, and that a person may ask", () => {
    const idle = (until: number | null): Change => api({ kind: "idle", reason: "hourly-limit", until, last: null });
    const detail = (until: number | null) => diagnose(evidence(NOW, idle(until)), NOW).lights.api.detail;
    expect(detail(NOW + 20 * MIN)).toMatch(/each start of Gatelight counts.* in 20 min; one is kept for a person who asks/);
    expect(detail(null)).toContain("follows soon");
  });
});
