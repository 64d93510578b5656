import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALLOWED_MESSAGES, checkOutbound, ForbiddenMessage } from "../../../electron/core/session/outbound-guard.ts";
import { frame } from "../../support/tws-server.ts";

const hello = Buffer.concat([Buffer.from("API\0\0\0\0\x09", "latin1"), Buffer.from("v100..193")]);

describe("what may leave", () => {
  it("the hello goes first and alone", () => {
    expect(checkOutbound(hello, true)).toBe(0);
    for (const bytes of [
      Buffer.alloc(0),
      frame(71, 2, 901, ""),
      Buffer.concat([hello, frame(3, 1)]),
      Buffer.from("API\0\0\0\0\x09v100..193 "),
      Buffer.from("GET / HTTP/1.1"),
    ]) {
      expect(() => checkOutbound(bytes, true)).toThrow(ForbiddenMessage);
    }
    expect(() => checkOutbound(hello, false)).toThrow(ForbiddenMessage);
  });

  it("every id that is not on the list is refused", () => {
    for (let id = -10; id < 1000; id++) {
      if (ALLOWED_MESSAGES.has(id)) expect(checkOutbound(frame(id, 1), false)).toBe(id);
      else expect(() => checkOutbound(frame(id, 1), false)).toThrow(ForbiddenMessage);
    }
  });

  it("place, cancel, exercise and global cancel are not on the list", () => {
    for (const id of [3, 4, 21, 58]) expect(ALLOWED_MESSAGES.has(id)).toBe(false);
  });

  it("neither a disguise of an id nor a second message passes", () => {
    for (const text of ["03", "+3", " 3", "3 ", "0x31", "4.9e1", "49a", "", "²"]) expect(() => checkOutbound(frame(text, 1), false)).toThrow(ForbiddenMessage);
    expect(() => checkOutbound(Buffer.concat([frame(49, 1), frame(3, 1)]), false)).toThrow(ForbiddenMessage);
    // binary ids of the newer protocol: u32 id instead of text
    expect(() => checkOutbound(Buffer.from([0, 0, 0, 6, 0, 0, 0, 203, 8, 1]), false)).toThrow(ForbiddenMessage);
  });

  it("whatever the bytes, they pass only as one plain message with an id of the list", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (raw) => {
        const bytes = Buffer.from(raw);
        let id: number;
        try {
          id = checkOutbound(bytes, false);
        } catch (error) {
          expect(error).toBeInstanceOf(ForbiddenMessage);
          return;
        }
        expect(ALLOWED_MESSAGES.has(id)).toBe(true);
        expect(bytes.readUInt32BE(0)).toBe(bytes.length - 4);
      }),
    );
  });
});
