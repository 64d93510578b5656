import type { LightSnapshot } from "../../shared/snapshot.ts";
import type { LineFact, ServerEvidence } from "./diagnosis/evidence.ts";
import { NO_LINE } from "./diagnosis/evidence.ts";
import { doubtAfterMs } from "./diagnosis/line.ts";
import { serverLights } from "./diagnosis/server-lights.ts";
import type { HostLink, LinkState } from "./host-link/host-link.ts";
import type { WatchedServer } from "./probes/server-watch.ts";

/** The latest facts of one server itself: its link and how the line has been, its Docker, its clock. It stores; it neither asks nor judges. */
export class ServerFactBook {
  private facts: Omit<ServerEvidence, "line">;
  private line: LineFact = NO_LINE;
  private linkLight: LightSnapshot;
  private dockerLight: LightSnapshot;

  constructor(
    server: Pick<ServerEvidence, "reach" | "host">,
    private readonly link: Pick<HostLink, "state" | "quietSince">,
    now: number,
  ) {
    this.facts = { ...server, link: { at: now, value: link.state }, docker: null, clockSkewMs: null };
    const lights = serverLights(this.evidence(now), now);
    this.linkLight = { ...lights.link, since: now };
    this.dockerLight = { ...lights.docker, since: now };
  }

  take(facts: WatchedServer): void {
    this.facts = { ...this.facts, ...facts };
  }

  takeState(state: LinkState, now: number): void {
    this.facts = { ...this.facts, link: { at: now, value: state }, ...(state.kind === "up" ? {} : { docker: null }) };
    if (state.kind === "waiting" || state.kind === "failed") this.line = { ...this.line, lastFailure: state.failure };
    // Up again, or a person was asked: what was wrong is over, or is being put right.
    else if (state.kind !== "connecting") this.line = { ...this.line, lastFailure: null };
  }

  evidence(now: number): ServerEvidence {
    const { quietSince } = this.link;
    if (quietSince !== null && now - quietSince >= doubtAfterMs(this.link.state)) this.line = { ...this.line, lastQuiet: { from: quietSince, until: now } };
    if (quietSince !== this.line.quietSince) this.line = { ...this.line, quietSince };
    return { ...this.facts, line: this.line };
  }

  /** The server's own two lights; their age counts from their last change of state. */
  lights(now: number): { readonly link: LightSnapshot; readonly docker: LightSnapshot } {
    const { link, docker } = serverLights(this.evidence(now), now);
    this.linkLight = { ...link, since: this.linkLight.state === link.state ? this.linkLight.since : now };
    this.dockerLight = { ...docker, since: this.dockerLight.state === docker.state ? this.dockerLight.since : now };
    return { link: this.linkLight, docker: this.dockerLight };
  }
}
