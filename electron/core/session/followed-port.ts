import type { ContainerFact, Listener, Route } from "../diagnosis/evidence.ts";

export interface PortNews {
  /** The API port of the settings. */
  readonly settingsPort: number;
  /** From the newest notice 1300; `null`: never announced. */
  readonly announced: number | null;
  readonly route: Route | null;
  readonly container: ContainerFact | null;
  /** `null` where no socket table is known. */
  readonly listeners: readonly Listener[] | null;
}

/**
 * Where the API is dialled after the gateway announced another port (1300 "Please reconnect on the new port"): there, once the socket table shows that it
 * listens at that port and no longer at the settings'. Only where the new port can be reached without the relay: a relay still leads to the old one, and
 * every program behind it is cut off, so a session that went around it would show green for an API that cannot be used.
 * @returns `null` where the route stays as it is. Pure.
 */
export function followedRoute({ settingsPort, announced, route, container, listeners }: PortNews): Route | null {
  if (announced === null || announced === settingsPort || route === null || route.through === "relay" || listeners === null) return null;
  if (listeners.some((one) => one.port === settingsPort) || !listeners.some((one) => one.port === announced)) return null;
  const port = portOnRoute(announced, route, container);
  return port === null ? null : { ...route, port, containerPort: announced, through: "direct" };
}

/** The port to dial at the route's host for a port of the container; `null` where it leads nowhere. */
function portOnRoute(port: number, route: Route, container: ContainerFact | null): number | null {
  if (route.by === "container-address" || route.by === "host-network") return port;
  const present = container?.kind === "present" ? container : null;
  if (present === null) return null;
  if (present.addresses.some((one) => one.address === route.host) || present.networkMode === "host") return port;
  return present.published.find((one) => one.containerPort === port)?.hostPort ?? null;
}
