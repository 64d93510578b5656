import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createViewerHandshake } from "../../../electron/core/screen/viewer-handshake.ts";
import { serverInit } from "../../support/scripted-server.ts";

const INIT = serverInit({ name: "gateway" });
const VIEWER = Buffer.concat([Buffer.from("RFB 003.008\n"), Buffer.from([1, 1]), Buffer.from("what follows")]);
const EXPECTED = Buffer.concat([Buffer.from([1, 1]), Buffer.from([0, 0, 0, 0]), INIT]);

describe("the handshake with our own viewer", () => {
  it("needs no password, and passes on what follows, however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(VIEWER.length), { maxLength: 8 }), (cuts) => {
        const handshake = createViewerHandshake(INIT);
        const edges = [0, ...cuts.sort((a, b) => a - b), VIEWER.length];
        const parts = edges.slice(1).map((edge, index) => handshake.take(VIEWER.subarray(edges[index], edge)));
        expect(Buffer.concat(parts.map((part) => part.reply))).toEqual(EXPECTED);
        expect(Buffer.concat(parts.map((part) => part.passOn)).toString()).toBe("what follows");
        expect(handshake.done).toBe(true);
      }),
    );
  });
  it("refuses a viewer that says anything else", () => {
    expect(() => createViewerHandshake(INIT).take(Buffer.from("RFB 003.003\n"))).toThrow("3.8");
    const handshake = createViewerHandshake(INIT);
    handshake.take(Buffer.from("RFB 003.008\n"));
    expect(() => handshake.take(Buffer.from([2]))).toThrow("security");
  });
});
