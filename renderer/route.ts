import { useSyncExternalStore } from "react";

/** What the window shows, kept in the address after `#`, so that the tray can open a view by address: `#/screen/home/paper`. */
export const VIEWS = ["overview", "screen", "diagnosis", "log", "settings"] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  readonly view: View;
  readonly server: string | null;
  readonly gateway: string | null;
}

const START: Route = { view: "overview", server: null, gateway: null };

/** Anything that is no route of ours is the overview. */
export function parseRoute(hash: string): Route {
  const [head, view, server, gateway] = hash.split("/");
  if (head !== "#") return START;
  const known = VIEWS.find((name) => name === view);
  if (known === undefined) return START;
  return { view: known, server: decode(server), gateway: decode(gateway) };
}

export function formatRoute(route: Route): string {
  const parts = [route.view, ...(route.server === null ? [] : [route.server, ...(route.gateway === null ? [] : [route.gateway])])];
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

function decode(part: string | undefined): string | null {
  if (part === undefined || part === "") return null;
  try {
    return decodeURIComponent(part);
  } catch {
    // A malformed escape in a hand-written address.
    return null;
  }
}

export function goTo(route: Route): void {
  window.location.hash = formatRoute(route);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function useHash(): string {
  return useSyncExternalStore(subscribe, () => window.location.hash);
}
