import { portPipe } from "../../shared/rpc.ts";
import { strings } from "../strings.ts";
import { createClientLink } from "./client-link.ts";
import type { Link } from "./link.ts";

/** The preload hands one MessagePort over in a message with this text, after the page asked for it. */
export const PORT_MESSAGE = "gatelight:port";
export const PORT_WANTED = "gatelight:port-wanted";
const DEADLINE_MS = 10_000;

/** The desktop's way: a MessagePort that the preload passes to the page. */
export function createPortLink(page: Window): Link {
  return createClientLink({
    random: Math.random,
    open: (signal) =>
      new Promise((resolve, reject) => {
        const done = new AbortController();
        const timer = setTimeout(() => finish(new Error(strings.link.noDesktop)), DEADLINE_MS);
        const finish = (outcome: MessagePort | Error) => {
          clearTimeout(timer);
          done.abort();
          if (outcome instanceof Error) reject(outcome);
          else resolve(portPipe(outcome));
        };
        const onMessage = (event: MessageEvent) => {
          const port = event.ports[0];
          // Only this very page, in which the preload posts, may hand over a port.
          if (event.source === page && event.data === PORT_MESSAGE && port !== undefined) finish(port);
        };
        page.addEventListener("message", onMessage, { signal: done.signal });
        signal.addEventListener("abort", () => finish(new Error("closed")), { signal: done.signal });
        page.postMessage(PORT_WANTED, page.location.origin);
      }),
  });
}
