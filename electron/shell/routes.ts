/** The window's address. A custom scheme gives it an origin of its own, with none of the rights of file://. */
export const SCHEME = "app";
export const HOST = "gatelight";
export const ORIGIN = `${SCHEME}://${HOST}`;
export const PAGE = `${ORIGIN}/index.html`;

export type View = "overview" | "screen" | "diagnosis" | "log" | "settings";

/** The page with a view opened, as renderer/route.ts reads it. */
export function pageFor(view: View, server: string | null = null, gateway: string | null = null): string {
  const parts = [view, ...(server === null ? [] : [server, ...(gateway === null ? [] : [gateway])])];
  return `${PAGE}#/${parts.map(encodeURIComponent).join("/")}`;
}

/** Whether an address is our own page or a file beside it. */
export function isOurs(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const parsed = new URL(url);
  return parsed.protocol === `${SCHEME}:` && parsed.host === HOST && parsed.username === "" && parsed.password === "";
}
