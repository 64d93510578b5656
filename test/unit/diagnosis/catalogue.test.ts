import { describe, expect, it } from "vitest";
import { CATALOGUE } from "../../../electron/core/diagnosis/catalogue.ts";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import type { Diagnosis } from "../../../electron/core/diagnosis/finding.ts";
import { REPAIR_CATALOGUE } from "../../../electron/core/repair/ladder.ts";
import { CAUSES, REPAIRS } from "../../../shared/words.ts";
import { CALM_CASES } from "./cases/calm.ts";
import type { FaultCase } from "./cases/case.ts";
import { GATEWAY_CASES } from "./cases/gateway.ts";
import { LOGIN_CASES } from "./cases/login.ts";
import { SERVER_CASES } from "./cases/server.ts";

import {
  account,
  aged,
  apiFailed,
  broker,
  type Change,
  container,
  docker,
  evidence,
  healthy,
  linkFailed,
  listening,
  login,
  MIN,
  mcp,
  mcpSuffers,
  NOW,
  noDockerFacts,
  processes,
  queue,
  S,
  screen,
  sockets,
  starting,
} from "./evidence-builder.ts";

const FAULTS: readonly FaultCase[] = [...SERVER_CASES, ...LOGIN_CASES, ...GATEWAY_CASES];
const named = (diagnosis: Diagnosis) => [diagnosis.cause, ...diagnosis.others].flatMap((finding) => (finding === null ? [] : [finding.id]));
const alarms = (diagnosis: Diagnosis) =>
  diagnosis.light === "down" || diagnosis.light === "needs-you" || (diagnosis.light === "degraded" && diagnosis.excused === null);

/** Rows of the failure table that are causes, from `facts/gateway.md` §4.3 as the promises to scripts number them. */
const ROWS: Readonly<Record<string, number | null>> = {
  "name-not-found": 1,
  "server-unreachable": 1,
  "ssh-auth-failed": 2,
  "host-key-unknown": 2,
  "host-key-changed": 2,
  "forwarding-forbidden": 3,
  "local-port-taken": 4,
  "tunnel-half-open": 5,
  "docker-down": 6,
  "docker-permission": 6,
  "container-missing": 7,
  "container-exited": 7,
  "restart-loop": 8,
  "competing-healer": 9,
  booting: 10,
  "login-window-missing": 11,
  "xvfb-dead": 12,
  "wrong-password": 13,
  "too-many-attempts": 14,
  "second-factor-pending": 15,
  "second-factor-missed": 16,
  "second-factor-device": 17,
  "password-expired": 18,
  "existing-session": 19,
  "kicked-out": 20,
  "broker-lockout": 21,
  "broker-maintenance": 22,
  "weekly-login-due": 23,
  "stale-autorestart": 24,
  "restart-stalled": 25,
  "auto-logoff": 26,
  "cold-restart-loop": 27,
  "paper-disclaimer": 28,
  "port-mismatch": 29,
  "mode-mismatch": 30,
  "relay-bypassed": 31,
  "localhost-only": 32,
  "accept-dialog": 33,
  "read-only-api": 34,
  "accept-queue-wedge": 35,
  "gateway-hung": 36,
  "client-id-in-use": 37,
  "relay-dead": 38,
  "vnc-off": 39,
  "vnc-died": 40,
  "vnc-password-wrong": 41,
  "vnc-black": 42,
  "broker-unreachable": 43,
  "farms-down": 44,
  "api-port-changed": 45,
  "account-data-silent": 46,
  "build-desupported": 47,
  "settings-lost": 48,
  "clock-wrong": 49,
  "mcp-down": 50,
  "mcp-misleading": 51,
  "mcp-desync": 52,
  "wrong-service": null,
  unexplained: null,
};

describe("the catalogue", () => {
  it("holds every cause once, with row, title, evidence and repairs, mildest first", () => {
    expect(CATALOGUE.map((cause) => cause.id).sort()).toEqual([...CAUSES].sort());
    for (const cause of CATALOGUE) {
      expect(cause.row, cause.id).toBe(ROWS[cause.id]);
      expect(cause.title.length, cause.id).toBeGreaterThan(10);
      expect(cause.title.endsWith("."), cause.id).toBe(false);
      expect(cause.word.split(" ").length, cause.id).toBeLessThanOrEqual(3);
      expect(cause.requires.length * cause.ruledOutBy.length, cause.id).toBeGreaterThan(0);
      expect(cause.repairs.length, cause.id).toBeGreaterThan(0);
      const order = cause.repairs.map((repair) => REPAIRS.indexOf(repair));
      expect(order, cause.id).toEqual([...order].sort((a, b) => a - b));
    }
  });
  it("prices every repair; only a fresh log-in of a live gateway costs a second factor", () => {
    expect(Object.keys(REPAIR_CATALOGUE).sort()).toEqual([...REPAIRS].sort());
    for (const repair of REPAIRS) expect(REPAIR_CATALOGUE[repair].price("paper").secondFactor, repair).toBe(false);
    const asks = REPAIRS.filter((repair) => REPAIR_CATALOGUE[repair].price("live").secondFactor);
    expect(asks).toEqual(["stop-and-start", "restart-container", "recreate-container", "pull-image", "fresh-reinstall"]);
    expect(REPAIR_CATALOGUE["restart-soft"].price("live")).toEqual({ secondFactor: false, losesUiSettings: false, downtimeSeconds: 90 });
    expect(REPAIR_CATALOGUE["stop-and-start"].price("live").losesUiSettings).toBe(false);
    expect(REPAIR_CATALOGUE["restart-container"].price("paper").losesUiSettings).toBe(true);
  });
});

describe("recorded evidence", () => {
  it("has at least three variants of each cause and thirty calm situations", () => {
    for (const cause of CAUSES) {
      const variants = FAULTS.filter((each) => each.cause === cause).map((each) => each.variant);
      expect(new Set(variants).size, cause).toBe(3);
    }
    expect(CALM_CASES.length).toBeGreaterThanOrEqual(30);
  });

  it.each(FAULTS.filter((each) => each.variant === "typical"))("$cause first: $name", ({ cause, evidence, now }) => {
    const diagnosis = diagnose(evidence, now);
    expect({ named: named(diagnosis)[0], light: diagnosis.light }).toMatchObject({ named: cause });
  });
  it.each(FAULTS)("$cause among the first two: $name ($variant)", ({ cause, evidence, now }) => {
    const diagnosis = diagnose(evidence, now);
    expect(named(diagnosis).slice(0, 2)).toContain(cause);
    expect(diagnosis.light).not.toBe("up");
    const found = [diagnosis.cause, ...diagnosis.others].find((finding) => finding?.id === cause);
    expect(found?.because.length).toBeGreaterThan(0);
    expect(found?.because.join("")).not.toMatch(/undefined|NaN|Infinity|null/);
  });
  it.each(CALM_CASES)("no alarm: $name", ({ evidence, now }) => {
    const diagnosis = diagnose(evidence, now);
    expect({
      alarms: alarms(diagnosis),
      light: diagnosis.light,
      cause: diagnosis.cause?.id ?? null,
      because: alarms(diagnosis) ? diagnosis.cause?.because : "",
    }).toMatchObject({ alarms: false });
  });

  it("keeps the right cause under every noise beside the chain", () => {
    const noises: readonly (readonly [string, Change])[] = [
      ["MCP stopped", mcp({ http: "refused", detail: "connection refused", health: null, gatewayStatus: null })],
      ["MCP suffers", mcpSuffers],
      ["the screen's password is wrong", screen({ kind: "answers", version: "003.008", login: "refused", picture: null })],
      [
        "a forward cannot listen",
        (e, now) => ({ ...e, forwards: { at: now, value: [{ target: "mcp", localPort: 48012, state: "failed", detail: "EADDRINUSE" }] } }),
      ],
      ["the server's clock is 5 min ahead", (e, now) => ({ ...e, server: { ...e.server, clockSkewMs: { at: now, value: 5 * MIN } } })],
    ];
    const blocking = FAULTS.filter(
      (each) => each.variant === "typical" && ["down", "needs-you", "connecting"].includes(diagnose(each.evidence, each.now).light),
    );
    expect(blocking.length).toBeGreaterThan(40);
    for (const each of blocking) {
      for (const [noise, add] of noises)
        expect([each.name, noise, named(diagnose(add(each.evidence, each.now), each.now))[0]]).toEqual([each.name, noise, each.cause]);
    }
  });
  it("keeps the right cause when all facts are twenty seconds older", () => {
    for (const each of FAULTS.filter((one) => one.variant === "typical")) {
      expect([each.name, named(diagnose(aged(20 * S)(each.evidence, each.now), each.now)).slice(0, 2)]).toEqual([
        each.name,
        expect.arrayContaining([each.cause]),
      ]);
    }
  });
  it("takes a port that worked and closed again for no start", () => {
    const now = FAULTS[0]?.now ?? 0;
    const closed = [starting(85 * S, "logged-in"), login((at) => ({ phaseAt: at - 20 * S })), listening(4004, 5900), apiFailed("closed")];
    const before = closed.reduce((evidence, change) => change(evidence, now), healthy(now));
    const good = { at: now - S, containerId: "c0ffee", imageId: "sha256:aaaa", startedAt: now - 85 * S };
    expect(named(diagnose({ ...before, history: { ...before.history, lastGood: null } }, now))[0]).toBe("booting");
    expect(named(diagnose({ ...before, history: { ...before.history, lastGood: good } }, now))).not.toContain("booting");
  });
  it.each<[string, readonly Change[], string]>([
    [
      "a dead relay before a lost line",
      [broker({ line: "down", code: 1100 }), listening(4002, 5900), processes({ socat: "absent" }), apiFailed("dial-refused")],
      "relay-dead",
    ],
    [
      "an exited container before everything in it",
      [queue(51), apiFailed("silent"), login({ readOnlyApi: true }), container({ status: "exited", exitCode: 137 })],
      "container-exited",
    ],
    ["Docker before the container", [docker({ kind: "down", message: "no daemon" }), noDockerFacts, apiFailed("closed-at-once")], "docker-down"],
    ["the link before all", [queue(51), docker({ kind: "down", message: "no daemon" }), linkFailed("timeout", "tcp")], "server-unreachable"],
    [
      "a lost line before silent account data and farms",
      [
        broker((now) => ({ line: "down", code: 1100, since: now - MIN, farms: [{ name: "usfarm", kind: "market-data", state: "down", at: now - MIN }] })),
        account({ completeAt: null }),
      ],
      "broker-unreachable",
    ],
    ["the wedge before a read-only box", [queue(51), login({ readOnlyApi: true }), apiFailed("silent")], "accept-queue-wedge"],
    [
      "the second factor before the missing listener",
      [starting(70 * S, "second-factor"), login((now) => ({ secondFactor: { startedAt: now - 10 * S, state: "pending", limitSeconds: 180 } }))],
      "second-factor-pending",
    ],
  ])("names %s, and only it and its like", (_name, changes, cause) => {
    const diagnosis = diagnose(evidence(NOW, ...changes), NOW);
    expect(diagnosis.cause?.id).toBe(cause);
    for (const explained of ["farms-down", "account-data-silent", "gateway-hung", "localhost-only"].filter(
      (id) => cause !== "accept-queue-wedge" || id !== "gateway-hung",
    ))
      expect(named(diagnosis)).not.toContain(explained);
  });
  it("decides between wedge and filter by queue and timing, as the incident must be read", () => {
    const at = (...changes: Change[]) => named(diagnose(evidence(NOW, ...changes), NOW));
    expect(at(queue(3), apiFailed("closed-at-once"))[0]).toBe("accept-queue-wedge");
    expect(at(queue(0), apiFailed("closed-at-once"))[0]).toBe("localhost-only");
    expect(at(queue(0), apiFailed("closed-at-once"))).not.toContain("accept-queue-wedge");
    expect(at(queue(0), apiFailed("closed-late"))[0]).toBe("accept-queue-wedge");
    expect(at(queue(0), sockets({ api: { synSent: 1 } }), apiFailed("closed-at-once"))).not.toContain("localhost-only");
    expect(at(queue(0), apiFailed("silent")).slice(0, 2)).toEqual(["gateway-hung", "accept-dialog"]);
  });

  it("prints the confusion matrix", () => {
    const rows = CAUSES.map((cause) => {
      const cases = FAULTS.filter((each) => each.cause === cause);
      const firsts = cases.map((each) => named(diagnose(each.evidence, each.now))[0] ?? "none");
      const right = firsts.filter((first) => first === cause).length;
      const wrong = [...new Set(firsts.filter((first) => first !== cause))];
      return `${cause.padEnd(22)} ${String(right).padStart(2)}/${cases.length} first${wrong.length > 0 ? `; instead: ${wrong.join(", ")}` : ""}`;
    });
    const falseAlarms = CALM_CASES.filter((each) => alarms(diagnose(each.evidence, each.now)));
    console.log([`Confusion matrix: ${FAULTS.length} faults, ${CALM_CASES.length} calm situations`, ...rows, `false alarms: ${falseAlarms.length}`].join("\n"));
    expect(falseAlarms).toEqual([]);
  });
});
