import { CLOSE, type Client, createClient, LinkError, type Pipe } from "../../shared/rpc.ts";
import type { Snapshot } from "../../shared/snapshot.ts";
import { strings } from "../strings.ts";
import type { Link, LinkState } from "./link.ts";
import { valueStore } from "./value-store.ts";

export interface ClientLinkPorts {
  /** Opens a pipe to Core. @throws LinkError or Error when it cannot */
  readonly open: (signal: AbortSignal) => Promise<Pipe>;
  /** A random number in [0, 1) for jitter. */
  readonly random: () => number;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;

/** Keeps a link to Core: one pipe at a time, opened again with back-off when it is lost. The last snapshot stays to be shown as such. */
export function createClientLink({ open, random }: ClientLinkPorts): Link {
  const snapshot = valueStore<Snapshot | null>(null);
  const state = valueStore<LinkState>({ kind: "connecting" });
  const progress = new Set<Parameters<Client["onProgress"]>[0]>();
  const life = new AbortController();
  let client: Client | null = null;
  let wake: (() => void) | null = null;

  const hold = (pipe: Pipe): Promise<LinkState> =>
    new Promise((resolve) => {
      const mine = createClient(pipe);
      client = mine;
      mine.subscribe(() => {
        snapshot.set(mine.snapshot);
        state.set({ kind: "open" });
      });
      mine.onProgress((event) => {
        for (const listener of [...progress]) listener(event);
      });
      mine.onClose(({ code, reason }) => {
        client = null;
        resolve({ kind: "lost", reason, fatal: code === CLOSE.token });
      });
    });
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async () => {
    for (let attempt = 0; !life.signal.aborted; ) {
      const began = Date.now();
      const lost = await open(life.signal).then(hold, asLost);
      if (life.signal.aborted) return;
      state.set(lost);
      // A link that held for a while starts from the shortest wait again.
      attempt = Date.now() - began > 10_000 ? 0 : attempt + 1;
      const wait = lost.kind === "lost" && lost.fatal ? 2 ** 31 - 1 : random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
      await pause(wait);
      wake = null;
    }
  };
  void run();

  return {
    snapshot,
    state,
    call(name, input, options) {
      if (client === null) return Promise.reject(new LinkError(CLOSE.away, strings.link.unreachable));
      return client.call(name, input, options);
    },
    onScreenProgress(screen, listener) {
      const mine: Parameters<Client["onProgress"]>[0] = (event) => {
        if (event.screen === screen) listener(event);
      };
      progress.add(mine);
      return () => progress.delete(mine);
    },
    openChannel(ticket) {
      if (client === null) throw new LinkError(CLOSE.away, strings.link.unreachable);
      return client.attach(ticket);
    },
    retry: () => wake?.(),
    dispose() {
      life.abort();
      client?.close();
      wake?.();
    },
  };
}

function asLost(error: unknown): LinkState {
  if (error instanceof LinkError) return { kind: "lost", reason: error.message, fatal: error.code === CLOSE.token };
  return { kind: "lost", reason: error instanceof Error ? error.message : String(error), fatal: false };
}
