import type { ServerTest } from "../../../shared/contract.ts";
import type { ServerSettings } from "../../../shared/settings.ts";
import type { Clock } from "../clock.ts";
import type { HostLink, LinkState } from "../host-link/host-link.ts";
import type { ResolveEnvironment } from "../host-link/ssh/resolve-route.ts";
import { makeLink } from "../make-link.ts";
import { dockerFault } from "../probes/docker-errors.ts";
import type { PromptBroker } from "../prompts.ts";
import type { SecretStore } from "../secrets/secret-store.ts";
import { foundContainers } from "./found-containers.ts";

export interface TestPorts {
  readonly prompts: PromptBroker;
  readonly secrets: SecretStore;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sshEnvironment?: ResolveEnvironment;
  readonly signal: AbortSignal;
}

/** For the connection without a question to the person; each question may take as long as its prompt. */
const CONNECT_MS = 30_000;
const DOCKER_MS = 15_000;

/** Connects once with settings that are not saved yet, and says stage by stage what was seen. Never throws for a server that cannot be used. */
export async function testServer(settings: ServerSettings, ports: TestPorts): Promise<ServerTest> {
  const link = makeLink(settings, ports);
  const steps: { title: string; ok: boolean | null; detail: string }[] = [];
  try {
    link.start();
    const state = await firstVerdict(link, ports);
    const connected = state.kind === "up";
    const failure = "failure" in state ? state.failure : null;
    steps.push({
      title: settings.reach.kind === "ssh" ? "Connect over SSH" : "This machine",
      ok: connected,
      detail: connected ? "connected" : [failure?.message ?? "no answer in time", ...(failure?.details ?? [])].join("\n"),
    });
    if (!connected) return { ok: false, steps: [...steps, { title: "Docker answers", ok: null, detail: "not tried" }], containers: [] };
    const listed = await link
      .exec([settings.docker, "ps", "-a", "--no-trunc", "--format", "{{json .}}"], { deadlineMs: DOCKER_MS, signal: ports.signal })
      .catch((error: Error) => error);
    if (listed instanceof Error || listed.code !== 0) {
      const detail = listed instanceof Error ? listed.message : (dockerFault(listed)?.message ?? `docker ended with code ${listed.code ?? "none"}`);
      return { ok: false, steps: [...steps, { title: "Docker answers", ok: false, detail }], containers: [] };
    }
    const containers = foundContainers(listed.stdout);
    steps.push({ title: "Docker answers", ok: true, detail: `${containers.length} containers` });
    const likely = containers.filter((container) => container.likely).length;
    steps.push({
      title: "IB Gateway found",
      ok: likely > 0,
      detail: likely === 0 ? "no container looks like an IB Gateway" : `${likely} look like an IB Gateway`,
    });
    return { ok: true, steps, containers };
  } finally {
    await link.dispose();
  }
}

/** Up, failed, or the first failure that a further attempt would only repeat. Questions to the person stop the clock. */
function firstVerdict(link: HostLink, { clock, signal }: TestPorts): Promise<LinkState> {
  return new Promise((resolve) => {
    let stopTimer: () => void = () => {};
    const arm = () => {
      stopTimer();
      stopTimer = clock.after(CONNECT_MS, () => finish(link.state));
    };
    const finish = (state: LinkState) => {
      stopTimer();
      stopState();
      signal.removeEventListener("abort", onAbort);
      resolve(state);
    };
    const onAbort = () => finish(link.state);
    const look = (state: LinkState) => {
      if (state.kind === "up" || state.kind === "failed" || state.kind === "waiting") finish(state);
      else if (state.kind === "needs-user") stopTimer();
      else arm();
    };
    const stopState = link.onState(look);
    signal.addEventListener("abort", onAbort, { once: true });
    arm();
    look(link.state);
  });
}
