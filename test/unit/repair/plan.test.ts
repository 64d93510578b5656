import { describe, expect, it } from "vitest";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import type { GatewayEvidence, LoginFact } from "../../../electron/core/diagnosis/evidence.ts";
import { REPAIR_CATALOGUE } from "../../../electron/core/repair/ladder.ts";
import { clientsAffected, type PlanInput, planRepair } from "../../../electron/core/repair/plan.ts";
import { gateway as gatewaySchema } from "../../../shared/settings.ts";
import { REPAIRS, type RepairId } from "../../../shared/words.ts";
import * as e from "../diagnosis/evidence-builder.ts";

const { NOW, MIN, DAY } = e;
const settings = (mode: "paper" | "live") => gatewaySchema.parse({ id: mode, name: "My gateway", mode, container: `mcp-ib-gateway-${mode}` });
function plan(
  repair: RepairId,
  options: { mode?: "paper" | "live"; evidence?: GatewayEvidence; now?: number; running?: string | null; sharing?: PlanInput["sharing"] } = {},
) {
  const now = options.now ?? NOW;
  const evidence = options.evidence ?? e.evidence(now, e.container({ compose: { project: "p", service: "gw", dir: "/srv/ib", files: [] } }));
  const container = evidence.container?.value;
  return planRepair({
    repair,
    planId: "1",
    docker: "docker",
    serverName: "linuxserver.lan",
    gateway: settings(options.mode ?? "paper"),
    evidence,
    lastSeen: container?.kind === "present" ? container : null,
    diagnosis: diagnose(evidence, now),
    now,
    running: options.running ?? null,
    sharing: options.sharing ?? [],
  }).plan;
}
const factor = (now: number, ageMs: number): Partial<LoginFact> => ({
  phase: "second-factor",
  secondFactor: { startedAt: now - ageMs, state: "pending", limitSeconds: 180 },
});

describe("confirmation", () => {
  const REPLACING: readonly RepairId[] = ["recreate-container", "pull-image", "fresh-reinstall"];
  const ONCE: readonly RepairId[] = ["wait", "resubscribe", "change-client-id", "open-api-settings"];
  it.each(REPAIRS)("%s", (repair) => {
    expect(plan(repair, { mode: "paper" }).confirm).toBe(REPLACING.includes(repair) ? "name" : 1);
    expect(plan(repair, { mode: "live" }).confirm).toBe(REPLACING.includes(repair) ? "name" : ONCE.includes(repair) ? 1 : 2);
  });
});

describe("what to try first", () => {
  it("is what the cause names as milder, and nothing where this is the mildest", () => {
    const wedged = e.evidence(NOW, e.apiFailed("silent"));
    const { cause } = diagnose(wedged, NOW);
    const [first, ...rest] = cause?.repairs ?? [];
    expect(rest.length, cause?.id).toBeGreaterThan(0);
    expect(first === undefined ? null : plan(first, { evidence: wedged }).tryFirst).toEqual([]);
    expect(plan("fresh-reinstall", { evidence: wedged }).tryFirst).toEqual(cause?.repairs);
    expect(plan("restart-soft").tryFirst).toEqual([]);
  });
});

describe("price", () => {
  it("asks for the second factor on live only where the log-in begins anew", () => {
    const asking = REPAIRS.filter((repair) => REPAIR_CATALOGUE[repair].price("live").secondFactor);
    expect(asking).toEqual(["stop-and-start", "restart-container", "recreate-container", "pull-image", "fresh-reinstall"]);
    expect(REPAIRS.filter((repair) => REPAIR_CATALOGUE[repair].price("paper").secondFactor)).toEqual([]);
  });
  it("counts the programs by the socket table, without Gatelight itself", () => {
    expect(clientsAffected("restart-soft", e.evidence(NOW))).toBe(3);
    expect(clientsAffected("restart-relay", e.evidence(NOW))).toBe(3);
    expect(clientsAffected("restart-soft", e.evidence(NOW, e.apiFailed("silent")))).toBe(4);
    // Three more reach the API port without the relay.
    expect(clientsAffected("restart-container", e.evidence(NOW, e.sockets({ api: { established: 7 } })))).toBe(6);
    expect(clientsAffected("restart-relay", e.evidence(NOW, e.sockets({ api: { established: 7 } })))).toBe(3);
    expect(clientsAffected("restart-mcp-workers", e.evidence(NOW))).toBe(3);
    expect(clientsAffected("restart-screen", e.evidence(NOW))).toBe(0);
    expect(clientsAffected("restart-container", { ...e.evidence(NOW), sockets: null })).toBeNull();
    expect(clientsAffected("restart-container", e.evidence(NOW, e.container({ status: "exited" })))).toBe(0);
  });
});

describe("two gateways in one container", () => {
  const live = (evidence: GatewayEvidence) => [{ mode: "live" as const, evidence, diagnosis: diagnose(evidence, NOW) }];
  it("what ends the paper one costs the live one's second factor, and is asked twice", () => {
    const shared = plan("restart-container", { sharing: live(e.evidence(NOW)) });
    expect(shared).toMatchObject({ price: { secondFactor: true }, confirm: 2, refused: null });
    expect(plan("restart-container")).toMatchObject({ price: { secondFactor: false }, confirm: 1 });
  });
  it("is refused while the live one's second factor waits", () => {
    const waiting = e.evidence(NOW, e.login(factor(NOW, 60_000)), e.apiIdle("not-logged-in"));
    expect(plan("restart-container", { sharing: live(waiting) }).refused).toMatch(/shares this container. A second factor/);
    expect(plan("restart-relay", { sharing: live(waiting) }).refused).toBeNull();
  });
});

describe("refusals", () => {
  const ENDING: readonly RepairId[] = ["restart-soft", "stop-and-start", "restart-container", "recreate-container", "pull-image", "fresh-reinstall"];
  const compose = e.container({ compose: { project: "p", service: "gw", dir: "/srv/ib", files: [] } });
  it.each(ENDING)("%s: not while a second factor waits, and again once its time is over", (repair) => {
    const waiting = e.evidence(NOW, compose, e.login(factor(NOW, 60_000)), e.apiIdle("not-logged-in"));
    expect(plan(repair, { evidence: waiting }).refused).toMatch(repair === "restart-soft" ? /not logged in/ : /second factor is waiting/);
    const over = e.evidence(NOW, compose, e.login(factor(NOW, 10 * MIN)), e.apiIdle("not-logged-in"));
    if (repair !== "restart-soft") expect(plan(repair, { evidence: over }).refused).toBeNull();
  });
  it.each(ENDING)("%s: not in IBKR's nightly reset, whatever is wrong", (repair) => {
    // 01:00 New York, summer time.
    const night = Date.UTC(2026, 5, 17, 5, 0, 0);
    expect(plan(repair, { now: night, evidence: e.evidence(night, compose) }).refused).toContain("nightly reset");
    expect(plan(repair).refused).toBeNull();
  });
  it.each(ENDING)("%s: not against another healer", (repair) => {
    const healing = e.evidence(
      NOW,
      compose,
      e.container((now) => ({ startedAt: now - 2 * MIN })),
      e.login((now) => ({ phase: "authenticating", phaseAt: now - MIN })),
      e.apiIdle("not-logged-in"),
      e.mcp({ healing: { at: NOW - MIN, text: "Auto-reconnecting gateway" } }),
      e.history((now) => ({
        starts: [1, 2].map((n) => ({
          startedAt: now - n * 2 * MIN,
          seenAt: now - n * 2 * MIN,
          byUs: false,
          exitCode: 143,
          imageId: "i",
          containerId: "c0ffee",
        })),
      })),
    );
    expect(plan(repair, { evidence: healing }).refused).toMatch(repair === "restart-soft" ? /not logged in/ : /healers would fight/);
  });
  it.each(ENDING)("%s: not while the account is left to TWS", (repair) => {
    expect(plan(repair, { evidence: e.evidence(NOW, compose, e.apiIdle("released")) }).refused).toContain("left to others");
  });
  it.each(REPAIRS)("%s: not beside another repair", (repair) => {
    expect(plan(repair, { running: "Restart the relay" }).refused).toBe("Another repair is running: Restart the relay.");
  });
  it.each(REPAIRS.filter((id) => !["wait", "open-api-settings", "resubscribe", "change-client-id", "restart-mcp-workers"].includes(id)))(
    "%s: not without Docker, and not without the server",
    (repair) => {
      expect(plan(repair, { evidence: e.evidence(NOW, compose, e.docker({ kind: "down", message: "no daemon" })) }).refused).toContain("Docker");
      expect(plan(repair, { evidence: e.evidence(NOW, compose, e.linkFailed("timeout", "tcp")) }).refused).toContain("not reachable");
    },
  );
  it("the soft restart is not promised without second factor past Sunday 01:00 New York", () => {
    const sunday = Date.UTC(2026, 5, 21, 12, 0, 0);
    const old = e.evidence(sunday, compose);
    expect(plan("restart-soft", { now: sunday, evidence: old, mode: "live" }).refused).toContain("Sunday 01:00");
    const fresh = e.evidence(sunday, compose, e.login({ phaseAt: sunday - 60 * MIN }));
    expect(plan("restart-soft", { now: sunday, evidence: fresh, mode: "live" }).refused).toBeNull();
    expect(plan("restart-soft", { now: sunday + 3 * DAY, evidence: e.evidence(sunday + 3 * DAY, compose) }).refused).toBeNull();
  });
  it("a container that is gone can be made anew by what its labels said before", () => {
    const before = e.evidence(NOW, compose);
    const gone: GatewayEvidence = { ...before, container: { at: NOW, value: { kind: "missing", seen: [] } } };
    const present = before.container?.value;
    const input = {
      planId: "1",
      docker: "docker",
      serverName: "s",
      gateway: settings("paper"),
      evidence: gone,
      diagnosis: diagnose(gone, NOW),
      now: NOW,
      running: null,
      sharing: [],
    };
    const seen = planRepair({ ...input, repair: "recreate-container", lastSeen: present?.kind === "present" ? present : null });
    expect(seen.plan).toMatchObject({ refused: null, clientsAffected: 0 });
    expect(seen.plan.commands[0]?.text).toBe("cd /srv/ib; docker compose up -d --force-recreate gw");
    expect(planRepair({ ...input, repair: "recreate-container", lastSeen: null }).plan.refused).toContain("compose.dir");
  });
});
