import type { Clock } from "../clock.ts";
import type { HostAddress, HostLink } from "../host-link/host-link.ts";
import type { Looked } from "../probes/screen-probe.ts";
import type { Refused } from "./refused-passwords.ts";
import { checkScreen } from "./screen-check.ts";
import { ScreenError } from "./screen-error.ts";
import type { ScreenReport } from "./screen-ports.ts";

/** A look this young (ms) answers for the next one. */
const YOUNG_MS = 30_000;
/** After one that did not get in none is tried for so long (ms). */
const REST_MS = 300_000;
/** A server that turns addresses away for a while does not count those that it turned away: it is tried again so soon (ms), since a log-in ends that. */
const TURNED_AWAY_MS = 50_000;
/**
 * How long the last look holds for the watcher (ms), unless the screen went away meanwhile: a log-in is an act on the server (x11vnc without -forever ends
 * after one), and each costs up to half a megabyte, black ones seven times as much.
 */
const HOLDS_MS = { painted: 900_000, black: 180_000 };

export interface PictureWatchPorts {
  readonly link: HostLink;
  readonly clock: Clock;
  readonly address: () => HostAddress | null;
  /** `null`: not known */
  readonly password: () => Promise<string | null>;
  /** The server goes on after a log-in. */
  readonly outlivesViewers: () => boolean;
  /** Those that this screen refused, whoever tried them. */
  readonly refused: Refused;
  readonly report: (report: ScreenReport) => void;
  /** One sentence. */
  readonly onFault: (message: string) => void;
}

export interface PictureWatch {
  /**
   * Logs in with the password that is known and looks whether anything is painted, seldom where something was. One that was refused is not tried again, since servers count
   * failures; nor is a server that would end with it. Never rejects.
   */
  look(signal: AbortSignal): Promise<Looked>;
  /** The screen went away or came: what was seen of it holds no longer. */
  renew(): void;
  /** Resolves when there is a look of late, whoever took it. Never rejects. */
  recent(signal: AbortSignal): Promise<void>;
}

export function createPictureWatch(ports: PictureWatchPorts): PictureWatch {
  const { link, clock } = ports;
  let underWay: Promise<Looked> | null = null;
  let heardAt: number | null = null;
  let restsUntil = 0;
  let holdsUntil = 0;
  const since = (at: number | null) => (at === null ? Number.POSITIVE_INFINITY : clock.now() - at);

  function take(report: ScreenReport): void {
    if (report.kind === "picture") holdsUntil = clock.now() + HOLDS_MS[report.picture];
    ports.report(report);
  }

  async function ask(signal: AbortSignal): Promise<Looked> {
    let inside = false;
    try {
      const password = await ports.password();
      const address = ports.address();
      if (password === null || address === null || ports.refused.has(password) || clock.now() < restsUntil || !ports.outlivesViewers()) return "not-heard";
      let black = false;
      const common = { link, address, password, clock, signal };
      await checkScreen({
        ...common,
        glance: true,
        report(report) {
          black = report.kind === "picture" && report.picture === "black";
          inside ||= report.kind === "login" && report.login === "accepted";
          if (report.kind === "login" && report.login === "refused") ports.refused.add(password);
          if (!black) take(report);
        },
      });
      // Only where nothing was found is the whole fetched; over a new line, where every server sends it at once.
      if (black) await checkScreen({ ...common, report: take });
      heardAt = clock.now();
      return "heard";
    } catch (error) {
      if (signal.aborted) return "not-heard";
      // x11vnc is late with its picture at times: that is no reason to stay away.
      const said = error instanceof ScreenError ? error.kind : null;
      if (!inside) restsUntil = clock.now() + (said === "too-many-attempts" ? TURNED_AWAY_MS : REST_MS);
      ports.onFault(error instanceof Error ? error.message : String(error));
      // Where the server said why, it was heard: a greeting more would count as one more failure at TigerVNC.
      if (said === "too-many-attempts") return "turned-away";
      if (said === "no-password-set") ports.report({ kind: "login", version: "", login: "not-tried" });
      return inside || said === "no-password-set" ? "heard" : "not-heard";
    }
  }
  const askOnce = (signal: AbortSignal) => {
    underWay ??= ask(signal).finally(() => {
      underWay = null;
    });
    return underWay;
  };
  return {
    look: async (signal) => (underWay === null && clock.now() < holdsUntil ? "not-heard" : askOnce(signal)),
    renew() {
      holdsUntil = 0;
    },
    async recent(signal) {
      if (underWay !== null || since(heardAt) > YOUNG_MS) await askOnce(signal);
    },
  };
}
