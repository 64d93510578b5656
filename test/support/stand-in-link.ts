import { connect } from "node:net";
import { DialError, ExecError, type HostLink, type LinkState } from "../../electron/core/host-link/host-link.ts";

/** A link that dials from this machine, with a state the test sets. */
export function standInLink(first: LinkState = { kind: "up", since: 0, latencyMs: null }) {
  const listeners = new Set<(state: LinkState) => void>();
  let state = first;
  const log: string[] = [];
  const link: HostLink = {
    kind: "ssh",
    get state() {
      return state;
    },
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: () => log.push("start"),
    reconnectNow: (reason) => log.push(`reconnect: ${reason}`),
    hurry() {
      log.push("hurry");
      return () => log.push("relax");
    },
    quietSince: null,
    ping() {},
    dial(address, { deadlineMs, signal }) {
      log.push(`dial ${address.host}:${address.port}`);
      return new Promise((resolve, reject) => {
        const socket = connect({ ...address, noDelay: true, allowHalfOpen: true });
        const timer = setTimeout(() => fail(new DialError("timeout", "timed out")), deadlineMs);
        const onAbort = () => fail(new DialError("aborted", "aborted"));
        const finish = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", onAbort);
        };
        const fail = (error: Error) => {
          finish();
          socket.destroy();
          reject(error);
        };
        signal?.addEventListener("abort", onAbort);
        socket.once("connect", () => {
          finish();
          resolve(socket);
        });
        socket.on("error", (error) =>
          fail("code" in error && error.code === "ECONNREFUSED" ? new DialError("refused", "refused") : new DialError("other", error.message)),
        );
      });
    },
    exec: () => Promise.reject(new ExecError("forbidden", "this link only dials")),
    stream: () => Promise.reject(new ExecError("forbidden", "this link only dials")),
    dispose: () => Promise.resolve(),
  };
  const become = (next: LinkState) => {
    state = next;
    for (const listener of [...listeners]) listener(next);
  };
  return { link, become, log, listeners };
}
