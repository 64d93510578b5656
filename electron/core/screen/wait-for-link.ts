import type { Clock } from "../clock.ts";
import type { HostLink, LinkState } from "../host-link/host-link.ts";
import { ScreenError } from "./screen-error.ts";

/**
 * Waits until the link to the server is up, and hurries it along.
 * @throws ScreenError `link` when it fails, or is not up in time; the signal's reason when aborted
 */
export function waitForLink(
  link: HostLink,
  options: {
    readonly clock: Clock;
    readonly patienceMs: number /** While a person is asked something. */;
    readonly personMs: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  if (link.state.kind === "up") return Promise.resolve();
  return new Promise((resolve, reject) => {
    let cancelPatience: () => void = () => {};
    let unlisten: () => void = () => {};
    let asked = false;
    let last: LinkState = link.state;
    const finish = (run: () => void) => {
      cancelPatience();
      unlisten();
      options.signal.removeEventListener("abort", onAbort);
      run();
    };
    const fail = (message: string) => finish(() => reject(new ScreenError("link", message)));
    const onAbort = () => finish(() => reject(options.signal.reason));
    const late = () => fail("failure" in last ? last.failure.message : "the server did not answer in time");
    const look = (state: LinkState) => {
      last = state;
      if (state.kind === "up") finish(resolve);
      else if (state.kind === "failed") fail(state.failure.message);
      else if (state.kind === "needs-user" && !asked) {
        asked = true;
        cancelPatience();
        cancelPatience = options.clock.after(options.personMs, late);
      }
    };
    cancelPatience = options.clock.after(options.patienceMs, late);
    unlisten = link.onState(look);
    options.signal.addEventListener("abort", onAbort);
    if (options.signal.aborted) onAbort();
    else {
      // A failure of before does not count: the click is a new attempt.
      if (link.state.kind !== "connecting" && link.state.kind !== "needs-user") link.reconnectNow("screen");
      if (link.state.kind === "up" || link.state.kind === "needs-user") look(link.state);
    }
  });
}
