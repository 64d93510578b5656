import { createContext, type ReactNode, useCallback, useContext, useSyncExternalStore } from "react";
import type { CallInput, CallName, CallResult } from "../../shared/contract.ts";
import type { Snapshot } from "../../shared/snapshot.ts";
import type { CallOptions, Link, LinkState } from "./link.ts";

const LinkContext = createContext<Link | null>(null);

export function LinkProvider({ link, children }: { link: Link; children: ReactNode }) {
  return <LinkContext value={link}>{children}</LinkContext>;
}

export function useLink(): Link {
  const link = useContext(LinkContext);
  if (link === null) throw new Error("LinkProvider is missing");
  return link;
}

export function useSnapshot(): Snapshot | null {
  const { snapshot } = useLink();
  return useSyncExternalStore(snapshot.subscribe, snapshot.get);
}

export function useLinkState(): LinkState {
  const { state } = useLink();
  return useSyncExternalStore(state.subscribe, state.get);
}

export function useCall(): <N extends CallName>(name: N, input: CallInput<N>, options?: CallOptions) => Promise<CallResult<N>> {
  const link = useLink();
  return useCallback((name, input, options) => link.call(name, input, options), [link]);
}
