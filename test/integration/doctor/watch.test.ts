import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startSimulator } from "../../../electron/simulator/simulator.ts";
import { shiftedBy } from "../../support/shift-clock.ts";
import { openTestCore } from "../../support/test-core.ts";

describe("causes that lie in what went before, for a Gatelight that watches", () => {
  it.concurrent.each([
    ["settings-lost", ["settings-lost"]],
    ["api-port-changed", ["api-port-changed"]],
    // Until the connection is given up it is the tunnel, afterwards the server that cannot be reached.
    ["tunnel-half-open", ["tunnel-half-open", "server-unreachable"]],
  ])(
    "%s",
    async (scenario, causes) => {
      const dir = mkdtempSync(join(tmpdir(), "gl-watch-"));
      const simulator = await startSimulator({ dir, speed: 4, clockOffsetMs: shiftedBy });
      const gatelight = await openTestCore(simulator.settings, { vncPassword: simulator.vncPassword });
      const seen = new Set<string>();
      try {
        await gatelight.until("green", () => gatelight.gateway("paper").light === "up", 60_000);
        await simulator.play(scenario);
        await gatelight.until(
          `named ${causes[0]}`,
          () => {
            const cause = gatelight.gateway("paper").cause?.id ?? null;
            if (cause !== null) seen.add(cause);
            return cause === causes[0];
          },
          60_000,
        );
        expect([...seen].filter((cause) => !causes.includes(cause)).length).toBeLessThanOrEqual(1);
      } finally {
        await gatelight.close();
        await simulator.dispose();
        rmSync(dir, { recursive: true, force: true });
      }
    },
    150_000,
  );
});
