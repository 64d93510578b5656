import type { Clock } from "../clock.ts";

/** Hands something over once, to the link it was made for, within a time limit. */
export interface Tickets<T> {
  /** @param onExpired called when nobody came in time */
  issue(link: string, value: T, onExpired: () => void): string;
  /** @returns what the ticket stands for; `null` for an unknown, used, expired or foreign one */
  redeem(ticket: string, link: string): T | null;
  revoke(ticket: string): void;
}

/** @param random that many random bytes; a ticket has 32 */
export function createTickets<T>(clock: Clock, random: (bytes: number) => Buffer, lifeMs: number): Tickets<T> {
  const open = new Map<string, { link: string; value: T; cancel: () => void }>();
  const revoke = (ticket: string) => {
    open.get(ticket)?.cancel();
    open.delete(ticket);
  };
  return {
    issue(link, value, onExpired) {
      const ticket = random(32).toString("base64url");
      const cancel = clock.after(lifeMs, () => {
        open.delete(ticket);
        onExpired();
      });
      open.set(ticket, { link, value, cancel });
      return ticket;
    },
    redeem(ticket, link) {
      const found = open.get(ticket);
      if (found === undefined || found.link !== link) return null;
      revoke(ticket);
      return found.value;
    },
    revoke,
  };
}
