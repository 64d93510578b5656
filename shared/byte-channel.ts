import { binaryFrame, LIMITS } from "./frames.ts";
import type { Pipe } from "./pipe.ts";

/**
 * Bytes both ways inside a link, the same at both ends. A side sends at most what the other has granted (a window of 1 MiB at first), so
 * that a slow reader stops the writer instead of filling memory.
 */
export interface ByteChannel {
  readonly id: number;
  /** Resolves once all bytes are handed to the link, which waits for the other side's credit; `false` when the channel ended first. */
  write(bytes: Uint8Array): Promise<boolean>;
  /** Bytes come in order; those before the listener was set are kept. Call `grant` when they are used up. */
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Lets the other side send that many bytes more. */
  grant(bytes: number): void;
  /** Called once, whoever ended it and also when the link is lost. */
  onEnd(listener: (reason: string) => void): void;
  end(reason: string): void;
  readonly ended: boolean;
}

export interface LinkSideChannel {
  readonly channel: ByteChannel;
  receive(bytes: Uint8Array): void;
  credit(bytes: number): void;
  /** The other side or the link ended it: nothing is sent. */
  gone(reason: string): void;
}

const CHUNK = 64 * 1024;

/** @param onEnded called once, to forget it */
export function createByteChannel(id: number, pipe: Pipe, onEnded: () => void): LinkSideChannel {
  let sendable: number = LIMITS.channelWindow;
  /** What the other side may still send, and what was used but not yet granted again. */
  let receivable: number = LIMITS.channelWindow;
  let used = 0;
  let ended = false;
  let end: string | null = null;
  let data: ((bytes: Uint8Array) => void) | null = null;
  let early: Uint8Array[] = [];
  const listeners: ((reason: string) => void)[] = [];
  const waiting: (() => void)[] = [];

  const finish = (reason: string) => {
    if (ended) return;
    ended = true;
    end = reason;
    early = [];
    onEnded();
    for (const wake of waiting.splice(0)) wake();
    for (const listener of listeners.splice(0)) listener(reason);
  };
  const channel: ByteChannel = {
    id,
    get ended() {
      return ended;
    },
    async write(bytes) {
      let rest = bytes;
      while (rest.length > 0) {
        if (ended) return false;
        if (sendable <= 0) {
          await new Promise<void>((resolve) => waiting.push(resolve));
          continue;
        }
        const part = rest.subarray(0, Math.min(CHUNK, sendable));
        sendable -= part.length;
        pipe.send(binaryFrame(id, part));
        rest = rest.subarray(part.length);
      }
      return !ended;
    },
    onData(listener) {
      data = listener;
      for (const bytes of early.splice(0)) listener(bytes);
    },
    grant(bytes) {
      if (ended) return;
      used += bytes;
      // A quarter of the window at a time: few frames, and the writer never runs dry on a fast link.
      if (used < LIMITS.channelWindow / 4) return;
      receivable += used;
      pipe.send(JSON.stringify({ t: "credit", channel: id, bytes: used }));
      used = 0;
    },
    onEnd(listener) {
      if (end === null) listeners.push(listener);
      else listener(end);
    },
    end(reason) {
      if (ended) return;
      pipe.send(JSON.stringify({ t: "end", channel: id, reason: reason.slice(0, 500) }));
      finish(reason);
    },
  };
  return {
    channel,
    receive(bytes) {
      if (ended) return;
      receivable -= bytes.length;
      if (receivable < 0) return channel.end("the other side sent more than it was granted");
      if (data === null) early.push(bytes);
      else data(bytes);
    },
    credit(bytes) {
      sendable = Math.min(sendable + bytes, 4 * LIMITS.channelWindow);
      for (const wake of waiting.splice(0)) wake();
    },
    gone: finish,
  };
}
