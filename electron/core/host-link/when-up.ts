import type { HostLink, LinkState } from "./host-link.ts";

/** Calls when the link comes up, not each time its latency is measured anew. @returns an unsubscribe function */
export function whenUp(link: Pick<HostLink, "state" | "onState">, listener: () => void): () => void {
  const connection = (state: LinkState) => (state.kind === "up" ? state.since : null);
  let known = connection(link.state);
  return link.onState((state) => {
    const now = connection(state);
    const came = now !== null && now !== known;
    known = now;
    if (came) listener();
  });
}
