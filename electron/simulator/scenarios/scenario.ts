import type { SettingsInput } from "../../../shared/settings.ts";
import type { ScenarioInfo } from "../../../shared/snapshot.ts";
import type { Home, HomeGateway } from "../home.ts";
import type { SshServer } from "../ssh/ssh-server.ts";

/** What a scenario may change. It begins with a healthy home, at the start or while everything runs. */
export interface Stage {
  readonly home: Home;
  readonly ssh: SshServer;
  readonly paper: HomeGateway;
  readonly live: HomeGateway;
  /** Runs later (simulated ms), unless another scenario is played before. */
  readonly later: (ms: number, run: () => void) => void;
}

export interface Scenario extends ScenarioInfo {
  readonly play: (stage: Stage) => void | Promise<void>;
  /** For causes that lie in how the server is reached: the settings that meet them. */
  readonly settings?: (settings: SettingsInput) => SettingsInput;
  /** What must stand in known_hosts: the server's key (default), another one, or nothing. */
  readonly knownHosts?: "right" | "wrong" | "empty";
}

/**
 * Starts a gateway's container anew with the plan as it is now.
 * @param ageMs how long (simulated) it is to have run already
 */
export function begin(item: HomeGateway, ageMs: number): void {
  item.touched = true;
  const container = item.gateway?.container;
  if (container === undefined) throw new Error(`${item.id} has no container`);
  container.stop(143);
  container.start(ageMs);
}
