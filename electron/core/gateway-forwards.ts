import type { GatewaySettings } from "../../shared/settings.ts";
import type { ForwardSnapshot } from "../../shared/snapshot.ts";
import { createForward, type Forward } from "./host-link/forward/create-forward.ts";
import type { HostAddress, HostLink } from "./host-link/host-link.ts";
import { mcpAddress } from "./probes/routes.ts";

/** The fixed local ports that a person keeps open to one gateway for programs of their own. */
export class GatewayForwards {
  private readonly forwards: readonly { readonly target: ForwardSnapshot["target"]; readonly forward: Forward | null }[];
  private stops: (() => void)[] = [];

  constructor(
    settings: GatewaySettings,
    link: HostLink,
    route: (which: "api" | "vnc") => HostAddress | null,
    private readonly onChange: () => void,
  ) {
    const address = (target: ForwardSnapshot["target"]) => (target === "mcp" ? (settings.mcp == null ? null : mcpAddress(settings.mcp.url)) : route(target));
    this.forwards = (settings.forwards ?? []).map(({ target, localPort, enabled }) => ({
      target,
      forward: enabled ? createForward({ link, localPort, address: () => address(target) }) : null,
    }));
  }

  get snapshot(): ForwardSnapshot[] {
    return this.forwards.map(({ target, forward }) => ({
      target,
      ...(forward?.report ?? { state: "off", localPort: null, detail: "", connections: 0, bytesIn: 0, bytesOut: 0 }),
    }));
  }

  start(): void {
    for (const { forward } of this.forwards) {
      if (forward === null) continue;
      this.stops.push(forward.onReport(() => this.onChange()));
      void forward.start();
    }
  }

  async dispose(): Promise<void> {
    for (const stop of this.stops.splice(0)) stop();
    await Promise.all(this.forwards.map(({ forward }) => forward?.dispose()));
  }
}
