import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { HostAddress, HostLink } from "../host-link/host-link.ts";
import { checkScreen } from "./screen-check.ts";
import { ScreenError } from "./screen-error.ts";
import type { ScreenReport } from "./screen-ports.ts";

/** A look this young (ms) answers for the next one. */
const YOUNG_MS = 30_000;
/** After one that did not get in none is tried for so long (ms). */
const REST_MS = 300_000;

export interface PictureWatchPorts {
  readonly link: HostLink;
  readonly clock: Clock;
  readonly address: () => HostAddress | null;
  /** `null`: not known */
  readonly password: () => Promise<string | null>;
  readonly report: (report: ScreenReport) => void;
  /** One sentence. */
  readonly onFault: (message: string) => void;
}

export interface PictureWatch {
  /**
   * Logs in with the password that is known and looks whether anything is painted. One that was refused is not tried again, since servers count
   * failures. Never rejects.
   * @returns whether the screen was heard: it need not be greeted then
   */
  look(signal: AbortSignal): Promise<boolean>;
  /** Resolves when there is a look of late, whoever took it. Never rejects. */
  recent(signal: AbortSignal): Promise<void>;
}

export function createPictureWatch(ports: PictureWatchPorts): PictureWatch {
  const { link, clock } = ports;
  let underWay: Promise<boolean> | null = null;
  let heardAt: number | null = null;
  let failedAt: number | null = null;
  let refused: string | null = null;
  const since = (at: number | null) => (at === null ? Number.POSITIVE_INFINITY : clock.now() - at);

  async function take(signal: AbortSignal): Promise<boolean> {
    let inside = false;
    try {
      const password = await ports.password();
      const address = ports.address();
      if (password === null || address === null || digest(password) === refused || since(failedAt) < REST_MS) return false;
      let black = false;
      const common = { link, address, password, clock, signal };
      await checkScreen({
        ...common,
        glance: true,
        report(report) {
          black = report.kind === "picture" && report.picture === "black";
          inside ||= report.kind === "login" && report.login === "accepted";
          if (report.kind === "login" && report.login === "refused") refused = digest(password);
          if (!black) ports.report(report);
        },
      });
      // Only where nothing was found is the whole fetched; over a new line, where every server sends it at once.
      if (black) await checkScreen({ ...common, report: ports.report });
      heardAt = clock.now();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      // x11vnc is late with its picture at times: that is no reason to stay away.
      if (!inside) failedAt = clock.now();
      if (error instanceof ScreenError && error.kind === "too-many-attempts") ports.report({ kind: "login", version: "", login: "too-many-attempts" });
      ports.onFault(error instanceof Error ? error.message : String(error));
      return inside;
    }
  }
  const look = (signal: AbortSignal) => {
    underWay ??= take(signal).finally(() => {
      underWay = null;
    });
    return underWay;
  };
  return {
    look,
    async recent(signal) {
      if (underWay !== null || since(heardAt) > YOUNG_MS) await look(signal);
    },
  };
}

const digest = (password: string): string => createHash("sha256").update(password).digest("hex");
