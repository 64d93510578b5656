import { connect, type Socket } from "node:net";
import { systemClock } from "../../electron/core/clock.ts";
import { DialError } from "../../electron/core/host-link/host-link.ts";
import { createSession } from "../../electron/core/session/create-session.ts";
import type { GatewaySession, SessionPorts, SessionReport, SessionTimings } from "../../electron/core/session/session.ts";

/** Short waits, so that failures show soon; still long against a busy machine. */
export const QUICK: SessionTimings = {
  dialMs: 1500,
  versionMs: 700,
  readyMs: 700,
  beatAfterMs: 300,
  beatAtLeastMs: 2000,
  beatDeadlineMs: 900,
  freshMs: 700,
  staleBeatMs: 3000,
  closeMs: 300,
  askAgainMs: 200,
};

/** A plain TCP connection, as the local link makes it. */
export function dialTcp(port: number, options: { deadlineMs: number; signal: AbortSignal }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const fail = (reason: "refused" | "timeout" | "aborted" | "other", text: string) => {
      socket.destroy();
      reject(new DialError(reason, text));
    };
    const timer = setTimeout(() => fail("timeout", "no answer"), options.deadlineMs);
    options.signal.addEventListener("abort", () => fail("aborted", "aborted"), { once: true });
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(error.code === "ECONNREFUSED" ? "refused" : "other", error.message);
    });
  });
}

export function session(port: number | (() => number), ports: Partial<SessionPorts> = {}): GatewaySession {
  return createSession({
    clock: systemClock,
    random: () => 0.5,
    clientId: 901,
    mode: "paper",
    mayDial: async () => ({ ok: true }),
    dial: (options) => dialTcp(typeof port === "number" ? port : port(), options),
    linkUp: () => true,
    timings: QUICK,
    ...ports,
  });
}

/** Waits for a report that fits. @throws Error naming the last report after the deadline */
export function until(target: GatewaySession, fits: (report: SessionReport) => boolean, deadlineMs = 12_000): Promise<SessionReport> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!fits(target.report)) return;
      clearTimeout(timer);
      clearInterval(poll);
      stop();
      resolve(target.report);
    };
    const timer = setTimeout(() => {
      clearInterval(poll);
      stop();
      reject(new Error(`not seen within ${deadlineMs} ms; last report: ${JSON.stringify(target.report).slice(0, 1500)}`));
    }, deadlineMs);
    const stop = target.onReport(look);
    const poll = setInterval(look, 20);
    look();
  });
}

export const isReady = (report: SessionReport) => report.api.kind === "ready";
export const failedAs = (kind: string) => (report: SessionReport) => report.failures.some((failure) => failure.kind === kind);
