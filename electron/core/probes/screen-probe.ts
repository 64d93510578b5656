import type { Duplex } from "node:stream";
import type { Clock } from "../clock.ts";
import type { Route, ScreenFact } from "../diagnosis/evidence.ts";
import { DialError, type HostLink } from "../host-link/host-link.ts";
import { whenUp } from "../host-link/when-up.ts";

const DEADLINE_MS = 5_000;
const GREETING_MS = 5_000;
const EVERY_MS = 60_000;
/** A screen that answered so recently (ms) is not greeted anew, unless it is known to have gone or come: TigerVNC blocks an address after five greetings. */
const JUST_ANSWERED_MS = 10_000;
/** `RFB 003.008\n` (RFC 6143 §7.1.1). */
const BANNER_BYTES = 12;

/**
 * Reads the screen's greeting and closes without a byte of ours. TigerVNC counts greetings without a log-in as failures and blocks the address
 * after five, so this is done seldom; a fact of a person's own screen session is worth more.
 * @returns never rejects; `detail` is one sentence
 */
export async function probeScreen(link: Pick<HostLink, "dial">, route: Route | null, clock: Clock, signal?: AbortSignal): Promise<ScreenFact | null> {
  if (route === null) return { kind: "no-route", detail: "no address for the screen is known" };
  let stream: Duplex;
  try {
    stream = await link.dial({ host: route.host, port: route.port }, { deadlineMs: DEADLINE_MS, signal });
  } catch (error) {
    return dialFact(error, route);
  }
  try {
    return await greeting(stream, clock, signal);
  } finally {
    stream.destroy();
  }
}

/** `null`: the link is at fault, or we were stopped; the screen is not judged. */
function dialFact(error: unknown, route: Route): ScreenFact | null {
  const where = `${route.host}:${route.port}`;
  if (!(error instanceof DialError)) return { kind: "silent", detail: `${where}: ${String(error).slice(0, 200)}` };
  switch (error.reason) {
    case "link-down":
    case "aborted":
      return null;
    case "forbidden":
      return { kind: "forbidden", detail: `the SSH server forbids forwarding to ${where}` };
    case "refused":
      return { kind: "refused", detail: `nothing listens on ${where}` };
    case "timeout":
      return { kind: "silent", detail: `no answer from ${where}` };
    default:
      return { kind: "refused", detail: `${where} cannot be reached: ${error.message.slice(0, 200)}` };
  }
}

function greeting(stream: Duplex, clock: Clock, signal: AbortSignal | undefined): Promise<ScreenFact | null> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    const finish = (fact: ScreenFact | null) => {
      cancel();
      signal?.removeEventListener("abort", onAbort);
      stream.removeAllListeners("data");
      // What still fails while it closes belongs to nobody.
      stream.on("error", () => undefined);
      resolve(fact);
    };
    const onAbort = () => finish(null);
    const ended = () => finish(seen.length === 0 ? { kind: "closed", detail: "closed without a greeting" } : wrongService(seen));
    const cancel = clock.after(GREETING_MS, () =>
      finish(seen.length === 0 ? { kind: "silent", detail: "connected, but no greeting came" } : wrongService(seen)),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    stream.on("data", (data: Buffer) => {
      seen = Buffer.concat([seen, data.subarray(0, BANNER_BYTES)]);
      const fact = readBanner(seen);
      if (fact !== null) finish(fact);
    });
    stream.once("end", ended);
    stream.once("close", ended);
    stream.once("error", ended);
  });
}

/** @returns `null` while more bytes may still make a greeting of it */
export function readBanner(bytes: Uint8Array): ScreenFact | null {
  const text = Buffer.from(bytes.subarray(0, BANNER_BYTES)).toString("latin1");
  const match = /^RFB (\d{3}\.\d{3})\n$/.exec(text);
  if (match?.[1] !== undefined) return { kind: "answers", version: match[1], login: "not-tried", picture: null };
  const pattern = "RFB ddd.ddd\n";
  const hopeful = text.length < BANNER_BYTES && [...text].every((char, index) => (pattern[index] === "d" ? /\d/.test(char) : char === pattern[index]));
  return hopeful ? null : wrongService(bytes);
}

function wrongService(bytes: Uint8Array): ScreenFact {
  const printable = Buffer.from(bytes.subarray(0, 40))
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, "·");
  return { kind: "wrong-service", detail: `no screen answers there: "${printable}"` };
}

export interface ScreenProbe {
  /** Begins at once, then every minute. */
  start(): void;
  /** Now, unless a screen session is open, a probe is under way or the screen has just answered. @param changed it went or came: what it just answered is void */
  probeNow(changed?: boolean): void;
  dispose(): void;
}

export interface ScreenProbePorts {
  readonly link: HostLink;
  readonly clock: Clock;
  readonly route: () => Route | null;
  /** A person's screen session is open: it knows better, and a second greeting would only disturb. */
  readonly sessionOpen: () => boolean;
  /** Logs in and looks at the picture, where the password is known. @returns whether it was heard, so that no greeting is needed */
  readonly look: (signal: AbortSignal) => Promise<boolean>;
  readonly onFact: (fact: ScreenFact) => void;
}

/** Looks at the screen, or at its greeting where its password is not known, at most once a minute, sooner when asked. */
export function createScreenProbe(ports: ScreenProbePorts): ScreenProbe {
  let abort: AbortController | null = null;
  let cancel: (() => void) | null = null;
  let disposed = false;
  let answeredAt = Number.NEGATIVE_INFINITY;
  let unsubscribe: (() => void) | null = null;
  const probe = async () => {
    if (disposed || abort !== null) return;
    cancel?.();
    cancel = ports.clock.after(EVERY_MS, () => void probe());
    if (ports.sessionOpen() || ports.link.state.kind !== "up") return;
    const mine = new AbortController();
    abort = mine;
    const heard = ports.route() !== null && (await ports.look(mine.signal));
    const fact = heard || disposed ? null : await probeScreen(ports.link, ports.route(), ports.clock, mine.signal);
    abort = null;
    if (heard || fact?.kind === "answers") answeredAt = ports.clock.now();
    if (fact !== null && !disposed && !ports.sessionOpen()) ports.onFact(fact);
  };
  return {
    start() {
      unsubscribe ??= whenUp(ports.link, () => void probe());
      void probe();
    },
    probeNow(changed = false) {
      const since = ports.clock.now() - answeredAt;
      if (changed || since < 0 || since >= JUST_ANSWERED_MS) void probe();
    },
    dispose() {
      disposed = true;
      unsubscribe?.();
      cancel?.();
      abort?.abort();
    },
  };
}
