import type { ContainerFact, GatewayTarget, PresentContainer, Route, RouteFact } from "../diagnosis/evidence.ts";
import type { HostAddress } from "../host-link/host-link.ts";

export interface EndpointOverrides {
  /** host:port as seen from the server. */
  readonly api?: string | null;
  readonly vnc?: string | null;
}

/**
 * Where API and screen are reached from the server: the settings first, else the port that is published on the host, else the container's own
 * address. Pure. A gateway that publishes its raw API port (the gateway then sees a foreign address) is noticed through `through: "direct"`.
 * @param reachKind on a desktop's own Docker (a virtual machine on macOS and Windows) a container's address leads nowhere
 */
export function findRoutes(
  container: ContainerFact | null,
  target: Pick<GatewayTarget, "ports">,
  endpoints: EndpointOverrides = {},
  reachKind: "ssh" | "local" = "ssh",
  platform: NodeJS.Platform = "linux",
): RouteFact {
  const present = container?.kind === "present" ? container : null;
  const bridged = reachKind === "ssh" || platform === "linux";
  const { relay, api, vnc } = target.ports;
  return {
    api:
      override(endpoints.api, present, target.ports) ??
      published(present, relay, "relay") ??
      published(present, api, "direct") ??
      own(present, relay, "relay", bridged) ??
      null,
    vnc: override(endpoints.vnc, present, null) ?? published(present, vnc, "direct") ?? own(present, vnc, "direct", bridged) ?? null,
  };
}

/** The address of the settings' MCP url as seen from the server. @returns `null` when the url has no usable host or port */
export function mcpAddress(url: string): HostAddress | null {
  if (!URL.canParse(url)) return null;
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  return host === "" ? null : { host, port: port !== "" ? Number(port) : protocol === "https:" ? 443 : 80 };
}

/** "host:port", an IPv6 host in brackets. */
export function splitEndpoint(endpoint: string): HostAddress | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@]+)):(\d{1,5})$/.exec(endpoint);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

function override(endpoint: string | null | undefined, container: PresentContainer | null, ports: { relay: number; api: number } | null): Route | null {
  const address = endpoint ? splitEndpoint(endpoint) : null;
  if (address === null) return null;
  const containerPort = leadsTo(address, container);
  const through = ports === null ? "direct" : containerPort === ports.relay ? "relay" : containerPort === ports.api ? "direct" : "unknown";
  return { ...address, by: "settings", containerPort, through };
}

/** The container's port behind an address given by the settings, where inspect can tell. */
function leadsTo(address: HostAddress, container: PresentContainer | null): number | null {
  if (container === null) return null;
  if (container.addresses.some((one) => one.address === address.host)) return address.port;
  const loopback = address.host === "localhost" || address.host === "127.0.0.1" || address.host === "::1";
  if (loopback && container.networkMode === "host") return address.port;
  const found = container.published.find((one) => one.hostPort === address.port && (hostOf(one.hostAddress) === address.host || loopback));
  return found?.containerPort ?? null;
}

function published(container: PresentContainer | null, port: number, through: Route["through"]): Route | null {
  const found = container?.published.filter((one) => one.containerPort === port) ?? [];
  const [best] = found.toSorted((a, b) => Number(a.hostAddress.includes(":")) - Number(b.hostAddress.includes(":")));
  return best === undefined ? null : { host: hostOf(best.hostAddress), port: best.hostPort, by: "published", containerPort: port, through };
}

function own(container: PresentContainer | null, port: number, through: Route["through"], bridged: boolean): Route | null {
  if (container === null) return null;
  if (container.networkMode === "host") return { host: "127.0.0.1", port, by: "host-network", containerPort: port, through };
  const address = bridged ? container.addresses.find((one) => one.address !== "") : undefined;
  return address === undefined ? null : { host: address.address, port, by: "container-address", containerPort: port, through };
}

/** "Every address" is reached through loopback. */
function hostOf(address: string): string {
  return address === "" || address === "0.0.0.0" || address === "::" ? "127.0.0.1" : address;
}
