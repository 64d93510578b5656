import type { ByteChannel } from "../../shared/byte-channel.ts";
import type { CallInput, CallName, CallResult, ScreenProgress } from "../../shared/contract.ts";
import type { Snapshot } from "../../shared/snapshot.ts";
import type { Link, LinkState } from "./link.ts";
import { valueStore } from "./value-store.ts";

export type Answers = {
  readonly [N in CallName]?: (input: CallInput<N>, report: (progress: ScreenProgress) => void, signal: AbortSignal) => Promise<CallResult<N>>;
};

export interface FixtureLink extends Link {
  show(snapshot: Snapshot | null): void;
  lose(state: LinkState): void;
  /** Every call, oldest first. */
  readonly calls: { readonly name: CallName; readonly input: unknown }[];
}

export interface FixturePorts {
  readonly snapshot: Snapshot | null;
  readonly answers: Answers;
  readonly openChannel: (ticket: string) => ByteChannel;
}

/** A link without a Core: shows given snapshots and gives set answers. Only pages of the tests load it. */
export function createFixtureLink({ snapshot: first, answers, openChannel }: FixturePorts): FixtureLink {
  const snapshot = valueStore(first);
  const state = valueStore<LinkState>({ kind: "open" });
  const listeners = new Set<(progress: ScreenProgress) => void>();
  const calls: { name: CallName; input: unknown }[] = [];
  const report = (progress: ScreenProgress) => {
    for (const listener of [...listeners]) listener(progress);
  };
  return {
    snapshot,
    state,
    calls,
    show: snapshot.set,
    lose: state.set,
    async call(name, input, options) {
      calls.push({ name, input });
      const answer = answers[name];
      if (answer === undefined) throw new Error(`The fixture has no answer to ${name}.`);
      return answer(input, report, options?.signal ?? new AbortController().signal);
    },
    onScreenProgress(screen, listener) {
      const mine = (progress: ScreenProgress) => {
        if (progress.screen === screen) listener(progress);
      };
      listeners.add(mine);
      return () => listeners.delete(mine);
    },
    openChannel,
    retry: () => undefined,
    dispose: () => undefined,
  };
}
