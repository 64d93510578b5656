import { describe, expect, it } from "vitest";
import { listScenarios } from "../../../electron/simulator/list-scenarios.ts";
import { SCENARIOS } from "../../../electron/simulator/scenarios/catalogue.ts";
import { settings } from "../../../shared/settings.ts";
import { CAUSES } from "../../../shared/words.ts";
import { eventually, simulate } from "./support/sim.ts";

/** Causes that a simulated server cannot bring about, each with its reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "local-port-taken": "a port of the desktop itself: nothing on the server brings it about",
};

describe("scenarios", () => {
  it("exist for every cause, but for those left out with a reason", () => {
    const played = new Set(listScenarios().map((scenario) => scenario.cause));
    const missing = CAUSES.filter((cause) => !played.has(cause) && !(cause in LEFT_OUT));
    expect(missing).toEqual([]);
    for (const cause of Object.keys(LEFT_OUT)) expect(played.has(CAUSES.find((known) => known === cause) ?? null)).toBe(false);
  });

  it("have ids that are unique, and the incident by its title", () => {
    const ids = listScenarios().map((scenario) => scenario.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(listScenarios()).toContainEqual({ id: "incident", title: "API port listens but answers nobody", cause: "accept-queue-wedge" });
    expect(listScenarios()).toContainEqual({ id: "healthy", title: "Everything works", cause: null });
  });

  it("give settings that are valid", async () => {
    const simulator = await simulate();
    for (const scenario of SCENARIOS) expect(() => settings.parse(scenario.settings?.(simulator.settings) ?? simulator.settings)).not.toThrow();
  });

  it("can all be played one after the other while it runs, and each time everything is well again after", async () => {
    const simulator = await simulate({ speed: 50 });
    const usable = () => Object.values(simulator.truth().gateways).every((gateway) => gateway.usable);
    await eventually(usable, "usable at first");
    for (const scenario of SCENARIOS) {
      await simulator.play(scenario.id);
      expect(simulator.scenario).toBe(scenario.id);
      await simulator.play("healthy");
      await eventually(usable, `usable after ${scenario.id}`);
    }
    await expect(simulator.play("no-such")).rejects.toThrow("unknown scenario");
  }, 60_000);

  it.each([
    ["incident", 51],
    ["accept-queue-wedge-early", 7],
  ])("%s fills the accept queue and nothing is usable", async (id, least) => {
    const simulator = await simulate({ scenario: id });
    const { usable, queue } = simulator.truth().gateways.paper ?? { usable: true, queue: 0 };
    expect(usable).toBe(false);
    expect(queue).toBeGreaterThanOrEqual(least);
    expect(queue).toBeLessThanOrEqual(51);
    expect(simulator.truth().gateways.live?.usable).toBe(true);
  });

  it("keep a restart loop going by Docker's own policy", async () => {
    const simulator = await simulate({ scenario: "restart-loop", speed: 200 });
    const container = simulator.stage.paper.gateway?.container;
    const before = container?.restartCount ?? 0;
    await eventually(() => (container?.restartCount ?? 0) >= before + 2, "restarted twice");
    expect(container?.exitCode === 4 || container?.running).toBe(true);
  });
});
