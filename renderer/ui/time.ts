import { useSyncExternalStore } from "react";
import { valueStore } from "../api/value-store.ts";

/** One ticker for all ages on the page: a value a second, running only while someone looks. */
const now = valueStore(Date.now());
let lookers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  const off = now.subscribe(listener);
  lookers += 1;
  if (lookers === 1) {
    now.set(Date.now());
    timer = setInterval(() => now.set(Date.now()), 1000);
  }
  return () => {
    off();
    lookers -= 1;
    if (lookers === 0) clearInterval(timer);
  };
}

/** Milliseconds since the epoch, refreshed each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, now.get);
}

/** "now", "12 s", "4 min", "3 h", "2 d". @param ms a span in milliseconds; negative counts as 0 */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 1) return "now";
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** "2:41". @param ms left; negative counts as 0 */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayClock = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

/** The time of day, with the date when it is more than 20 hours from `reference`. */
export function formatAt(at: number, reference: number): string {
  return Math.abs(reference - at) > 20 * 3_600_000 ? dayClock.format(at) : clock.format(at);
}
