import { CONTRACT, type Handlers, type ScreenProgress } from "../../shared/contract.ts";
import type { ByteChannel, ScreenDoor } from "../../shared/rpc.ts";
import type { Snapshot } from "../../shared/snapshot.ts";

export const BARE_SNAPSHOT: Omit<Snapshot, "revision"> = {
  app: {
    version: "0.0.0",
    host: "browser",
    platform: "linux",
    secrets: { persistent: false, name: "memory", detail: "for a test" },
    simulation: null,
  },
  light: "unknown",
  servers: [],
  prompts: [],
  notices: [],
  privacy: { maskAmounts: false },
};

export const notice = (id: string, title = "note") => ({ id, kind: "info" as const, title, detail: "", at: 0 });

/** All handlers of the contract; those not given refuse. */
export function someHandlers(given: Partial<Handlers>): Handlers {
  const refuse = Object.fromEntries(
    Object.keys(CONTRACT).map((name) => [
      name,
      async () => {
        throw new Error(`${name} is not part of this test`);
      },
    ]),
  );
  return { ...refuse, ...given } as Handlers;
}

/** A door whose screens are what the test says. */
export function testDoor(attach: (ticket: string, link: string, channel: ByteChannel) => void = () => {}) {
  const listeners = new Map<string, (progress: ScreenProgress) => void>();
  const ended: string[] = [];
  const door: ScreenDoor = {
    attach,
    onProgress(link, listener) {
      listeners.set(link, listener);
      return () => listeners.delete(link);
    },
    linkEnded: (link) => ended.push(link),
  };
  return { door, listeners, ended };
}

/** Waits for a condition, looking every few milliseconds. @throws Error naming it after the deadline */
export async function until(what: string, condition: () => boolean | Promise<boolean>, deadlineMs = 15_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
