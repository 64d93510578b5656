import type { CallInput, CallName, CallResult } from "../../shared/contract.ts";
import { runCall } from "../../shared/rpc-server.ts";
import type { Snapshot } from "../../shared/snapshot.ts";
import { connectControl } from "../core/control/control-socket.ts";
import { chooseDataDir, openCore } from "./open-core.ts";

/** The state and the calls, whether they come from the Gatelight that runs already or from one of our own. */
export interface Access {
  /** Another Gatelight was asked: it opens no further connection. */
  readonly shared: boolean;
  snapshot(): Snapshot;
  subscribe(listener: () => void): () => void;
  call<N extends CallName>(name: N, input: CallInput<N>, deadlineMs: number): Promise<CallResult<N>>;
  /** Only where the looking is ours: the running Gatelight's person opens screens. Never rejects. */
  checkScreen(server: string, gateway: string, signal: AbortSignal): Promise<void>;
  /** The running Gatelight was quit meanwhile. */
  onLost(listener: () => void): void;
  close(): Promise<void>;
}

export async function openAccess(dataDir: string | null, options: { history?: boolean } = {}): Promise<Access> {
  const { dir } = chooseDataDir({ dataDir, temporary: false });
  const client = await connectControl(dir);
  if (client !== null) {
    let newest = await client.ready;
    client.subscribe(() => {
      newest = client.snapshot ?? newest;
    });
    return {
      shared: true,
      snapshot: () => newest,
      subscribe: (listener) => client.subscribe(listener),
      call: (name, input, deadlineMs) => client.call(name, input, { deadlineMs }),
      checkScreen: async () => undefined,
      onLost: (listener) => client.onClose(listener),
      close: async () => client.close(),
    };
  }
  const own = await openCore({ host: "command-line", dataDir: dir, temporary: false, history: options.history });
  const { store, handlers } = own.core;
  return {
    shared: false,
    snapshot: () => store.current,
    subscribe: (listener) => store.subscribe(listener, "calm"),
    call: async (name, input, deadlineMs) =>
      (await runCall(handlers, name, input, { signal: AbortSignal.timeout(deadlineMs), link: "command-line" })) as CallResult<typeof name>,
    checkScreen: own.core.checkScreen,
    onLost: () => undefined,
    close: own.close,
  };
}
