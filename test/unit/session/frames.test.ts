import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameFault, FrameReader, messageId, parseVersionReply, printable, serviceByBanner } from "../../../electron/core/session/frames.ts";
import { frame } from "../../support/tws-server.ts";

const VERSION = frame(193, "20261124 10:00:00 CET");
const collect = (chunks: readonly Buffer[]): Buffer[] => {
  const reader = new FrameReader();
  const frames: Buffer[] = [];
  for (const chunk of chunks) {
    reader.push(chunk, (bytes) => {
      frames.push(Buffer.from(bytes));
      return true;
    });
  }
  return frames;
};
const faultOf = (run: () => unknown): FrameFault => {
  try {
    run();
  } catch (error) {
    if (error instanceof FrameFault) return error;
    throw error;
  }
  throw new Error("no fault");
};
const header = (length: number) => {
  const head = Buffer.alloc(4);
  head.writeInt32BE(length);
  return head;
};

describe("frames", () => {
  it("come out whole whatever the chunks are", () => {
    const fields = fc.array(
      fc.string({ maxLength: 20 }).map((text) => text.replaceAll("\0", "")),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(fc.array(fields, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (messages, cuts) => {
        const frames = [VERSION, ...messages.map((message) => frame(4, ...message))];
        const stream = Buffer.concat(frames);
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] ?? 1;
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(collect(chunks)).toEqual(frames);
        expect(collect([stream])).toEqual(frames);
      }),
    );
  });

  it("never throw anything but a named fault, whatever comes, and hold no more than what came", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), fc.boolean(), (chunks, afterVersion) => {
        try {
          for (const bytes of collect([...(afterVersion ? [VERSION] : []), ...chunks.map((chunk) => Buffer.from(chunk))])) messageId(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameFault);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([-1, -2147483648, 0, 0x1000000, 0x7fffffff])("a length of %i is a bad frame", (length) => {
    expect(faultOf(() => collect([VERSION, header(length)])).kind).toBe("bad-frame");
    // also when the length itself comes in pieces
    expect(faultOf(() => collect([VERSION, header(length).subarray(0, 1), header(length).subarray(1)])).kind).toBe("bad-frame");
  });

  it("take the largest message", () => {
    const body = Buffer.alloc(0xffffff, 0x41);
    body[body.length - 1] = 0;
    const stream = Buffer.concat([VERSION, header(body.length), body]);
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; at += 65_536) chunks.push(stream.subarray(at, at + 65_536));
    expect(collect(chunks).map((bytes) => bytes.length)).toEqual([VERSION.length, body.length + 4]);
  });

  it("a burst of 10 MB of small messages takes less than two seconds", () => {
    const one = frame(61, 3, "DU1234567", 1, "AAPL", "STK", "", "0.0", "", "", "", "USD", "AAPL", "NMS", "10", "150.25");
    const burst = Buffer.concat(Array.from({ length: Math.ceil(10_485_760 / one.length) }, () => one));
    const reader = new FrameReader();
    let count = 0;
    const started = performance.now();
    reader.push(VERSION, () => true);
    for (let at = 0; at < burst.length; at += 32_768) reader.push(burst.subarray(at, at + 32_768), (bytes) => messageId(bytes) === 61 && ++count > 0);
    expect(count).toBe(Math.ceil(10_485_760 / one.length));
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("stop when told", () => {
    const reader = new FrameReader();
    let count = 0;
    reader.push(Buffer.concat([VERSION, frame(1), frame(2)]), () => ++count < 2);
    expect(count).toBe(2);
  });

  it.each([
    ["SSH-2.0-OpenSSH_9.2p1\r\n", "an SSH server"],
    ["RFB 003.008\n", "a VNC server"],
    ["HTTP/1.1 400 Bad Request\r\n\r\n", "a web server"],
    ["<!DOCTYPE html>", "a web server"],
    ["\x15\x03\x01\x00\x02\x02\x46", "a TLS server"],
    ["8=FIX.4.2", "a FIX server"],
    ["220 mail ESMTP", "a mail or file server"],
  ])("%j is a wrong service", (banner, service) => {
    expect(serviceByBanner(Buffer.from(banner, "latin1"))).toBe(service);
    for (const chunks of [[Buffer.from(banner, "latin1")], [...banner].map((c) => Buffer.from(c, "latin1"))]) {
      const fault = faultOf(() => collect(chunks));
      expect(fault).toMatchObject({ kind: "wrong-service" });
      expect(fault.message).toContain(service);
    }
  });

  it.each([
    [frame(193, "a", "b"), "wrong-service"],
    [frame("abc", "20261124"), "wrong-service"],
    [frame(193), "wrong-service"],
    [frame(99, "20261124"), "unsupported-version"],
    [frame(194, "20261124"), "unsupported-version"],
  ])("the version reply %j is refused as %s", (bytes, kind) => {
    expect(faultOf(() => parseVersionReply(bytes)).kind).toBe(kind);
  });

  it("the version reply keeps the gateway's free time text", () => {
    expect(parseVersionReply(frame(178, "20260405 23:49:26 Mitteleuropäische Zeit"))).toEqual({
      serverVersion: 178,
      connectionTime: "20260405 23:49:26 Mitteleuropäische Zeit",
    });
  });

  it.each(["", "x\0", "12", "\x0012\0", "123456789012\0"])("a body %j is no message", (body) => {
    expect(() => messageId(Buffer.concat([header(body.length), Buffer.from(body, "latin1")]))).toThrow(FrameFault);
  });

  it("what never ended is told apart", () => {
    const half = (bytes: string) => {
      const reader = new FrameReader();
      reader.push(Buffer.from(bytes, "latin1"), () => true);
      return reader.unfinished();
    };
    expect(half("")).toBeNull();
    expect(half("SS")).toMatchObject({ kind: "wrong-service", firstBytes: "SS" });
    expect(half("\0\0\0\x1a193\x002026")).toMatchObject({ kind: "bad-frame" });
    expect(half("\0\0\0\x1aabc")).toMatchObject({ kind: "wrong-service" });
  });

  it("shows at most 40 printable characters", () => {
    expect(printable(Buffer.from(`a\x00b\u00e9${"c".repeat(60)}`, "latin1"))).toBe(`a.b.${"c".repeat(36)}`);
  });
});
