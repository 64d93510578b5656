import type { ServerSettings } from "../../shared/settings.ts";
import type { Clock } from "./clock.ts";
import type { HostLink } from "./host-link/host-link.ts";
import { createLocalLink } from "./host-link/local/local-link.ts";
import type { ResolveEnvironment } from "./host-link/ssh/resolve-route.ts";
import { createSshLink } from "./host-link/ssh/ssh-link.ts";
import type { PromptBroker } from "./prompts.ts";
import type { SecretStore } from "./secrets/secret-store.ts";

export interface LinkPorts {
  readonly prompts: PromptBroker;
  readonly secrets: SecretStore;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sshEnvironment?: ResolveEnvironment;
}

/** The one place that chooses between the makers of a HostLink. */
export function makeLink(settings: ServerSettings, ports: LinkPorts): HostLink {
  const { reach } = settings;
  if (reach.kind === "local") return createLocalLink({ clock: ports.clock });
  return createSshLink({
    server: settings.id,
    reach,
    prompts: ports.prompts,
    secrets: ports.secrets,
    dataDir: ports.dataDir,
    environment: ports.sshEnvironment,
    clock: ports.clock,
    random: ports.random,
  });
}
