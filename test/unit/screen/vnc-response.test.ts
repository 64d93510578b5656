import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { vncResponse } from "../../../electron/core/screen/vnc-response.ts";
// noVNC's own DES, written by others, as the second opinion. Its package offers no path to it.
// @ts-expect-error no types
import { DESECBCipher } from "../../../node_modules/@novnc/novnc/core/crypto/des.js";

function opinion(password: string, challenge: Uint8Array): Buffer {
  const key = Buffer.alloc(8);
  Buffer.from(password, "utf8").copy(key);
  return Buffer.from(DESECBCipher.importKey(key, { name: "DES-ECB" }, false, ["encrypt"]).encrypt({ name: "DES-ECB" }, challenge));
}

describe("the answer to a VNC challenge", () => {
  it("is what another implementation computes", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.uint8Array({ minLength: 16, maxLength: 16 }), (password, challenge) => {
        expect(vncResponse(password, challenge)).toEqual(opinion(password, challenge));
      }),
    );
  });
  it("takes the first 8 characters only", () => {
    const challenge = Buffer.alloc(16, 7);
    expect(vncResponse("secret12EXTRA", challenge)).toEqual(vncResponse("secret12", challenge));
    expect(vncResponse("secret1", challenge)).not.toEqual(vncResponse("secret12", challenge));
  });
});
