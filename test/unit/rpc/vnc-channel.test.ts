import { afterEach, describe, expect, it, vi } from "vitest";
import type { ByteChannel } from "../../../shared/rpc.ts";
import { VncChannel } from "../../../shared/rpc.ts";
import { until } from "../../support/contract-fixture.ts";

function under() {
  const written: Uint8Array[] = [];
  const ends: string[] = [];
  let granted = 0;
  const early: Uint8Array[] = [];
  let data = (bytes: Uint8Array): void => void early.push(bytes);
  let gone: (reason: string) => void = () => {};
  const channel: ByteChannel = {
    id: 1,
    ended: false,
    async write(bytes) {
      written.push(bytes);
      return true;
    },
    onData: (listener) => {
      data = listener;
      for (const bytes of early.splice(0)) listener(bytes);
    },
    grant: (bytes) => {
      granted += bytes;
    },
    onEnd: (listener) => {
      gone = listener;
    },
    end(reason) {
      ends.push(reason);
      gone(reason);
    },
  };
  const vnc = new VncChannel(channel);
  return {
    vnc,
    /** As noVNC does it. */
    listen: async (listener: (event: { data: ArrayBuffer }) => void) => {
      vnc.onmessage = listener;
      await Promise.resolve();
    },
    written,
    ends,
    granted: () => granted,
    arrive: (bytes: Uint8Array) => data(bytes),
    lose: (reason: string) => gone(reason),
  };
}

afterEach(() => void vi.unstubAllGlobals());

describe("the channel that noVNC gets", () => {
  it("has what noVNC looks for, on itself or its direct prototype", () => {
    const { vnc } = under();
    const names = new Set([...Object.keys(vnc), ...Object.getOwnPropertyNames(Object.getPrototypeOf(vnc))]);
    for (const name of ["send", "close", "binaryType", "onerror", "onmessage", "onopen", "protocol", "readyState"]) expect(names).toContain(name);
    expect(vnc.readyState).toBe("open");
  });
  it("copies what it is given to send: noVNC uses that memory again", () => {
    const { vnc, written } = under();
    const memory = new Uint8Array([1, 2, 3, 4]);
    vnc.send(memory.subarray(1, 3));
    memory.fill(9);
    expect([...(written[0] ?? [])]).toEqual([2, 3]);
  });
  it("hands over what came early only after noVNC has set its listener, which it does before it is ready", async () => {
    const { vnc, arrive } = under();
    const seen: number[] = [];
    arrive(new Uint8Array([1]));
    vnc.onmessage = ({ data }) => seen.push(...new Uint8Array(data));
    expect(seen).toEqual([]);
    arrive(new Uint8Array([2]));
    await Promise.resolve();
    arrive(new Uint8Array([3]));
    expect(seen).toEqual([1, 2, 3]);
  });
  it("hands over exact buffers and grants them again", async () => {
    const { vnc, arrive, granted, listen } = under();
    const seen: number[][] = [];
    await listen(({ data }) => seen.push([...new Uint8Array(data)]));
    arrive(new Uint8Array([0, 1, 2, 3]).subarray(1, 3));
    expect(seen).toEqual([[1, 2]]);
    expect(granted()).toBe(2);
    expect(vnc.lastChangeAt).toBeGreaterThan(0);
  });
  it("asks for one pixel as a sign of life, once until it is answered; the answer is no change of the picture", async () => {
    const { vnc, arrive, written, lose, listen } = under();
    await listen(() => {});
    vnc.ask();
    vnc.ask();
    expect(written.map((bytes) => [...bytes])).toEqual([[3, 0, 0, 0, 0, 0, 0, 1, 0, 1]]);
    expect(vnc.askedAt).toBeGreaterThan(0);
    arrive(new Uint8Array(20));
    expect([vnc.askedAt, vnc.lastChangeAt]).toEqual([null, null]);
    vnc.ask();
    arrive(new Uint8Array(2000));
    expect(vnc.askedAt).toBe(null);
    expect(vnc.lastChangeAt).toBeGreaterThan(0);
    lose("gone");
    vnc.ask();
    expect(written).toHaveLength(2);
  });
  it("tells noVNC of the end once, whoever ended it, and not before its own turn is over", async () => {
    const mine = under();
    let closes = 0;
    mine.vnc.onclose = () => {
      closes += 1;
    };
    mine.vnc.close();
    mine.vnc.close();
    expect(closes).toBe(0);
    await Promise.resolve();
    expect([closes, mine.ends, mine.vnc.readyState]).toEqual([1, ["closed by the viewer"], "closed"]);
    const theirs = under();
    let reason = "";
    theirs.vnc.onclose = (event) => {
      reason = event.reason;
    };
    theirs.lose("the screen's server closed the connection");
    await Promise.resolve();
    expect([reason, theirs.vnc.readyState]).toEqual(["the screen's server closed the connection", "closed"]);
  });
  it("ends when noVNC cannot take more, instead of standing still", async () => {
    const { arrive, ends, granted, listen } = under();
    await listen(() => {
      throw new Error("Receive queue buffer exceeded");
    });
    arrive(new Uint8Array(10));
    arrive(new Uint8Array(10));
    expect(ends).toEqual(["the picture could not be read: Receive queue buffer exceeded"]);
    expect(granted()).toBe(0);
  });
  it("grants at most 1 MiB between two frames, and the rest with the next one", async () => {
    const { arrive, granted, listen } = under();
    await listen(() => {});
    for (let i = 0; i < 6; i += 1) arrive(new Uint8Array(1024 * 1024));
    expect(granted()).toBe(1024 * 1024);
    await until("the next frame", () => granted() === 6 * 1024 * 1024);
    arrive(new Uint8Array(5));
    expect(granted()).toBe(6 * 1024 * 1024 + 5);
  });
  it("goes on granting when the page is hidden before its frame came", async () => {
    const frames = new Map<number, () => void>();
    const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
    vi.stubGlobal("document", page);
    vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.set(frames.size + 1, run).size);
    vi.stubGlobal("cancelAnimationFrame", (id: number) => frames.delete(id));
    const { arrive, granted, listen } = under();
    await listen(() => {});
    for (let i = 0; i < 3; i += 1) arrive(new Uint8Array(1024 * 1024));
    expect([granted(), frames.size]).toEqual([1024 * 1024, 1]);
    page.visibilityState = "hidden";
    page.dispatchEvent(new Event("visibilitychange"));
    await until("the rest is granted", () => granted() === 3 * 1024 * 1024);
    expect(frames.size).toBe(0);
    // Hidden, no frame is waited for; seen again, frames count as before.
    for (let i = 0; i < 3; i += 1) arrive(new Uint8Array(1024 * 1024));
    await until("the rest is granted", () => granted() === 6 * 1024 * 1024);
    page.visibilityState = "visible";
    for (let i = 0; i < 3; i += 1) arrive(new Uint8Array(1024 * 1024));
    for (const frame of frames.values()) frame();
    expect(granted()).toBe(9 * 1024 * 1024);
  });
});
