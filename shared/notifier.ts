import { decideNotifications, NOTHING_TOLD, type Notice, type NotifyContext, type Told } from "./decide-notifications.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Notifier {
  /** To be called at each change of the snapshot, and when the window came to the front. */
  look(): void;
  /** After sleep or at unlock: what began before is counted anew, so that no burst comes. */
  grace(): void;
  /** While the screen is locked nothing is shown; what still stands at unlock is told then. */
  hold(on: boolean): void;
  dispose(): void;
}

export interface NotifierOptions {
  readonly clock: {
    now(): number;
    /** @returns a function that cancels it */
    after(ms: number, run: () => void): () => void;
  };
  readonly snapshot: () => Snapshot;
  readonly notify: () => NotifyContext["notify"];
  readonly windowVisible: () => boolean;
  /** Shows one; `ended` is to be called when it was clicked, closed or refused. @returns what closes it; `null`: it cannot be shown */
  readonly show: (notice: Notice, ended: () => void) => (() => void) | null;
  /** How long after sleep and at unlock nothing is said of what began before; default 30 s. */
  readonly graceMs?: number;
}

const GRACE_MS = 30_000;

/** Has the notifications shown that are due, and taken back when they are out of date. How one is shown is the host's affair. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { clock } = options;
  const shown = new Map<string, { close: () => void; readonly asks: string | null }>();
  let told: Told = NOTHING_TOLD;
  let graceUntil = 0;
  let held = false;
  let cancel: (() => void) | null = null;

  const show = (notice: Notice) => {
    shown.get(notice.key)?.close();
    shown.delete(notice.key);
    const one = { close: () => {}, asks: notice.asks };
    shown.set(notice.key, one);
    const forget = () => {
      if (shown.get(notice.key) === one) shown.delete(notice.key);
    };
    const close = options.show(notice, forget);
    if (close === null) forget();
    else one.close = close;
  };
  const look = () => {
    cancel?.();
    cancel = null;
    if (held) return;
    const now = clock.now();
    const decision = decideNotifications(told, options.snapshot(), { now, notify: options.notify(), windowVisible: options.windowVisible(), graceUntil });
    told = decision.told;
    // A question that was answered elsewhere, or a countdown that is over, must not be found in the list an hour later.
    for (const [key, { close, asks }] of [...shown]) {
      if (asks === null || told.asked.includes(asks)) continue;
      shown.delete(key);
      close();
    }
    for (const notice of decision.notices) show(notice);
    if (decision.nextAt !== null) cancel = clock.after(Math.max(50, decision.nextAt - now), look);
  };
  return {
    look,
    grace() {
      graceUntil = clock.now() + (options.graceMs ?? GRACE_MS);
      look();
    },
    hold(on) {
      held = on;
      if (!on) this.grace();
    },
    dispose() {
      cancel?.();
      for (const { close } of shown.values()) close();
      shown.clear();
    },
  };
}
