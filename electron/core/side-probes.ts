import type { Clock } from "./clock.ts";
import type { ContainerFact, GatewayEvidence, GatewayTarget, Route, ScreenFact } from "./diagnosis/evidence.ts";
import type { GatewayFacts } from "./gateway-facts.ts";
import type { HostLink } from "./host-link/host-link.ts";
import { createMcpProbe, type McpProbe } from "./probes/mcp/mcp-probe.ts";
import { createScreenProbe, type ScreenProbe, type ScreenSigns } from "./probes/screen-probe.ts";
import { createPictureWatch, type PictureWatch } from "./screen/picture-watch.ts";
import type { Refused } from "./screen/refused-passwords.ts";
import type { ScreenError } from "./screen/screen-error.ts";
import type { ScreenReport } from "./screen/screen-ports.ts";

export interface SidePorts {
  readonly clock: Clock;
  readonly link: HostLink;
  readonly docker: string;
  readonly target: GatewayTarget;
  readonly vnc: () => Route | null;
  readonly evidence: () => GatewayEvidence;
  /** A person looks at this gateway's screen now. */
  readonly screenOpen: () => boolean;
  readonly take: (facts: GatewayFacts) => void;
  /** `null`: not known */
  readonly screenPassword: () => Promise<string | null>;
  readonly screenRefused: Refused;
  readonly screenReport: (report: ScreenReport) => void;
  /** One sentence: the screen could not be looked at. */
  readonly screenFault: (message: string) => void;
}

/** A container that started this recently (ms) may have been started by another program. */
const YOUNG_MS = 600_000;

/** What stands beside the chain of one gateway: its screen and its MCP server. */
export class SideProbes {
  private readonly screen: ScreenProbe;
  private readonly picture: PictureWatch;
  private readonly mcp: McpProbe | null;
  private vncListens: boolean | null = null;
  private vncKnown = false;
  private screenStands: string | null = null;
  private socketsKnown = false;
  private startsSeen = 0;
  private mcpRuns: boolean | null = null;

  constructor(private readonly ports: SidePorts) {
    const { clock, link, target } = ports;
    this.picture = createPictureWatch({
      link,
      clock,
      address: ports.vnc,
      password: ports.screenPassword,
      outlivesViewers: () => ports.evidence().sockets?.value.screen?.forever !== false,
      refused: ports.screenRefused,
      report: ports.screenReport,
      onFault: ports.screenFault,
    });
    this.screen = createScreenProbe({
      link,
      clock,
      route: ports.vnc,
      sessionOpen: ports.screenOpen,
      signs: () => screenSigns(ports.evidence()),
      look: (signal) => this.picture.look(signal),
      onFact: (fact) => ports.take({ screen: { at: clock.now(), value: withSession(ports.evidence().screen, fact, clock.now()) } }),
    });
    this.mcp =
      target.mcp === null
        ? null
        : createMcpProbe({
            link,
            clock,
            docker: ports.docker,
            target: target.mcp,
            queue: () => {
              const sockets = ports.evidence().sockets?.value;
              return sockets === undefined
                ? null
                : sockets.listeners.filter((listener) => listener.port === target.ports.api).reduce((sum, listener) => sum + listener.queue, 0);
            },
            clockSkewMs: () => ports.evidence().server.clockSkewMs?.value ?? 0,
            onFact: (value) => ports.take({ mcp: { at: clock.now(), value } }),
          });
  }

  start(): void {
    this.screen.start();
    this.mcp?.start();
  }

  lookNow(): Promise<void> {
    this.screen.probeNow();
    return this.mcp?.lookNow() ?? Promise.resolve();
  }

  /** Resolves when the picture was looked at of late, if the screen's password is known. Never rejects. */
  checkScreen(signal: AbortSignal): Promise<void> {
    return this.picture.recent(signal);
  }

  /** A person, or the watcher itself, was at the screen. */
  screenReported(report: ScreenReport): void {
    if (report.kind === "login" && report.login === "accepted") this.screen.forgiven();
    const fact = report.kind === "failed" ? factOf(report.error) : null;
    if (fact !== null) this.screen.doubt(fact);
  }

  /** The gateway's facts changed: a screen that came or went, or a restart that was not ours, is looked into at once. */
  factsChanged(): void {
    const evidence = this.ports.evidence();
    const { listens, stopped, stalled } = screenSigns(evidence);
    // Its deeper question is asked only where the accept queue is known to be empty, and that has just become known.
    const told = !this.socketsKnown && evidence.sockets !== null;
    if (told) {
      this.socketsKnown = true;
      void this.mcp?.lookNow();
    }
    const known = this.ports.vnc() !== null;
    // That the sockets were looked at for the first time is no news of the screen: where it is known it has been asked.
    const moved = this.vncListens !== null && listens !== this.vncListens;
    const found = known !== this.vncKnown;
    this.vncListens = listens;
    this.vncKnown = known;
    const stands = `${stopped}${stalled}`;
    const stood = this.screenStands !== null && stands !== this.screenStands;
    this.screenStands = stands;
    if (moved || found) this.picture.renew();
    if (moved) this.screen.forgiven();
    if (moved || found || stood || (told && !moved)) this.screen.probeNow(moved || stood);
    const { starts } = evidence.history;
    const last = starts.at(-1);
    if (last === undefined || starts.length === this.startsSeen) return;
    this.startsSeen = starts.length;
    // At the first look nobody knows who started it; a young container may be a healer's work.
    const young = last.seenAt - last.startedAt < YOUNG_MS;
    if (!last.byUs && (starts.length > 1 || young)) void this.mcp?.askHealing();
  }

  /** The MCP server's container; when it ends or starts, the server is looked at without waiting for its turn. */
  mcpContainer(container: ContainerFact): void {
    const runs = container.kind === "present" && container.status === "running";
    const changed = this.mcpRuns !== null && this.mcpRuns !== runs;
    this.mcpRuns = runs;
    this.mcp?.noteContainer(container);
    // Never rejects.
    if (changed) void this.mcp?.lookNow();
  }

  /** @throws Error with a sentence for people */
  async post(path: string, deadlineMs: number): Promise<string> {
    if (this.mcp === null) throw new Error("No MCP server is set up for this gateway.");
    return this.mcp.post(path, deadlineMs);
  }

  async callTool(signal: AbortSignal): Promise<{ ok: boolean; detail: string }> {
    if (this.mcp === null) return { ok: false, detail: "No MCP server is set up for this gateway." };
    return this.mcp.callTool(signal);
  }

  dispose(): void {
    this.screen.dispose();
    this.mcp?.dispose();
  }
}

/** Pure. */
export function screenSigns({ gateway, sockets, processes, login }: GatewayEvidence): ScreenSigns {
  const server = sockets?.value.screen ?? null;
  const stopped =
    server?.x11vnc === "stopped"
      ? "x11vnc is stopped (state T)"
      : server?.xvfb === "stopped"
        ? "its display (Xvfb) is stopped (state T), and x11vnc waits for it"
        : null;
  return {
    listens: sockets?.value.listeners.some((listener) => listener.port === gateway.ports.vnc) ?? null,
    // The log of an image that runs x11vnc says when it starts it.
    countsNone: server !== null || (processes !== null && processes.value.x11vnc !== "absent") || login?.value.vnc === "started",
    stopped,
    stalled: server?.x11vnc === "stalled",
  };
}

/** A block that nobody has met for so long (ms) may be over. */
const BLOCK_MS = 30_000;

/** A greeting says nothing of what a session saw before, and a listener nothing of its greeting: that stays, as long as nothing speaks against it. */
function withSession(before: GatewayEvidence["screen"], fact: ScreenFact, now: number): ScreenFact {
  const known = before?.value;
  if (known?.kind !== "answers" || (fact.kind !== "answers" && fact.kind !== "listens")) return fact;
  const login = known.login === "too-many-attempts" && now - (before?.at ?? 0) >= BLOCK_MS ? "not-tried" : known.login;
  return { ...known, ...(fact.kind === "answers" ? { version: fact.version } : {}), login };
}

/** What a person's failure says of the screen; `null`: nothing. */
function factOf({ kind, message }: ScreenError): ScreenFact | null {
  switch (kind) {
    case "refused":
    case "silent":
    case "forbidden":
    case "closed":
    case "wrong-service":
      return { kind, detail: message };
    default:
      return null;
  }
}

/** What a log-in or a picture adds to what is known of the screen. */
export function afterReport(before: ScreenFact | null, report: Exclude<ScreenReport, { readonly kind: "failed" }>): ScreenFact {
  const known = before?.kind === "answers" ? before : { kind: "answers" as const, version: "", login: "not-tried" as const, picture: null };
  return report.kind === "login" ? { ...known, version: report.version || known.version, login: report.login } : { ...known, picture: report.picture };
}
