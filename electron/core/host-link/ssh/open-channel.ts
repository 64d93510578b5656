import type { Writable } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import type { Clock } from "../../clock.ts";
import { type CallOptions, DialError, type DialReason, ExecError, type HostAddress } from "../host-link.ts";
import { settle } from "../settle.ts";
import { ChannelDuplex } from "./channel-duplex.ts";
import { endProgram } from "./end-program.ts";

/** RFC 4254 §5.1. */
const ADMINISTRATIVELY_PROHIBITED = 1;

/** A connection that channels are opened on, and the stream its packets are written to. */
export interface Carrier {
  readonly client: Client;
  readonly below: Writable;
}

type ChannelFailure = Error & { reason?: number | string };

/**
 * Asks the server to open a TCP connection. ssh2's callback may never come (a target that drops SYNs, a dead peer), hence our own
 * deadline; a channel that opens later is closed at once.
 * @throws DialError
 */
export function openDirectTcpip(
  { client, below }: Carrier,
  clock: Clock,
  address: HostAddress,
  options: CallOptions & { readonly gathers?: boolean },
): Promise<ChannelDuplex> {
  const where = `${address.host}:${address.port}`;
  return settle<ChannelDuplex>(
    {
      clock,
      deadlineMs: options.deadlineMs,
      signal: options.signal,
      onTimeout: () => new DialError("timeout", `The server did not connect to ${where} within ${seconds(options.deadlineMs)}.`),
      onAbort: () => new DialError("aborted", `Connecting to ${where} was given up.`),
      onLate: (channel) => channel.destroy(),
    },
    (resolve, reject) => {
      try {
        client.forwardOut("127.0.0.1", 0, address.host, address.port, (error, channel) => {
          if (error) reject(dialError(error, where));
          else resolve(new ChannelDuplex(channel, below, options.gathers));
        });
      } catch {
        // "Not connected", thrown at once after the end of the connection.
        reject(linkDown(where));
      }
    },
  );
}

export const linkDown = (where: string) => new DialError("link-down", `The connection to the server is down, so ${where} cannot be reached.`);

/** sshd (serverloop.c, channels.c) answers reason 1 where its settings forbid it, and 2 with strerror's text where connecting failed. */
function dialError(error: ChannelFailure, where: string): DialError {
  const said = error.message.replace(/^\(SSH\) Channel open failure:\s*/, "");
  if (error.reason === undefined || error.reason === "" || said === "No response from server") return linkDown(where);
  if (error.reason === ADMINISTRATIVELY_PROHIBITED) {
    return new DialError("forbidden", `The server's sshd does not allow a connection to ${where} (AllowTcpForwarding or PermitOpen).`);
  }
  return new DialError(dialReason(said), `The server could not connect to ${where}: ${said || "no reason given"}.`);
}

export function dialReason(said: string): DialReason {
  if (/refused/i.test(said)) return "refused";
  if (/name or service not known|name does not resolve|temporary failure in name resolution|nodename nor servname|no address associated/i.test(said))
    return "name-not-found";
  if (/unreachable|no route to host|network is down|host is down/i.test(said)) return "unreachable";
  if (/timed? ?out/i.test(said)) return "timeout";
  return "other";
}

/** A started program. Its end is recorded from the first moment: ssh2 may report start, output and end within one turn of the event loop. */
export class StartedProgram {
  readonly channel: ClientChannel;
  #exit: ProgramEnd = { code: null, signal: null };
  #closed = false;
  #listener: ((end: ProgramEnd) => void) | null = null;

  constructor(channel: ClientChannel) {
    this.channel = channel;
    channel.on("error", () => {});
    channel.on("exit", (code: number | null, signal?: string) => {
      this.#exit = { code, signal: signal ?? null };
    });
    channel.on("close", () => {
      this.#closed = true;
      this.#listener?.(this.#exit);
    });
  }

  /** Calls back once, perhaps at once. */
  onEnd(listener: (end: ProgramEnd) => void): void {
    this.#listener = listener;
    if (this.#closed) listener(this.#exit);
  }
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * Starts a command on the server.
 * @throws ExecError
 */
export function openExec(client: Client, clock: Clock, command: string, program: string, options: CallOptions): Promise<StartedProgram> {
  return settle<StartedProgram>(
    {
      clock,
      deadlineMs: options.deadlineMs,
      signal: options.signal,
      onTimeout: () => new ExecError("timeout", `${program} did not start on the server within ${seconds(options.deadlineMs)}.`),
      onAbort: () => new ExecError("aborted", `Starting ${program} was given up.`),
      onLate: (late) => endProgram(late.channel),
    },
    (resolve, reject) => {
      try {
        client.exec(command, (error, channel) => {
          if (error) reject(execError(error, program));
          else resolve(new StartedProgram(channel));
        });
      } catch {
        reject(execLinkDown(program));
      }
    },
  );
}

export const execLinkDown = (program: string) => new ExecError("link-down", `The connection to the server is down, so ${program} cannot be run.`);

function execError(error: ChannelFailure, program: string): ExecError {
  if (error.message === "No response from server" || error.message === "Not connected") return execLinkDown(program);
  if (error.message === "Unable to exec" || error.reason !== undefined) {
    return new ExecError("forbidden", `The server's sshd does not let this account run programs (${program}).`);
  }
  return new ExecError("other", `${program} could not be started on the server: ${error.message}`);
}

export const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
