import { CLOSE, enterSocket, LinkError } from "../../shared/rpc.ts";
import { createClientLink } from "./client-link.ts";
import type { Link } from "./link.ts";

const KEY = "gatelight.token";

export interface TokenPlace {
  readonly hash: string;
  readonly pathname: string;
  readonly search: string;
  /** Changes the address without a step of history. */
  readonly replace: (path: string) => void;
  readonly storage: Pick<Storage, "getItem" | "setItem">;
}

/** Takes the token out of the address at once, so that it stays in no history, and keeps it for this tab. */
export function takeToken({ hash, pathname, search, replace, storage }: TokenPlace): string | null {
  const found = /^#token=([A-Za-z0-9_-]{16,128})$/.exec(hash)?.[1];
  if (found === undefined) return storage.getItem(KEY);
  storage.setItem(KEY, found);
  replace(pathname + search);
  return found;
}

/** Where the host listens for windows. */
export const SOCKET_PATH = "/link";

/** The browser's way: a WebSocket to the address that served the page, with the token as its first frame. */
export function createSocketLink(page: Window): Link {
  const take = (): string | null => {
    const { hash, pathname, search } = page.location;
    return takeToken({ hash, pathname, search, replace: (path) => page.history.replaceState(null, "", path), storage: page.sessionStorage });
  };
  let token = take();
  const link = createClientLink({
    random: Math.random,
    async open() {
      if (token === null) throw new LinkError(CLOSE.token, "no token");
      const url = new URL(SOCKET_PATH, page.location.href);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      url.hash = "";
      return enterSocket(new WebSocket(url), token);
    },
  });
  // The new address after a restart on the same port, opened in this tab, changes the fragment alone: the page is not loaded anew.
  const onHash = () => {
    const found = take();
    if (found === token) return;
    token = found;
    link.retry();
  };
  page.addEventListener("hashchange", onHash);
  return {
    ...link,
    dispose() {
      page.removeEventListener("hashchange", onHash);
      link.dispose();
    },
  };
}
