import "./no-eval.ts";
import { z } from "zod";
import { CLOSE, PROTOCOL } from "./frames.ts";

/** Two-way frames, whatever carries them: text (JSON) and binary. Frames that arrive before `onMessage` is set are kept. */
export interface Pipe {
  /** Never throws; does nothing once closed. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  onMessage(listener: (data: string | Uint8Array) => void): void;
  /** Called once, whoever closed. */
  onClose(listener: (why: PipeEnd) => void): void;
  close(code: number, reason: string): void;
  /** Bytes sent that the carrier still holds; 0 where it cannot be known (message ports). */
  backlog(): number;
}
export interface PipeEnd {
  readonly code: number;
  readonly reason: string;
}

/** A DOM MessagePort or one of node:worker_threads. */
export interface DomPort {
  postMessage(message: unknown): void;
  addEventListener(type: "message" | "close" | "messageerror", listener: (event: { data?: unknown }) => void): void;
  start?(): void;
  close(): void;
}
/** Electron's MessagePortMain. */
export interface EmitterPort {
  postMessage(message: unknown): void;
  on(type: "message", listener: (event: { data: unknown }) => void): unknown;
  on(type: "close", listener: () => void): unknown;
  start?(): void;
  close(): void;
}

/** The ends of a pipe that every carrier shares: early frames kept, one close. */
function ends(carrier: { send(data: string | Uint8Array<ArrayBuffer>): void; close(code: number, reason: string): void; backlog(): number }) {
  let early: (string | Uint8Array)[] = [];
  let message: ((data: string | Uint8Array) => void) | null = null;
  let ended: PipeEnd | null = null;
  const closed: ((why: PipeEnd) => void)[] = [];
  const finish = (why: PipeEnd) => {
    if (ended !== null) return;
    ended = why;
    early = [];
    for (const listener of closed.splice(0)) listener(why);
  };
  const receive = (data: unknown) => {
    if (ended !== null) return;
    const frame = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    if (typeof frame !== "string" && !(frame instanceof Uint8Array)) return pipe.close(CLOSE.protocol, "a frame that is neither text nor bytes");
    if (message === null) early.push(frame);
    else message(frame);
  };
  const pipe: Pipe = {
    send(data) {
      if (ended === null) carrier.send(data);
    },
    onMessage(listener) {
      message = listener;
      for (const frame of early.splice(0)) if (ended === null) listener(frame);
    },
    onClose(listener) {
      if (ended === null) closed.push(listener);
      else listener(ended);
    },
    close(code, reason) {
      if (ended !== null) return;
      carrier.close(code, reason);
      finish({ code, reason });
    },
    backlog: () => (ended === null ? carrier.backlog() : 0),
  };
  return { pipe, receive, finish };
}

const farewell = z.strictObject({ bye: z.strictObject({ code: z.number().int(), reason: z.string().max(500) }) });

/** A pipe over a message port. The reason of a close travels as a last message, since ports know none. */
export function portPipe(port: DomPort | EmitterPort): Pipe {
  const { pipe, receive, finish } = ends({
    send: (data) => port.postMessage(data),
    close(code, reason) {
      port.postMessage({ bye: { code, reason: reason.slice(0, 500) } });
      port.close();
    },
    backlog: () => 0,
  });
  const take = (data: unknown) => {
    const bye = farewell.safeParse(data);
    if (!bye.success) return receive(data);
    finish(bye.data.bye);
    port.close();
  };
  const gone = () => finish({ code: CLOSE.away, reason: "the other side is gone" });
  if ("addEventListener" in port) {
    port.addEventListener("message", (event) => take(event.data));
    port.addEventListener("messageerror", () => pipe.close(CLOSE.protocol, "a message that could not be read"));
    port.addEventListener("close", gone);
  } else {
    port.on("message", (event) => take(event.data));
    port.on("close", gone);
  }
  port.start?.();
  return pipe;
}

/** The DOM's WebSocket, and the one of ws. */
export interface Socket {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number; reason: string }) => void): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
}

/** A pipe over an open, already admitted WebSocket. */
export function socketPipe(socket: Socket): Pipe {
  socket.binaryType = "arraybuffer";
  const { pipe, receive, finish } = ends({
    send(data) {
      if (socket.readyState === 1) socket.send(data);
    },
    // A close reason may have 123 bytes.
    close: (code, reason) => socket.close(code, reason.replace(/[^ -~]/g, "?").slice(0, 120)),
    backlog: () => socket.bufferedAmount,
  });
  socket.addEventListener("message", (event) => receive(event.data));
  socket.addEventListener("error", () => {
    // A close always follows, and it carries the reason.
  });
  socket.addEventListener("close", (event) => finish({ code: event.code, reason: event.reason }));
  return pipe;
}

export class LinkError extends Error {
  override readonly name = "LinkError";
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** The first frame of a browser's socket; nothing else is read before it. */
export const greeting = z.strictObject({ t: z.literal("enter"), protocol: z.number().int(), token: z.string().min(1).max(128) });

/**
 * Shows the token as the first frame of a browser's WebSocket, so that it stands in no address, log or history.
 * The host answers with its `hello` (read by `createClient`) or closes with 4401.
 * @throws LinkError when the socket closes or does not open within the deadline
 */
export function enterSocket(socket: Socket, token: string, deadlineMs = 10_000): Promise<Pipe> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.close();
      reject(new LinkError(CLOSE.silent, "no answer"));
    }, deadlineMs);
    socket.addEventListener("open", () => {
      clearTimeout(timer);
      const pipe = socketPipe(socket);
      pipe.send(JSON.stringify({ t: "enter", protocol: PROTOCOL, token }));
      resolve(pipe);
    });
    socket.addEventListener("error", () => {
      // A close always follows.
    });
    socket.addEventListener("close", (event) => {
      clearTimeout(timer);
      reject(new LinkError(event.code, event.reason === "" ? "the connection could not be made" : event.reason));
    });
  });
}
