import { CLOSE, enterSocket, LinkError } from "../../shared/rpc.ts";
import { createClientLink } from "./client-link.ts";
import type { Link } from "./link.ts";

const KEY = "gatelight.token";

/** Takes the token out of the address at once, so that it stays in no history, and keeps it for this tab. */
export function takeToken(page: Pick<Window, "location" | "history" | "sessionStorage">): string | null {
  const found = /^#token=([A-Za-z0-9_-]{16,128})$/.exec(page.location.hash)?.[1];
  if (found === undefined) return page.sessionStorage.getItem(KEY);
  page.sessionStorage.setItem(KEY, found);
  page.history.replaceState(null, "", page.location.pathname + page.location.search);
  return found;
}

/** Where the host listens for windows. */
export const SOCKET_PATH = "/link";

/** The browser's way: a WebSocket to the address that served the page, with the token as its first frame. */
export function createSocketLink(page: Window): Link {
  const token = takeToken(page);
  return createClientLink({
    random: Math.random,
    async open() {
      if (token === null) throw new LinkError(CLOSE.token, "no token");
      const url = new URL(SOCKET_PATH, page.location.href);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      url.hash = "";
      return enterSocket(new WebSocket(url), token);
    },
  });
}
