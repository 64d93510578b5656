import type { Settings } from "../../shared/settings.ts";
import type { AppInfo, ScenarioInfo } from "../../shared/snapshot.ts";
import { type SecretName, secretKey } from "./secrets/secret-store.ts";

/** A simulated home server that runs. */
export interface RunningSimulation {
  /** Settings that reach it. */
  readonly settings: Settings;
  readonly vncPassword: string;
  readonly scenario: string;
  play(scenario: string): Promise<void>;
  dispose(): Promise<void>;
}
export interface SimulationPort {
  readonly scenarios: readonly ScenarioInfo[];
  start(scenario: string): Promise<RunningSimulation>;
}

/** Leaves the simulation and goes back to the person's own settings. */
export const NO_SCENARIO = "none";

export interface SimulationSwitch {
  /** `null`: the person's own settings are in force. */
  readonly settings: Settings | null;
  readonly info: AppInfo["simulation"];
  secret(name: SecretName): string | null;
  /** @throws Error in plain words for an unknown scenario or where the simulator is left out */
  play(scenario: string): Promise<void>;
  dispose(): Promise<void>;
}

/** Swaps the person's settings for those of a simulated home server, and back. One change at a time. */
export function createSimulationSwitch(port: SimulationPort | null, onChange: () => void): SimulationSwitch {
  let running: RunningSimulation | null = null;
  let queue: Promise<void> = Promise.resolve();

  async function change(scenario: string): Promise<void> {
    if (port === null) throw new Error("The simulated home server is not part of this build.");
    if (scenario === NO_SCENARIO) {
      const before = running;
      running = null;
      onChange();
      await before?.dispose();
      return;
    }
    if (!port.scenarios.some((known) => known.id === scenario)) throw new Error(`There is no scenario ${scenario}.`);
    if (running === null) running = await port.start(scenario);
    else await running.play(scenario);
    onChange();
  }

  return {
    get settings() {
      return running?.settings ?? null;
    },
    get info() {
      return running === null || port === null ? null : { scenario: running.scenario, scenarios: port.scenarios };
    },
    secret(name) {
      if (running === null || name.kind !== "vnc-password") return null;
      const known = running.settings.servers.flatMap((server) =>
        server.gateways.map((gateway) => secretKey({ kind: "vnc-password", server: server.id, gateway: gateway.id })),
      );
      return known.includes(secretKey(name)) ? running.vncPassword : null;
    },
    play(scenario) {
      const next = queue.then(() => change(scenario));
      queue = next.catch(() => undefined);
      return next;
    },
    async dispose() {
      await queue;
      await running?.dispose();
      running = null;
    },
  };
}
