import { Notification } from "electron";
import type { Settings } from "../../shared/settings.ts";
import type { Snapshot } from "../../shared/snapshot.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/report/log.ts";
import { decideNotifications, NOTHING_TOLD, type Notice, type Told } from "./decide-notifications.ts";

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
  readonly clock: Clock;
  readonly log: Log;
  readonly snapshot: () => Snapshot;
  readonly settings: () => Settings;
  readonly windowVisible: () => boolean;
  readonly onClick: (notice: Notice) => void;
  /** How long after sleep and at unlock nothing is said of what began before; default 30 s. */
  readonly graceMs?: number;
}

const GRACE_MS = 30_000;

export function createNotifier(options: NotifierOptions): Notifier {
  const { clock, log } = options;
  const shown = new Map<string, { readonly made: Notification; readonly asks: string | null }>();
  let told: Told = NOTHING_TOLD;
  let graceUntil = 0;
  let held = false;
  let cancel: (() => void) | null = null;

  const show = (notice: Notice) => {
    if (!Notification.isSupported()) return;
    shown.get(notice.key)?.made.close();
    const made = new Notification({ title: notice.title, body: notice.body, urgency: notice.urgent ? "critical" : "normal" });
    shown.set(notice.key, { made, asks: notice.asks });
    const forget = () => {
      if (shown.get(notice.key)?.made === made) shown.delete(notice.key);
    };
    made.on("click", () => {
      forget();
      options.onClick(notice);
    });
    made.on("close", forget);
    // Since Electron 42 macOS refuses them from programs that are not signed.
    made.on("failed", (_event, error) => {
      forget();
      log.warn("a notification could not be shown", { error });
    });
    made.show();
  };
  const look = () => {
    cancel?.();
    cancel = null;
    if (held) return;
    const now = clock.now();
    const decision = decideNotifications(told, options.snapshot(), {
      now,
      notify: options.settings().notify,
      windowVisible: options.windowVisible(),
      graceUntil,
    });
    told = decision.told;
    // A question that was answered elsewhere, or a countdown that is over, must not be found in the list an hour later.
    for (const [key, { made, asks }] of [...shown]) {
      if (asks === null || told.asked.includes(asks)) continue;
      shown.delete(key);
      made.close();
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
      for (const { made } of shown.values()) made.close();
      shown.clear();
    },
  };
}
