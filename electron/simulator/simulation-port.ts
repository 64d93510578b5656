import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Settings, settings } from "../../shared/settings.ts";
import type { ScenarioInfo } from "../../shared/snapshot.ts";
import { listScenarios } from "./list-scenarios.ts";
import { type Simulator, startSimulator } from "./simulator.ts";

/** A simulated home server that runs, in the shape in which Core takes it. */
export interface SimulationRun {
  readonly settings: Settings;
  readonly vncPassword: string;
  readonly scenario: string;
  play(scenario: string): Promise<void>;
  dispose(): Promise<void>;
}

export interface SimulationMaker {
  readonly scenarios: readonly ScenarioInfo[];
  start(scenario: string): Promise<SimulationRun>;
}

/** Simulated servers in folders of their own under the system's temporary folder. @param speed see `startSimulator` */
export function simulationPort(speed = 4): SimulationMaker {
  return {
    scenarios: listScenarios(),
    async start(scenario) {
      const dir = mkdtempSync(join(tmpdir(), "gatelight-sim-"));
      const remove = () => rmSync(dir, { recursive: true, force: true });
      let simulator: Simulator;
      try {
        simulator = await startSimulator({ dir, scenario, speed });
      } catch (error) {
        remove();
        throw error;
      }
      return {
        settings: settings.parse(simulator.settings),
        vncPassword: simulator.vncPassword,
        get scenario() {
          return simulator.scenario;
        },
        play: (id) => simulator.play(id),
        async dispose() {
          await simulator.dispose();
          remove();
        },
      };
    },
  };
}
