import { BEAT, type Clock } from "./clock.ts";

/** Silence is a change too: everything is judged at least this often (ms) … */
const TICK_MS = 1_000;
/** … but where all is well, nobody looks, and what is known will say the same for so long (ms) if nothing changes. */
const REST_MS = 10_000;

export interface PacePorts {
  readonly clock: Clock;
  readonly judge: () => void;
  /** Nobody looks, and every verdict will be the same for so long unless something changes. Asked after each judgement. */
  readonly steadyFor: (ms: number) => boolean;
  /** No line owes an answer. Asked at each beat of a rest. */
  readonly undoubted: () => boolean;
}

/** When everything is judged anew, beside each change: once a second, or seldom while nothing can come of it. */
export interface JudgingPace {
  /** Something changed, or somebody looks: a judgement is due within a second. */
  rouse(): void;
  dispose(): void;
}

export function createJudgingPace({ clock, judge, steadyFor, undoubted }: PacePorts): JudgingPace {
  let cancel: (() => void) | null = null;
  /** Since when it rests; `null`: a judgement is due within a second. */
  let since: number | null = null;
  let disposed = false;

  function rouse(): void {
    if (disposed || (cancel !== null && since === null)) return;
    since = null;
    cancel?.();
    cancel = clock.after(TICK_MS, tick);
  }
  function tick(): void {
    cancel = null;
    // A clock that was set is a change, too.
    const rested = since === null ? REST_MS : clock.now() - since;
    if (rested >= 0 && rested < REST_MS && undoubted()) {
      rest();
      return;
    }
    since = null;
    try {
      judge();
    } finally {
      rouse();
    }
    if (disposed || !steadyFor(REST_MS)) return;
    since = clock.now();
    rest();
  }
  function rest(): void {
    cancel?.();
    cancel = clock.after(BEAT.ms, tick, BEAT.slackMs);
  }
  return {
    rouse,
    dispose() {
      disposed = true;
      cancel?.();
      cancel = null;
    },
  };
}
