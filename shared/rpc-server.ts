import type { ByteChannel, LinkSideChannel } from "./byte-channel.ts";
import { createByteChannel } from "./byte-channel.ts";
import { CallError } from "./call-error.ts";
import { type CallContext, type CallName, CONTRACT, type Handlers, type ScreenProgress } from "./contract.ts";
import { CLOSE, LIMITS, PROTOCOL, readBinary, readFrame, type ToCore, type ToWindow, toCore } from "./frames.ts";
import { diff } from "./patch.ts";
import type { Pipe, PipeEnd } from "./pipe.ts";
import type { Snapshot } from "./snapshot.ts";

/** The state as the links read it. Each new snapshot has a higher revision and shares its unchanged parts with the one before. */
export interface SnapshotStore {
  readonly current: Snapshot;
  /** @returns an unsubscribe function */
  subscribe(listener: (snapshot: Snapshot) => void): () => void;
}

/** What links need of the screens; opening and closing are calls of the contract. */
export interface ScreenDoor {
  /**
   * Connects a link's channel to the screen the ticket was made for.
   * @throws Error in plain words for an unknown, used, expired or foreign ticket
   */
  attach(ticket: string, link: string, channel: ByteChannel): void;
  /** Progress of the screens this link opened. @returns an unsubscribe function */
  onProgress(link: string, listener: (progress: ScreenProgress) => void): () => void;
  /** Ends the screens this link opened. */
  linkEnded(link: string): void;
}

export interface LinkOptions {
  readonly handlers: Handlers;
  readonly store: SnapshotStore;
  readonly screens: ScreenDoor;
  /** Unguessable and never used twice: screens and tickets belong to it. */
  readonly linkId: string;
}
export interface ServedLink {
  readonly linkId: string;
  close(code: number, reason: string): void;
  readonly closed: Promise<PipeEnd>;
}

/** Runs a call of the contract: checks its name and input, then asks its handler. @throws CallError */
export async function runCall(handlers: Handlers, name: string, input: unknown, context: CallContext): Promise<unknown> {
  if (!isCall(name)) throw new CallError("unknown-call", `there is no call "${name}"`);
  return invoke(handlers, name, input, context);
}

const isCall = (name: string): name is CallName => Object.hasOwn(CONTRACT, name);

function invoke<N extends CallName>(handlers: Handlers, name: N, input: unknown, context: CallContext): Promise<unknown> {
  const parsed = CONTRACT[name].input.safeParse(input);
  if (!parsed.success) {
    // Never the value itself: it may be a secret.
    const faults = parsed.error.issues.map((issue) => `${issue.path.map(String).join(".") || "input"}: ${issue.message}`);
    throw new CallError("bad-input", `the input of ${name} is not valid: ${faults[0] ?? ""}`, faults.slice(0, 20));
  }
  // The parser of N gave exactly what the handler of N takes; the compiler cannot follow that through the union of all calls.
  const handler = handlers[name] as (input: unknown, context: CallContext) => Promise<unknown>;
  return handler(parsed.data, context);
}

/** Serves one window over an admitted pipe until it closes. */
export function serveLink(pipe: Pipe, options: LinkOptions): ServedLink {
  const { handlers, store, screens, linkId } = options;
  const calls = new Map<number, AbortController>();
  const channels = new Map<number, LinkSideChannel>();
  let faults = 0;
  let sent: Snapshot | null = null;
  /** States sent and not yet taken by the window: one at a time, the latest wins. */
  let unseen = false;
  let open = true;

  const send = (frame: ToWindow): void => {
    const text = JSON.stringify(frame);
    if (text.length > LIMITS.textOut) {
      if (frame.t !== "result") {
        pipe.close(CLOSE.protocol, `a ${frame.t} of ${text.length} characters is too large to send`);
        return;
      }
      send({ t: "error", id: frame.id, code: "too-large", message: `the answer has ${text.length} characters; at most ${LIMITS.textOut} can be sent` });
      return;
    }
    pipe.send(text);
    if (pipe.backlog() > LIMITS.backlog) pipe.close(CLOSE.slow, "the window does not read");
  };
  const fault = (message: string): void => {
    faults += 1;
    if (faults >= LIMITS.faults) {
      pipe.close(CLOSE.protocol, message);
      return;
    }
    send({ t: "fault", message });
  };
  const sendState = (): void => {
    if (!open || unseen) return;
    const next = store.current;
    if (sent === next) return;
    unseen = true;
    const ops = sent === null ? null : diff(sent, next);
    const frame: ToWindow = sent === null || ops === null ? { t: "snapshot", snapshot: next } : { t: "patch", from: sent.revision, to: next.revision, ops };
    sent = next;
    send(frame);
  };
  const call = async ({ id, name, input, deadlineMs }: Extract<ToCore, { t: "call" }>): Promise<void> => {
    if (calls.has(id)) return fault(`call ${id} is already running`);
    if (calls.size >= LIMITS.callsInFlight) return send({ t: "error", id, code: "busy", message: `${LIMITS.callsInFlight} calls are running already` });
    const controller = new AbortController();
    calls.set(id, controller);
    let stop: CallError | null = null;
    const deadline = setTimeout(() => {
      stop = new CallError("deadline", `${name} took longer than ${deadlineMs ?? LIMITS.longestDeadlineMs} ms`);
      controller.abort(stop);
    }, deadlineMs ?? LIMITS.longestDeadlineMs);
    try {
      const aborted = new Promise<never>((_, reject) => controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true }));
      const value = await Promise.race([runCall(handlers, name, input, { signal: controller.signal, link: linkId }), aborted]);
      if (open) send({ t: "result", id, value: value ?? null });
    } catch (thrown) {
      const error = stop ?? thrown;
      const message = (error instanceof Error ? error.message : String(error)).slice(0, 4000);
      const given =
        error instanceof CallError ? { code: error.code, ...(error.faults.length > 0 ? { faults: [...error.faults] } : {}) } : { code: "failed" as const };
      if (open) send({ t: "error", id, message, ...given });
    } finally {
      clearTimeout(deadline);
      calls.delete(id);
    }
  };
  const attach = (id: number, ticket: string): void => {
    if (channels.has(id)) {
      fault(`channel ${id} is already open`);
      return;
    }
    if (channels.size >= LIMITS.channels) {
      send({ t: "end", channel: id, reason: `${LIMITS.channels} channels are open already` });
      return;
    }
    const side = createByteChannel(id, pipe, () => channels.delete(id));
    channels.set(id, side);
    try {
      screens.attach(ticket, linkId, side.channel);
    } catch (error) {
      side.channel.end(error instanceof Error ? error.message : String(error));
    }
  };
  const take = (frame: ToCore): void => {
    switch (frame.t) {
      case "call":
        void call(frame);
        return;
      case "cancel":
        calls.get(frame.id)?.abort(new CallError("cancelled", "cancelled"));
        return;
      case "seen":
        if (frame.revision !== sent?.revision) return;
        unseen = false;
        sendState();
        return;
      case "resync":
        sent = null;
        unseen = false;
        sendState();
        return;
      case "attach":
        attach(frame.channel, frame.ticket);
        return;
      // Frames about a channel that has just ended are late, not wrong.
      case "credit":
        channels.get(frame.channel)?.credit(frame.bytes);
        return;
      case "end":
        channels.get(frame.channel)?.gone(frame.reason);
        return;
      case "ping":
        send({ t: "pong", n: frame.n });
        return;
    }
  };

  const unsubscribe = store.subscribe(sendState);
  const unlisten = screens.onProgress(linkId, (progress) => {
    if (open) send({ t: "progress", progress });
  });
  const closed = new Promise<PipeEnd>((resolve) => {
    pipe.onClose((why) => {
      open = false;
      unsubscribe();
      unlisten();
      for (const controller of calls.values()) controller.abort(new CallError("closed", "the window's link ended"));
      for (const side of [...channels.values()]) side.gone("the window's link ended");
      screens.linkEnded(linkId);
      resolve(why);
    });
  });
  send({ t: "hello", protocol: PROTOCOL, link: linkId });
  sendState();
  pipe.onMessage((data) => {
    if (typeof data === "string") {
      const read = readFrame(toCore, data, LIMITS.textIn);
      if (read.ok) return take(read.frame);
      if (read.id === null) return fault(read.message);
      return send({ t: "error", id: read.id, code: "bad-input", message: read.message });
    }
    const binary = readBinary(data);
    if (binary === null) return fault("a binary frame of a wrong length");
    channels.get(binary.channel)?.receive(binary.bytes);
  });
  return { linkId, close: (code, reason) => pipe.close(code, reason), closed };
}
