import type { Notice } from "../../shared/decide-notifications.ts";
import { createNotifier } from "../../shared/notifier.ts";
import type { Snapshot } from "../../shared/snapshot.ts";
import type { Link } from "../api/link.ts";
import { goTo } from "../route.ts";

/** Held, shared, by each tab of ours while it is being looked at: what one of them shows, none has to tell. */
const LOOKED_AT = "gatelight.looked-at";
/** The wall clock runs on while a computer sleeps, the page's own time does not. */
const SLEPT_MS = 5_000;
const QUIET = { afterSeconds: 10, mute: true } as const;

const visible = () => document.visibilityState === "visible";

/** In a browser the page itself tells of changes while nobody looks at it; the desktop program has its own way. Lives as long as the page. */
export function tellInBrowser(link: Link, first: Snapshot): void {
  if (first.app.host !== "browser" || !("Notification" in window)) return;
  const snapshot = () => link.snapshot.get() ?? first;
  const drift = () => Date.now() - performance.now();
  let lastDrift = drift();
  const notifier = createNotifier({
    clock: {
      now: () => Date.now(),
      after(ms, run) {
        const timer = setTimeout(() => {
          noticeSleep();
          run();
        }, ms);
        return () => clearTimeout(timer);
      },
    },
    snapshot,
    notify: () => snapshot().notify ?? QUIET,
    windowVisible: visible,
    show,
  });
  function noticeSleep(): void {
    const now = drift();
    const slept = Math.abs(now - lastDrift) > SLEPT_MS;
    lastDrift = now;
    if (slept) notifier.grace();
  }
  link.snapshot.subscribe(() => {
    noticeSleep();
    notifier.look();
  });
  let lost = false;
  link.state.subscribe(() => {
    // What was last known is no news.
    if (lost === (link.state.get().kind !== "open")) return;
    lost = !lost;
    notifier.hold(lost);
  });
  document.addEventListener("visibilitychange", () => notifier.look());
  void standWhileVisible();
  notifier.look();
}

function show(notice: Notice, ended: () => void): (() => void) | null {
  if (Notification.permission !== "granted") return null;
  let made: Notification | null = null;
  let closed = false;
  void lookedAt().then((seen) => {
    if (seen || closed) return ended();
    // The same tag from another tab takes its place without a sound.
    made = new Notification(notice.title, { body: notice.body, tag: `gatelight/${notice.key}`, requireInteraction: notice.urgent });
    made.onclose = ended;
    made.onerror = ended;
    made.onclick = () => {
      window.focus();
      goTo({ view: notice.gateway === null ? "overview" : "diagnosis", server: notice.server, gateway: notice.gateway });
      made?.close();
    };
  });
  return () => {
    closed = true;
    made?.close();
  };
}

async function lookedAt(): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === LOOKED_AT);
}

async function standWhileVisible(): Promise<never> {
  for (;;) {
    await until(visible);
    await navigator.locks.request(LOOKED_AT, { mode: "shared" }, () => until(() => !visible()));
  }
}

function until(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}
