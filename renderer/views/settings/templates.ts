import type { FoundContainer } from "../../../shared/contract.ts";
import type { GatewaySettings, ServerSettings } from "../../../shared/settings.ts";

export const HOME_HOST = "linuxserver.lan";

/** The paper and the live stack as they stand on the home server; ports and addresses are found by looking. */
export function homeGateways(): GatewaySettings[] {
  return [
    {
      id: "paper",
      name: "Paper",
      mode: "paper",
      container: "mcp-ib-gateway-paper",
      clientId: 901,
      mcp: { url: "http://127.0.0.1:48012", container: "mcp-ib-paper" },
      compose: { envFile: "$HOME/projects/secrets/mcp-ib-paper.env" },
    },
    {
      id: "live",
      name: "Live",
      mode: "live",
      container: "mcp-ib-gateway-live",
      clientId: 901,
      mcp: { url: "http://127.0.0.1:48014", container: "mcp-ib-live" },
      compose: { envFile: "$HOME/projects/secrets/mcp-ib-live.env" },
    },
  ];
}

export function homeServer(taken: readonly string[]): ServerSettings {
  return {
    id: freeId("home", taken),
    reach: { kind: "ssh", host: HOME_HOST, user: "", useAgent: true, useSshConfig: true },
    docker: "docker",
    gateways: homeGateways(),
  };
}

/** The settings of a container found on the server. A mode that could not be seen counts as live: the careful guess. */
export function gatewayOf(found: FoundContainer, taken: readonly string[]): GatewaySettings {
  const mode = found.mode ?? "live";
  return {
    id: freeId(identifierOf(found.mode ?? found.name), taken),
    name: found.mode === null ? found.name.slice(0, 80) : found.mode === "paper" ? "Paper" : "Live",
    mode,
    container: found.name,
    clientId: 901,
    ...(found.mcpUrl === null ? {} : { mcp: { url: found.mcpUrl } }),
  };
}

export function emptyGateway(taken: readonly string[]): GatewaySettings {
  return { id: freeId("gateway", taken), mode: "paper", container: "", clientId: 901 };
}

/** Letters, digits, '.', '_' and '-', at most 64. */
export function identifierOf(text: string): string {
  const id = text
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 60);
  return id === "" ? "server" : id;
}

export function freeId(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  for (let n = 2; ; n += 1) if (!taken.includes(`${wanted}-${n}`)) return `${wanted}-${n}`;
}

/** What a person leaves empty is left out of the file. */
export function withoutEmpty(server: ServerSettings): ServerSettings {
  if (server.reach.kind === "local") return server;
  const { user, identityFiles, ...reach } = server.reach;
  const files = identityFiles?.filter((file) => file.trim() !== "");
  return {
    ...server,
    reach: {
      ...reach,
      host: reach.host.trim(),
      ...(user === undefined || user.trim() === "" ? {} : { user: user.trim() }),
      ...(files === undefined || files.length === 0 ? {} : { identityFiles: files }),
    },
  };
}
