import type { ByteChannel } from "../../shared/byte-channel.ts";
import type { CallInput, CallName, CallResult, ScreenProgress } from "../../shared/contract.ts";
import type { Snapshot } from "../../shared/snapshot.ts";

/** How the window reaches Core: over a MessagePort (desktop), a WebSocket (browser), or a fixture (tests). */
export interface Link {
  /** @throws Error with a sentence for a person: refused, failed, cancelled, past its deadline, or the link is lost */
  call<N extends CallName>(name: N, input: CallInput<N>, options?: CallOptions): Promise<CallResult<N>>;
  /** `null` until the first snapshot came. */
  readonly snapshot: Store<Snapshot | null>;
  readonly state: Store<LinkState>;
  /** @returns an unsubscribe function */
  onScreenProgress(screen: string, listener: (progress: ScreenProgress) => void): () => void;
  /** Attaches the bytes of an opened screen. A ticket works once. */
  openChannel(ticket: string): ByteChannel;
  /** Tries at once instead of waiting for the back-off. */
  retry(): void;
  dispose(): void;
}

/** The shape that React's useSyncExternalStore reads: values change identity only when they change. */
export interface Store<T> {
  subscribe(listener: () => void): () => void;
  get(): T;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; absent: the transport's default. */
  readonly deadlineMs?: number;
}

export type LinkState =
  | { readonly kind: "connecting" }
  | { readonly kind: "open" }
  | { readonly kind: "lost"; readonly reason: string; readonly fatal: boolean };
