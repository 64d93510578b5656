import type { Clock } from "../clock.ts";
import type { Route, ScreenFact } from "../diagnosis/evidence.ts";
import type { HostLink } from "../host-link/host-link.ts";
import { whenUp } from "../host-link/when-up.ts";
import { type Greeting, greetScreen } from "./screen-greeting.ts";

const EVERY_MS = 60_000;
/** After a fault a server that counts nothing is greeted again so soon (ms): a slow one is not taken for a dead one for a whole minute. */
const AGAIN_MS = [3_000, 10_000, 20_000, 40_000];
/** A screen that answered so recently (ms) is not asked anew, unless it is known to have gone or come. */
const JUST_ANSWERED_MS = 10_000;
/** So long (ms) after the link came up, what the server itself tells of the screen is waited for before a greeting is spent. */
const TOLD_MS = 5_000;
/** x11vnc that seems not to run is given so long (ms) for its greeting. */
const DOUBTED_MS = 2_000;
/** What was found at fault is believed for so long (ms) where it may not be asked again. */
const BELIEVED_MS = 240_000;
/** Greetings of a server that may count them: the fourth connection, whosoever it is, still gets in, and so does the fifth. */
const MAX_GREETINGS = 3;
/** It was connected to. */
const COUNTED: ReadonlySet<Greeting["kind"]> = new Set(["answers", "silent", "closed", "wrong-service", "blocked"]);

/** What the server tells of the screen without a connection to it. */
export interface ScreenSigns {
  /** By the socket table; `null`: not known. */
  readonly listens: boolean | null;
  /** It is x11vnc, which counts no greetings. */
  readonly countsNone: boolean;
  /** One sentence; `null`: nothing speaks for it that its program stands still. */
  readonly stopped: string | null;
  /** Its program does not run, as far as can be seen: only a greeting tells. */
  readonly stalled: boolean;
}

/** `heard`: it need not be greeted; `turned-away`: it answers, and takes nobody from there for a while. */
export type Looked = "heard" | "turned-away" | "not-heard";

export interface ScreenProbePorts {
  readonly link: HostLink;
  readonly clock: Clock;
  readonly route: () => Route | null;
  /** A person's screen session is open: it is connected, and a greeting would only disturb. */
  readonly sessionOpen: () => boolean;
  readonly signs: () => ScreenSigns;
  /** Logs in and looks at the picture, where the password is known. */
  readonly look: (signal: AbortSignal) => Promise<Looked>;
  readonly onFact: (fact: ScreenFact) => void;
}

export interface ScreenProbe {
  /** Begins at once, then every minute. */
  start(): void;
  /** Now, unless a probe is under way or the screen has just answered. @param changed what was just answered is void */
  probeNow(changed?: boolean): void;
  /** It went or came, or somebody logged in: greetings are counted anew. */
  forgiven(): void;
  /** A person could not get there: looked into at once, and believed where it may not be greeted. */
  doubt(fact: ScreenFact): void;
  dispose(): void;
}

/**
 * Looks at the screen once a minute, sooner when asked: at its picture where the password is known, else at its greeting.
 *
 * TigerVNC counts every connection as a failed log-in until one succeeds, for as long as it runs, and at the fifth blocks the address, 10 s at first and
 * twice as long each time (`Blacklist::isBlackmarked`); through the tunnel that is the address of the person, too. So only x11vnc, which counts nothing, is
 * greeted each minute. Any other server is believed by the socket table that it listens; it is greeted once where no table can be read, and at most
 * {@link MAX_GREETINGS} times when it was found at fault. A log-in of ours or of the person wipes the count.
 */
export function createScreenProbe(ports: ScreenProbePorts): ScreenProbe {
  const { link, clock } = ports;
  let abort: AbortController | null = null;
  let cancel: (() => void) | null = null;
  let disposed = false;
  let answeredAt = Number.NEGATIVE_INFINITY;
  let upAt = Number.NEGATIVE_INFINITY;
  /** Greetings since the last log-in. */
  let greetings = 0;
  /** It has turned us away: it counts, whatever it seems to be. */
  let counts = false;
  /** Greetings in a row that found it at fault. */
  let faults = 0;
  let fault: { readonly fact: ScreenFact; readonly at: number } | null = null;
  /** Something changed while it was asked. */
  let again = false;
  let unsubscribe: (() => void) | null = null;

  function wait(ms: number): void {
    cancel?.();
    cancel = clock.after(ms, () => void probe());
  }
  const told = (route: Route | null, signs: ScreenSigns): ScreenFact | "greet" | null => {
    if (route === null || signs.listens === false || (signs.countsNone && !counts)) return "greet";
    if (signs.listens === null && clock.now() - upAt < TOLD_MS) {
      wait(upAt + TOLD_MS - clock.now());
      return null;
    }
    const spared = counts ? 0 : fault !== null ? MAX_GREETINGS : signs.listens === null ? 1 : 0;
    if (greetings < spared) return "greet";
    if (fault !== null && clock.now() - fault.at < BELIEVED_MS) return fault.fact;
    if (signs.listens === null) return null;
    return { kind: "listens", detail: "It listens. Whether it answers is not tried, since it may count that as a failed log-in." };
  };

  async function ask(signal: AbortSignal): Promise<ScreenFact | null> {
    const { stopped, stalled } = ports.signs();
    if (stopped !== null) return { kind: "silent", detail: stopped };
    if (ports.sessionOpen()) return stalled ? { kind: "silent", detail: "x11vnc has not run for seconds" } : viewed;
    const looked = ports.route() === null || stalled ? "not-heard" : await ports.look(signal);
    if (signal.aborted) return null;
    if (looked !== "not-heard") {
      answeredAt = clock.now();
      fault = null;
      return looked === "turned-away" ? turnedAway : null;
    }
    const route = ports.route();
    const signs = ports.signs();
    const known = told(route, signs);
    if (known !== "greet") return known;
    const greeted = await greetScreen(link, route, clock, signal, signs.stalled ? DOUBTED_MS : undefined);
    if (greeted === null) return null;
    if (COUNTED.has(greeted.kind)) greetings++;
    fault = null;
    if (greeted.kind === "blocked") {
      counts = true;
      return turnedAway;
    }
    answeredAt = greeted.kind === "answers" ? clock.now() : Number.NEGATIVE_INFINITY;
    const failed = greeted.kind !== "answers" && greeted.kind !== "no-route";
    const soon = AGAIN_MS[faults];
    faults = failed ? faults + 1 : 0;
    if (failed) fault = { fact: greeted, at: clock.now() };
    if (failed && soon !== undefined && signs.countsNone && !counts) wait(soon);
    return greeted;
  }

  const probe = async () => {
    if (disposed) return;
    if (abort !== null) {
      again = true;
      return;
    }
    wait(EVERY_MS);
    if (link.state.kind !== "up") return;
    const mine = new AbortController();
    abort = mine;
    const open = ports.sessionOpen();
    const fact = await ask(mine.signal);
    abort = null;
    if (fact !== null && !disposed && (open || !ports.sessionOpen())) ports.onFact(fact);
    if (again) {
      again = false;
      void probe();
    }
  };
  return {
    start() {
      upAt = clock.now();
      unsubscribe ??= whenUp(link, () => {
        upAt = clock.now();
        void probe();
      });
      void probe();
    },
    probeNow(changed = false) {
      const since = clock.now() - answeredAt;
      if (changed || (abort === null && (since < 0 || since >= JUST_ANSWERED_MS))) void probe();
    },
    forgiven() {
      greetings = 0;
      fault = null;
    },
    doubt(fact) {
      fault = { fact, at: clock.now() };
      void probe();
    },
    dispose() {
      disposed = true;
      unsubscribe?.();
      cancel?.();
      abort?.abort();
    },
  };
}
const viewed: ScreenFact = { kind: "listens", detail: "A viewer of Gatelight is connected to it." };
const turnedAway: ScreenFact = { kind: "listens", detail: "The screen's server answers, and turns log-ins away for a while: too many have failed." };
