import type { Link } from "./link.ts";
import { createPortLink } from "./port-link.ts";
import { createSocketLink } from "./socket-link.ts";

/** The desktop serves the page from its own scheme; everything else is a browser. */
export function connect(page: Window): Link {
  return page.location.protocol === "app:" ? createPortLink(page) : createSocketLink(page);
}
