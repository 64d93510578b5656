import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startSimulator } from "../../../electron/simulator/simulator.ts";
import { shiftedBy } from "../../support/shift-clock.ts";
import { openTestCore } from "../../support/test-core.ts";

describe("a Gatelight that watches, from the onset of a fault on", () => {
  it.concurrent.each([
    // Causes that lie in what went before.
    ["settings-lost", ["settings-lost"]],
    ["api-port-changed", ["api-port-changed"]],
    ["tunnel-half-open", ["tunnel-half-open"]],
    // Faults whose consequences are seen before they are.
    ["server-unreachable", ["server-unreachable"]],
    ["docker-down", ["docker-down"]],
    ["container-exited", ["container-exited"]],
    ["relay-dead", ["relay-dead"]],
    ["accept-queue-wedge", ["accept-queue-wedge"]],
    ["gateway-stopped", ["gateway-hung"]],
    ["mcp-stopped", ["mcp-down"]],
    ["mcp-down", ["mcp-down"]],
    ["mcp-misleading", ["mcp-misleading"]],
  ])(
    "names %s, and nothing else on the way",
    async (scenario, causes) => {
      const dir = mkdtempSync(join(tmpdir(), "gl-watch-"));
      const simulator = await startSimulator({ dir, speed: 4, clockOffsetMs: shiftedBy });
      const gatelight = await openTestCore(simulator.settings, { vncPassword: simulator.vncPassword });
      const told: string[] = [];
      try {
        const lights = () => gatelight.gateway("paper").lights;
        await gatelight.until("green", () => Object.values(lights()).every(({ state }) => state === "up"), 60_000);
        const stop = gatelight.core.store.subscribe(() => {
          const cause = gatelight.gateway("paper").cause?.id ?? null;
          if (cause !== null && cause !== told.at(-1)) told.push(cause);
        });
        await simulator.play(scenario);
        await gatelight.until(`named ${causes[0]}`, () => told.includes(causes[0] ?? ""), 60_000);
        stop();
        expect(told).toEqual(causes);
      } finally {
        await gatelight.close();
        await simulator.dispose();
        rmSync(dir, { recursive: true, force: true });
      }
    },
    150_000,
  );
});
