import type { GatewayRuntime } from "./gateway-runtime.ts";
import type { HostLink } from "./host-link/host-link.ts";
import type { HandOverTarget } from "./repair/hand-over.ts";

const DOCKER_MS = 90_000;
/** The gateway may take this long to close by itself (s). */
const STOP_S = 30;

/** One gateway as the hand-over to TWS needs it: its session, and its container that is stopped and started. */
export function handOverTarget(runtime: GatewayRuntime, link: Pick<HostLink, "exec">, docker: string): HandOverTarget {
  const { container } = runtime.target;
  const run = async (...words: readonly string[]): Promise<void> => {
    const result = await link.exec([docker, ...words, container], { deadlineMs: DOCKER_MS });
    if (result.code !== 0) throw new Error(`docker ${words[0]} ${container}: ${result.stderr.trim().split("\n")[0] ?? "failed"}`);
  };
  return {
    release: (until) => runtime.session.release(until),
    resume: () => runtime.session.resume(),
    get containerRuns() {
      const now = runtime.evidence().container?.value;
      return now?.kind === "present" && now.status === "running";
    },
    stop: () => run("stop", "-t", String(STOP_S)),
    start: () => run("start"),
  };
}
