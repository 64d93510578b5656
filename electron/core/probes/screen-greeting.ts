import type { Duplex } from "node:stream";
import type { Clock } from "../clock.ts";
import type { Route, ScreenFact } from "../diagnosis/evidence.ts";
import { DialError, type HostLink } from "../host-link/host-link.ts";

const DEADLINE_MS = 5_000;
const GREETING_MS = 5_000;
/** A server that turns an address away says so together with its version (ms). */
const REFUSAL_MS = 1_000;
/** `RFB 003.008\n` (RFC 6143 §7.1.1). */
const BANNER_BYTES = 12;
const MAX_REASON = 256;

/** `blocked`: it answers, and turns everyone away who comes from there, for a while. */
export type Greeting = ScreenFact | { readonly kind: "blocked"; readonly detail: string };

/**
 * Reads the screen's greeting and closes without a byte of ours. TigerVNC counts that as a failed log-in: see screen-probe.ts.
 * @param patienceMs how long a greeting may take once connected
 * @returns never rejects; `null`: nothing is known; `detail` is one sentence
 */
export async function greetScreen(
  link: Pick<HostLink, "dial">,
  route: Route | null,
  clock: Clock,
  signal?: AbortSignal,
  patienceMs = GREETING_MS,
): Promise<Greeting | null> {
  if (route === null) return { kind: "no-route", detail: "no address for the screen is known" };
  let stream: Duplex;
  try {
    stream = await link.dial({ host: route.host, port: route.port }, { deadlineMs: DEADLINE_MS, signal });
  } catch (error) {
    return dialFact(error, route);
  }
  try {
    return await greeting(stream, clock, signal, patienceMs);
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

function greeting(stream: Duplex, clock: Clock, signal: AbortSignal | undefined, patienceMs: number): Promise<Greeting | null> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    let cancel = () => {};
    const finish = (fact: Greeting | null) => {
      cancel();
      signal?.removeEventListener("abort", onAbort);
      stream.removeAllListeners("data");
      // What still fails while it closes belongs to nobody.
      stream.on("error", () => undefined);
      resolve(fact);
    };
    const onAbort = () => finish(null);
    const over = (silence: ScreenFact) => finish(seen.length === 0 ? silence : (readGreeting(seen, true) ?? wrongService(seen)));
    const ended = () => over({ kind: "closed", detail: "closed without a greeting" });
    const late = () => over({ kind: "silent", detail: "connected, but no greeting came" });
    cancel = clock.after(patienceMs, late);
    signal?.addEventListener("abort", onAbort, { once: true });
    stream.on("data", (data: Buffer) => {
      const before = seen.length;
      seen = Buffer.concat([seen, data.subarray(0, BANNER_BYTES + 8 + MAX_REASON - seen.length)]);
      const fact = readGreeting(seen, false);
      if (fact !== null) finish(fact);
      else if (before < BANNER_BYTES && seen.length >= BANNER_BYTES) {
        cancel();
        cancel = clock.after(REFUSAL_MS, late);
      }
    });
    stream.once("end", ended);
    stream.once("close", ended);
    stream.once("error", ended);
  });
}

/**
 * TigerVNC's refusal is `RFB 003.003\n`, security type 0 and a reason (RFC 6143 §7.1.2), all at once; a server that really speaks 3.3 waits for our version.
 * @param over nothing more will come @returns `null` while more bytes may still make a greeting of it
 */
export function readGreeting(bytes: Uint8Array, over: boolean): Greeting | null {
  const text = Buffer.from(bytes.subarray(0, BANNER_BYTES)).toString("latin1");
  const version = /^RFB (\d{3}\.\d{3})\n$/.exec(text)?.[1];
  if (version !== undefined) {
    const more = Buffer.from(bytes.subarray(BANNER_BYTES));
    const answers: ScreenFact = { kind: "answers", version, login: "not-tried", picture: null };
    if (version !== "003.003") return answers;
    if (more.length < 8) return over ? answers : null;
    const reason = more.subarray(8);
    if (more.readUInt32BE(0) !== 0) return answers;
    if (!over && reason.length < Math.min(more.readUInt32BE(4), MAX_REASON)) return null;
    return { kind: "blocked", detail: `it turns log-ins away for a while: “${printable(reason, " ")}”` };
  }
  const pattern = "RFB ddd.ddd\n";
  const hopeful = text.length < BANNER_BYTES && [...text].every((char, index) => (pattern[index] === "d" ? /\d/.test(char) : char === pattern[index]));
  return hopeful && !over ? null : wrongService(bytes);
}

function wrongService(bytes: Uint8Array): ScreenFact {
  return { kind: "wrong-service", detail: `no screen answers there: "${printable(bytes.subarray(0, 40), "·")}"` };
}

const printable = (bytes: Uint8Array, other: string) =>
  Buffer.from(bytes)
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, other);
