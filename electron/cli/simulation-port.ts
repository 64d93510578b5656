import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settings as settingsSchema } from "../../shared/settings.ts";
import type { SimulationPort } from "../core/simulation-switch.ts";
import { listScenarios } from "../simulator/list-scenarios.ts";
import { startSimulator } from "../simulator/simulator.ts";

/** Lets Core play the simulated home server; its files live in a throw-away folder. */
export function simulationPort(): SimulationPort {
  return {
    scenarios: listScenarios(),
    async start(scenario) {
      const dir = mkdtempSync(join(tmpdir(), "gatelight-sim-"));
      try {
        const simulator = await startSimulator({ dir, scenario });
        return {
          settings: settingsSchema.parse(simulator.settings),
          vncPassword: simulator.vncPassword,
          get scenario() {
            return simulator.scenario;
          },
          play: (next) => simulator.play(next),
          async dispose() {
            await simulator.dispose();
            rmSync(dir, { recursive: true, force: true });
          },
        };
      } catch (error) {
        rmSync(dir, { recursive: true, force: true });
        throw error;
      }
    },
  };
}
