import { isOurs } from "./routes.ts";

/** Permissions that our own page has; every other is denied, and all of them to anybody else. */
const GRANTED: readonly string[] = ["clipboard-sanitized-write", "fullscreen"];

export function permissionAllowed(permission: string, url: string): boolean {
  return GRANTED.includes(permission) && isOurs(url);
}

/** Everything that is not ours is cancelled, also what a future dependency would like to load. `devTools` only in development. */
export function requestAllowed(url: string, devTools: boolean): boolean {
  if (isOurs(url)) return true;
  // Images made in the page: noVNC's cursor, uPlot's export.
  if (url.startsWith(`blob:app://gatelight/`) || url.startsWith("data:image/")) return true;
  return devTools && url.startsWith("devtools://");
}

/** The page may only move within itself, i.e. change its hash or reload. */
export function navigationAllowed(url: string): boolean {
  return isOurs(url) && new URL(url).pathname === "/index.html";
}
