import { type ByteChannel, createByteChannel, type LinkSideChannel } from "./byte-channel.ts";
import { CallError } from "./call-error.ts";
import type { CallInput, CallName, CallResult, ScreenProgress } from "./contract.ts";
import { CLOSE, isSnapshot, LIMITS, PROTOCOL, readBinary, readFrame, type ToCore, type ToWindow, toWindow } from "./frames.ts";
import { apply } from "./patch.ts";
import { LinkError, type Pipe, type PipeEnd } from "./pipe.ts";
import type { Snapshot } from "./snapshot.ts";

/** How long a call may take, in ms, where 60 s are not enough: a person may have to answer a prompt meanwhile. */
const PATIENCE: Partial<Record<CallName, number>> = { "screen.open": 300_000, "server.test": 300_000, "link.reconnect": 300_000, "session.release": 180_000 };
const USUAL_PATIENCE = 60_000;

export interface ClientOptions {
  /** Asks for a sign of life that often; a link that stays silent for as long again is closed with 4409. 0: never. Default 15 s. */
  readonly pingMs?: number;
}
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

/** A window's side of the contract. */
export interface Client {
  /** @throws CallError with a code; `closed` when the link is or gets lost */
  call<N extends CallName>(name: N, input: CallInput<N>, options?: CallOptions): Promise<CallResult<N>>;
  /** `null` before the first one came. Unchanged parts stay the same objects from one to the next. */
  readonly snapshot: Snapshot | null;
  /** Called after `snapshot` changed (fits React's useSyncExternalStore). @returns an unsubscribe function */
  subscribe(listener: () => void): () => void;
  /** Resolves with the first snapshot. @throws LinkError when the link closes before */
  readonly ready: Promise<Snapshot>;
  onProgress(listener: (progress: ScreenProgress) => void): () => void;
  /** Opens the byte channel of a screen by the single-use ticket of `screen.open`. */
  attach(ticket: string): ByteChannel;
  onClose(listener: (why: PipeEnd) => void): void;
  close(): void;
}

interface Running {
  readonly done: (value: unknown) => void;
  readonly failed: (error: CallError) => void;
}

export function createClient(pipe: Pipe, options: ClientOptions = {}): Client {
  const running = new Map<number, Running>();
  const channels = new Map<number, LinkSideChannel>();
  const watchers = new Set<() => void>();
  const progressWatchers = new Set<(progress: ScreenProgress) => void>();
  let nextCall = 1;
  let nextChannel = 1;
  let snapshot: Snapshot | null = null;
  let resyncing = false;
  let ended: PipeEnd | null = null;
  let heard = true;

  const send = (frame: ToCore) => pipe.send(JSON.stringify(frame));
  const show = (next: Snapshot): void => {
    snapshot = next;
    first(next);
    for (const watcher of [...watchers]) watcher();
    send({ t: "seen", revision: next.revision });
  };
  const patch = (frame: Extract<ToWindow, { t: "patch" }>): void => {
    if (resyncing) return;
    let next: unknown = null;
    try {
      if (snapshot !== null && snapshot.revision === frame.from) next = apply(snapshot, frame.ops);
    } catch {
      next = null;
    }
    if (isSnapshot(next) && next.revision === frame.to) {
      show(next);
      return;
    }
    // A gap or a patch that does not fit: the whole state, once.
    resyncing = true;
    send({ t: "resync" });
  };
  const take = (frame: ToWindow): void => {
    switch (frame.t) {
      case "hello":
        if (frame.protocol !== PROTOCOL) pipe.close(CLOSE.protocol, `Core speaks version ${frame.protocol}, this window ${PROTOCOL}: reload it`);
        return;
      case "snapshot":
        resyncing = false;
        show(frame.snapshot);
        return;
      case "patch":
        patch(frame);
        return;
      case "result":
        running.get(frame.id)?.done(frame.value);
        return;
      case "error":
        running.get(frame.id)?.failed(new CallError(frame.code, frame.message, frame.faults ?? []));
        return;
      case "progress":
        for (const watcher of [...progressWatchers]) watcher(frame.progress);
        return;
      case "credit":
        channels.get(frame.channel)?.credit(frame.bytes);
        return;
      case "end":
        channels.get(frame.channel)?.gone(frame.reason);
        return;
      case "fault":
        pipe.close(CLOSE.protocol, frame.message);
        return;
      case "pong":
        return;
    }
  };

  let first: (snapshot: Snapshot) => void = () => {};
  const ready = new Promise<Snapshot>((resolve, reject) => {
    first = resolve;
    pipe.onClose((why) => reject(new LinkError(why.code, why.reason === "" ? "the link closed" : why.reason)));
  });
  // Whoever does not wait for it must not be ended by it.
  ready.catch(() => {});

  const pingMs = options.pingMs ?? 15_000;
  let pings = 0;
  const pulse =
    pingMs > 0
      ? setInterval(() => {
          if (!heard) return pipe.close(CLOSE.silent, `no sign of life for ${2 * pingMs} ms`);
          heard = false;
          pings += 1;
          send({ t: "ping", n: pings });
        }, pingMs)
      : null;
  pipe.onClose((why) => {
    ended = why;
    if (pulse !== null) clearInterval(pulse);
    for (const call of [...running.values()]) call.failed(new CallError("closed", why.reason === "" ? "the link closed" : why.reason));
    for (const side of [...channels.values()]) side.gone("the link closed");
  });
  pipe.onMessage((data) => {
    heard = true;
    if (typeof data === "string") {
      const read = readFrame(toWindow, data, LIMITS.textOut);
      return read.ok ? take(read.frame) : pipe.close(CLOSE.protocol, read.message);
    }
    const binary = readBinary(data);
    if (binary === null) return pipe.close(CLOSE.protocol, "a binary frame of a wrong length");
    channels.get(binary.channel)?.receive(binary.bytes);
  });

  return {
    get snapshot() {
      return snapshot;
    },
    ready,
    call(name, input, { signal, deadlineMs = PATIENCE[name] ?? USUAL_PATIENCE } = {}) {
      const id = nextCall++;
      return new Promise((resolve, reject) => {
        const text = JSON.stringify({ t: "call", id, name, input: input ?? null, deadlineMs } satisfies ToCore);
        if (ended !== null) return reject(new CallError("closed", "the link is closed"));
        if (text.length > LIMITS.textIn)
          return reject(new CallError("too-large", `the input has ${text.length} characters; at most ${LIMITS.textIn} are allowed`));
        if (signal?.aborted === true) return reject(new CallError("cancelled", "cancelled"));
        const stop = (error: CallError) => {
          send({ t: "cancel", id });
          finish();
          reject(error);
        };
        const cancel = () => stop(new CallError("cancelled", "cancelled"));
        // Core ends it at the deadline; this is for a Core that does not answer at all.
        const timer = setTimeout(() => stop(new CallError("deadline", `${name} was not answered within ${deadlineMs} ms`)), deadlineMs + 2000);
        const finish = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", cancel);
          running.delete(id);
        };
        signal?.addEventListener("abort", cancel, { once: true });
        running.set(id, {
          done(value) {
            finish();
            // The contract's word for what Core returns: results are Core's own writing and are not parsed again.
            resolve(value as CallResult<typeof name>);
          },
          failed(error) {
            finish();
            reject(error);
          },
        });
        pipe.send(text);
      });
    },
    subscribe(listener) {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
    onProgress(listener) {
      progressWatchers.add(listener);
      return () => progressWatchers.delete(listener);
    },
    attach(ticket) {
      const id = nextChannel++;
      const side = createByteChannel(id, pipe, () => channels.delete(id));
      if (ended === null) {
        channels.set(id, side);
        send({ t: "attach", ticket, channel: id });
      } else side.gone("the link is closed");
      return side.channel;
    },
    onClose: (listener) => pipe.onClose(listener),
    close: () => pipe.close(CLOSE.normal, "closed by the window"),
  };
}
