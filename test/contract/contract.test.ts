import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../electron/core/clock.ts";
import { createSnapshotStore } from "../../electron/core/snapshot-store.ts";
import type { CallContext, Handlers } from "../../shared/contract.ts";
import { type ByteChannel, CallError, createClient, LIMITS, type Pipe, serveLink } from "../../shared/rpc.ts";
import { BARE_SNAPSHOT, notice, someHandlers, testDoor, until } from "../support/contract-fixture.ts";
import { CARRIERS, type Pair } from "./pairs.ts";

const ref = { server: "home", gateway: "paper" };

describe.each(CARRIERS)("the contract over %s", (_, makePair) => {
  const pairs: Pair[] = [];
  afterEach(async () => {
    for (const pair of pairs.splice(0)) await pair.dispose();
  });

  /** Core's end served, the window's end raw: frames as they come. */
  async function served(handlers: Partial<Handlers> = {}, attach?: (ticket: string, link: string, channel: ByteChannel) => void) {
    const pair = await makePair();
    pairs.push(pair);
    const store = createSnapshotStore(BARE_SNAPSHOT, systemClock, 0);
    const screens = testDoor(attach);
    const link = serveLink(pair.core, { handlers: someHandlers(handlers), store, screens: screens.door, linkId: "link-1" });
    return { ...pair, store, screens, link };
  }
  async function connected(handlers: Partial<Handlers> = {}, attach?: (ticket: string, link: string, channel: ByteChannel) => void) {
    const all = await served(handlers, attach);
    const client = createClient(all.window, { pingMs: 0 });
    await client.ready;
    return { ...all, client };
  }
  function raw(pipe: Pipe) {
    const frames: Record<string, unknown>[] = [];
    pipe.onMessage((data) => {
      if (typeof data === "string") frames.push(JSON.parse(data));
    });
    const next = async (match: (frame: Record<string, unknown>) => boolean) => {
      await until("the frame arrives", () => frames.some(match));
      return frames.find(match) ?? {};
    };
    return { frames, next };
  }

  it("carries a call, its input parsed and its answer back", async () => {
    const seen: unknown[] = [];
    const { client } = await connected({
      async "repair.start"(input, context) {
        seen.push(input, context.link);
        return { run: "r1" };
      },
    });
    const input = { planId: "p", confirmations: 1, typedName: null };
    expect(await client.call("repair.start", input)).toEqual({ run: "r1" });
    expect(seen).toEqual([input, "link-1"]);
  });

  it("carries many calls at once, each with its own answer", async () => {
    const { client } = await connected({
      async "report.create"({ showNames }) {
        if (showNames) await new Promise((resolve) => setTimeout(resolve, 20));
        return { text: String(showNames) };
      },
    });
    const answers = await Promise.all([true, false, true, false].map((showNames) => client.call("report.create", { showNames })));
    expect(answers.map((answer) => answer.text)).toEqual(["true", "false", "true", "false"]);
  });

  it("brings a handler's failure to the caller, with its faults", async () => {
    const { client } = await connected({
      async "look.now"() {
        throw new Error("docker is down");
      },
      async "link.reconnect"() {
        throw new CallError("failed", "two things", ["one", "two"]);
      },
    });
    await expect(client.call("look.now", ref)).rejects.toMatchObject({ code: "failed", message: "docker is down" });
    await expect(client.call("link.reconnect", { server: "home" })).rejects.toMatchObject({ message: "two things", faults: ["one", "two"] });
  });

  it("refuses an unknown call, an unknown key and a wrong type before any handler, and never repeats a secret", async () => {
    let handled = 0;
    const { window } = await served({
      async "prompt.answer"() {
        handled += 1;
        return null;
      },
    });
    const { next, frames } = raw(window);
    const ask = (id: number, name: string, input: unknown) => window.send(JSON.stringify({ t: "call", id, name, input }));
    ask(1, "order.place", {});
    ask(2, "toString", {});
    ask(3, "prompt.answer", { id: "p", values: { password: "hunter2" }, remember: false, extra: "hunter2" });
    ask(4, "prompt.answer", { id: "p", values: { password: ["hunter2"] }, remember: "hunter2" });
    expect(await next((frame) => frame.id === 1)).toMatchObject({ t: "error", code: "unknown-call" });
    expect(await next((frame) => frame.id === 2)).toMatchObject({ t: "error", code: "unknown-call" });
    expect(await next((frame) => frame.id === 3)).toMatchObject({ t: "error", code: "bad-input", message: expect.stringContaining("extra") });
    expect(await next((frame) => frame.id === 4)).toMatchObject({ t: "error", code: "bad-input", message: expect.stringContaining("values.password") });
    expect(handled).toBe(0);
    expect(JSON.stringify(frames)).not.toContain("hunter2");
  });

  it.each([
    ["text that is not JSON", "{"],
    ["a frame of no known kind", JSON.stringify({ t: "eval", code: "1" })],
    ["a frame with an unknown key", JSON.stringify({ t: "ping", n: 1, more: 1 })],
    ["a list", "[]"],
    ["nothing", "null"],
    ["a frame beyond the size limit", `"${"x".repeat(LIMITS.textIn)}"`],
    ["a binary frame too short for a channel", new Uint8Array(3)],
    ["a binary frame too long", new Uint8Array(LIMITS.binary + 5)],
  ])("answers %s with a fault and goes on", async (_name, data) => {
    const { window } = await served();
    const { next } = raw(window);
    window.send(data);
    await next((frame) => frame.t === "fault");
    window.send(JSON.stringify({ t: "ping", n: 7 }));
    expect(await next((frame) => frame.t === "pong")).toEqual({ t: "pong", n: 7 });
  });

  it("closes a link that sends nothing but malformed frames", async () => {
    const { window, link } = await served();
    raw(window);
    for (let i = 0; i < LIMITS.faults; i += 1) window.send("{");
    expect(await link.closed).toMatchObject({ code: 4400 });
  });

  it("answers a malformed call that has a number by that number", async () => {
    const { window } = await served();
    const { next } = raw(window);
    window.send(JSON.stringify({ t: "call", id: 9, name: "look.now", input: ref, deadlineMs: -1 }));
    expect(await next((frame) => frame.id === 9)).toMatchObject({ t: "error", code: "bad-input", message: expect.stringContaining("deadlineMs") });
  });

  it("stands any frames at all", async () => {
    const kind = fc.constantFrom("call", "cancel", "seen", "resync", "attach", "credit", "end", "ping", "enter", "x");
    const frame = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record(
          {
            t: kind,
            id: fc.nat(5),
            name: fc.constantFrom("look.now", "x"),
            input: fc.jsonValue(),
            channel: fc.integer(),
            ticket: fc.string(),
            bytes: fc.integer(),
            reason: fc.string(),
            n: fc.nat(),
            revision: fc.nat(),
          },
          { requiredKeys: ["t"] },
        )
        .map((value) => JSON.stringify(value)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 12 }), async (frames) => {
        const { window, link } = await served();
        const { next } = raw(window);
        for (const data of frames) window.send(data);
        window.send(JSON.stringify({ t: "ping", n: 99 }));
        await Promise.race([next((answer) => answer.t === "pong" && answer.n === 99), link.closed]);
        await pairs.pop()?.dispose();
      }),
      { numRuns: 40 },
    );
  });

  it("runs 64 calls at once and refuses the next", async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { client } = await connected({
      async "look.now"() {
        await gate;
        return null;
      },
    });
    const calls = Array.from({ length: LIMITS.callsInFlight }, () => client.call("look.now", ref));
    await expect(client.call("look.now", ref)).rejects.toMatchObject({ code: "busy" });
    release();
    expect(await Promise.all(calls)).toHaveLength(64);
    expect(await client.call("look.now", ref)).toBeNull();
  });

  const hanging = () => {
    const contexts: CallContext[] = [];
    const handlers: Partial<Handlers> = {
      "look.now": (_input, context) => {
        contexts.push(context);
        return new Promise(() => {});
      },
    };
    return { contexts, handlers };
  };

  it("aborts a call when the caller cancels it, at its deadline, and when the link ends", async () => {
    const { contexts, handlers } = hanging();
    const { client, window, screens, link } = await connected(handlers);
    const cancel = new AbortController();
    const cancelled = client.call("look.now", ref, { signal: cancel.signal });
    await until("the call runs", () => contexts.length === 1);
    cancel.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    await until("the handler hears of it", () => contexts[0]?.signal.aborted === true);
    await expect(client.call("look.now", ref, { deadlineMs: 30 })).rejects.toMatchObject({ code: "deadline" });
    await until("the handler hears of it", () => contexts[1]?.signal.aborted === true);
    const lost = client.call("look.now", ref);
    await until("the call runs", () => contexts.length === 3);
    const rejected = expect(lost).rejects.toMatchObject({ code: "closed" });
    window.close(1000, "gone");
    await rejected;
    expect(await link.closed).toEqual({ code: 1000, reason: "gone" });
    expect(contexts[2]?.signal.aborted).toBe(true);
    expect(screens.ended).toEqual(["link-1"]);
    expect(screens.listeners.size).toBe(0);
  });

  it("tells the window why Core closed the link, and every later call fails at once", async () => {
    const { client, link } = await connected();
    const why = new Promise((resolve) => client.onClose(resolve));
    link.close(4401, "token refused");
    expect(await why).toEqual({ code: 4401, reason: "token refused" });
    await expect(client.call("look.now", ref)).rejects.toMatchObject({ code: "closed" });
  });

  it("refuses an answer and an input that are too large, and the link goes on", async () => {
    const { client } = await connected({
      "report.create": async ({ showNames }) => ({ text: showNames ? "x".repeat(LIMITS.textOut) : "small" }),
      "settings.save": async () => ({ faults: [] }),
    });
    await expect(client.call("report.create", { showNames: true })).rejects.toMatchObject({ code: "too-large" });
    await expect(client.call("settings.save", "x".repeat(LIMITS.textIn))).rejects.toMatchObject({ code: "too-large" });
    expect(await client.call("report.create", { showNames: false })).toEqual({ text: "small" });
  });

  it("shows the whole state once and then only what changed", async () => {
    const { client, store, window } = await served().then(async (all) => {
      const received: string[] = [];
      const spied: Pipe = {
        ...all.window,
        onMessage: (listener) =>
          all.window.onMessage((data) => {
            if (typeof data === "string") received.push(data);
            listener(data);
          }),
      };
      const client = createClient(spied, { pingMs: 0 });
      const first = await client.ready;
      expect(first).toEqual({ ...BARE_SNAPSHOT, revision: 1 });
      return { client, store: all.store, window: received };
    });
    const before = client.snapshot;
    store.set({ ...BARE_SNAPSHOT, notices: [notice("a")] });
    await until("the notice is seen", () => client.snapshot?.notices.length === 1);
    expect(client.snapshot).toEqual(store.current);
    expect(client.snapshot?.app).toBe(before?.app);
    expect(window.filter((text) => text.includes('"t":"snapshot"'))).toHaveLength(1);
    expect(window.filter((text) => text.includes('"t":"patch"'))).toHaveLength(1);
  });

  it("asks for the whole state after a gap, once, and takes nothing until it comes", async () => {
    const pair = await makePair();
    pairs.push(pair);
    const sent = raw(pair.core);
    const client = createClient(pair.window, { pingMs: 0 });
    const state = (revision: number, light: "up" | "down") => ({ ...BARE_SNAPSHOT, revision, light });
    const send = (frame: unknown) => pair.core.send(JSON.stringify(frame));
    const patch = (from: number, to: number) => ({ t: "patch", from, to, ops: [{ path: ["revision"], set: to }] });
    send({ t: "snapshot", snapshot: state(1, "up") });
    send(patch(5, 6));
    send(patch(6, 7));
    send({ t: "patch", from: 1, to: 2, ops: [{ path: ["revision"], set: 2 }] });
    await sent.next((frame) => frame.t === "resync");
    expect(client.snapshot?.revision).toBe(1);
    send({ t: "snapshot", snapshot: state(8, "down") });
    await sent.next((frame) => frame.t === "seen" && frame.revision === 8);
    expect(client.snapshot?.light).toBe("down");
    expect(sent.frames.filter((frame) => frame.t === "resync")).toHaveLength(1);
    // A patch whose result is not the revision it claims, and one that does not fit.
    send({ t: "patch", from: 8, to: 9, ops: [{ path: ["light"], set: "up" }] });
    await until("asked again", () => sent.frames.filter((frame) => frame.t === "resync").length === 2);
    send({ t: "snapshot", snapshot: state(9, "up") });
    send({ t: "patch", from: 9, to: 10, ops: [{ path: ["servers", 4, "id"], set: "x" }] });
    await until("asked again", () => sent.frames.filter((frame) => frame.t === "resync").length === 3);
  });

  it("gives a window that falls behind the newest state only", async () => {
    const { window, store } = await served();
    const { frames, next } = raw(window);
    await next((frame) => frame.t === "snapshot");
    for (let i = 1; i <= 50; i += 1) {
      store.set({ ...BARE_SNAPSHOT, notices: [notice("n", `note ${i}`)] });
      store.flush();
    }
    window.send(JSON.stringify({ t: "ping", n: 1 }));
    await next((frame) => frame.t === "pong");
    expect(frames.filter((frame) => frame.t === "patch")).toEqual([]);
    window.send(JSON.stringify({ t: "seen", revision: 1 }));
    const patch = await next((frame) => frame.t === "patch");
    expect(patch).toMatchObject({ from: 1, to: 51 });
    expect(JSON.stringify(patch)).toContain("note 50");
  });

  it("closes when the other side sends what it must not, instead of showing it", async () => {
    const pair = await makePair();
    pairs.push(pair);
    const client = createClient(pair.window, { pingMs: 0 });
    const why = new Promise((resolve) => client.onClose(resolve));
    pair.core.send(JSON.stringify({ t: "snapshot", snapshot: { revision: 1 } }));
    expect(await why).toMatchObject({ code: 4400 });
    await expect(client.ready).rejects.toMatchObject({ code: 4400 });
  });

  it("notices a Core that fell silent", async () => {
    const pair = await makePair();
    pairs.push(pair);
    const client = createClient(pair.window, { pingMs: 30 });
    expect(await new Promise((resolve) => client.onClose(resolve))).toMatchObject({ code: 4409 });
  });

  it("carries screen progress to the link that asked", async () => {
    const { client, screens } = await connected();
    const seen: unknown[] = [];
    client.onProgress((progress) => seen.push(progress));
    const progress = { screen: "s1", step: "dial" as const, detail: "127.0.0.1:15900", failure: null };
    screens.listeners.get("link-1")?.(progress);
    await until("progress is seen", () => seen.length === 1);
    expect(seen).toEqual([progress]);
  });

  describe("a byte channel", () => {
    it("carries megabytes both ways in order, with early bytes kept", async () => {
      const size = 6 * 1024 * 1024;
      const pattern = new Uint8Array(size).map((_, index) => (index * 7 + (index >> 8)) & 255);
      const { client } = await connected({}, (ticket, link, channel) => {
        expect([ticket, link]).toEqual(["t-1", "link-1"]);
        channel.onData((bytes) => {
          // What comes is used again by its sender at once.
          void channel.write(bytes.slice()).then(() => channel.grant(bytes.length));
        });
      });
      const channel = client.attach("t-1");
      let received = 0;
      let wrong = 0;
      const write = channel.write(pattern);
      await new Promise((resolve) => setTimeout(resolve, 20));
      channel.onData((bytes) => {
        for (const byte of bytes) if (byte !== pattern[received++]) wrong += 1;
        channel.grant(bytes.length);
      });
      expect(await write).toBe(true);
      await until("all came back", () => received === size);
      expect(wrong).toBe(0);
    });

    it("stops a writer whose reader takes nothing at the window, and goes on when it does", async () => {
      let theirs: ByteChannel | undefined;
      const { client } = await connected({}, (_ticket, _link, channel) => {
        theirs = channel;
      });
      const channel = client.attach("t");
      let received = 0;
      channel.onData((bytes) => {
        received += bytes.length;
      });
      await until("attached", () => theirs !== undefined);
      const write = theirs?.write(new Uint8Array(LIMITS.channelWindow + 10));
      await until("the window is full", () => received === LIMITS.channelWindow);
      channel.grant(LIMITS.channelWindow);
      expect(await write).toBe(true);
      await until("the rest came", () => received === LIMITS.channelWindow + 10);
    });

    it("ends with its reason after the last byte, from either side, and with the link", async () => {
      const attached: ByteChannel[] = [];
      const { client, window } = await connected({}, (_ticket, _link, channel) => {
        attached.push(channel);
      });
      const log: string[] = [];
      const first = client.attach("a");
      first.onData((bytes) => log.push(`${bytes.length} bytes`));
      first.onEnd((reason) => log.push(reason));
      await until("attached", () => attached.length === 1);
      await attached[0]?.write(new Uint8Array(5));
      attached[0]?.end("the server closed the screen");
      await until("ended", () => log.length === 2);
      expect(log).toEqual(["5 bytes", "the server closed the screen"]);
      expect(await first.write(new Uint8Array(1))).toBe(false);

      const second = client.attach("b");
      await until("attached", () => attached.length === 2);
      const seen = new Promise((resolve) => attached[1]?.onEnd(resolve));
      second.end("closed by the viewer");
      expect(await seen).toBe("closed by the viewer");

      client.attach("c");
      await until("attached", () => attached.length === 3);
      const stuck = attached[2]?.write(new Uint8Array(3 * LIMITS.channelWindow));
      window.close(1000, "window closed");
      expect(await stuck).toBe(false);
    });

    it("is ended when the ticket is refused or the window sends more than it was granted", async () => {
      const { client, window } = await connected({}, (ticket) => {
        if (ticket === "bad") throw new Error("this ticket was used already");
      });
      const refused = new Promise((resolve) => client.attach("bad").onEnd(resolve));
      expect(await refused).toBe("this ticket was used already");
      const channel = client.attach("good");
      const ended = new Promise((resolve) => channel.onEnd(resolve));
      const frame = new Uint8Array(LIMITS.binary);
      new DataView(frame.buffer).setUint32(0, channel.id);
      for (let i = 0; i < 6; i += 1) window.send(frame);
      expect(await ended).toContain("more than it was granted");
    });

    it("is refused beyond 16 at once", async () => {
      const { client } = await connected();
      const channels = Array.from({ length: LIMITS.channels + 1 }, () => client.attach("t"));
      const reason = await new Promise((resolve) => channels.at(-1)?.onEnd(resolve));
      expect(reason).toContain("16 channels");
      expect(channels[0]?.ended).toBe(false);
    });
  });
});
