import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { GatewaySnapshot, ServerSnapshot, Snapshot } from "../shared/snapshot.ts";
import { goTo, parseRoute, type Route, useHash, type View } from "./route.ts";

/** Which gateway and view the window shows. */
export interface Selection {
  readonly route: Route;
  readonly server: ServerSnapshot | null;
  readonly gateway: GatewaySnapshot | null;
  show(view: View): void;
  select(server: string, gateway: string, view?: View): void;
}

const SelectionContext = createContext<Selection | null>(null);

/** The gateway that the route names, else the first of the first server that has any. */
export function pick(snapshot: Snapshot, route: Route): { server: ServerSnapshot | null; gateway: GatewaySnapshot | null } {
  const named = snapshot.servers.find((server) => server.id === route.server);
  const server = named ?? snapshot.servers.find((one) => one.gateways.length > 0) ?? snapshot.servers[0] ?? null;
  if (server === null) return { server: null, gateway: null };
  return { server, gateway: server.gateways.find((gateway) => gateway.id === route.gateway) ?? server.gateways[0] ?? null };
}

export function SelectionProvider({ snapshot, children }: { snapshot: Snapshot; children: ReactNode }) {
  const hash = useHash();
  const value = useMemo<Selection>(() => {
    const route = parseRoute(hash);
    const { server, gateway } = pick(snapshot, route);
    return {
      route,
      server,
      gateway,
      show: (view) => goTo({ view, server: server?.id ?? null, gateway: gateway?.id ?? null }),
      select: (serverId, gatewayId, view) =>
        goTo({ view: view ?? (route.view === "settings" ? "overview" : route.view), server: serverId, gateway: gatewayId }),
    };
  }, [snapshot, hash]);
  return <SelectionContext value={value}>{children}</SelectionContext>;
}

export function useSelection(): Selection {
  const selection = useContext(SelectionContext);
  if (selection === null) throw new Error("SelectionProvider is missing");
  return selection;
}

/** The chosen gateway with its server; views that need one are only shown when there is one. */
export function useGateway(): { server: ServerSnapshot; gateway: GatewaySnapshot } {
  const { server, gateway } = useSelection();
  if (server === null || gateway === null) throw new Error("no gateway is chosen");
  return { server, gateway };
}
