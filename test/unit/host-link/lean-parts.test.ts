import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leanParts } from "../../../build/lean-parts.mjs";

interface Ciphers {
  readonly CIPHER_INFO: Readonly<Record<string, object>>;
  readonly init: Promise<void>;
  createCipher(config: object): { allocPacket(length: number): Buffer; encrypt(packet: Buffer): void };
  createDecipher(config: object): { decrypt(data: Buffer, from: number, length: number): unknown };
}

const CHACHA = "chacha20-poly1305@openssh.com";
const require = createRequire(import.meta.url);
const library: Ciphers = require("ssh2/lib/protocol/crypto.js");
const folder = mkdtempSync(join(tmpdir(), "gatelight-lean-"));
let bundled: Ciphers;
let code = "";

beforeAll(async () => {
  const build = await rolldown({
    input: require.resolve("ssh2/lib/protocol/crypto.js"),
    platform: "node",
    plugins: [leanParts()],
    external: ["cpu-features", /\.node$/],
    onLog: () => undefined,
  });
  code = (await build.generate({ format: "cjs", exports: "auto" })).output[0].code;
  await build.close();
  const file = join(folder, "crypto.cjs");
  writeFileSync(file, code);
  const loaded: { readonly default?: Ciphers } & Ciphers = require(file);
  bundled = loaded.default ?? loaded;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A packet as it goes over the wire. */
function encrypted(by: Ciphers, key: Buffer, text: string): Buffer {
  const parts: Buffer[] = [];
  const cipher = by.createCipher({
    outbound: { seqno: 7, onWrite: (part: Buffer) => parts.push(Buffer.from(part)), cipherInfo: by.CIPHER_INFO[CHACHA], cipherKey: key },
  });
  const packet = cipher.allocPacket(text.length);
  packet.write(text, 5, "latin1");
  cipher.encrypt(packet);
  return Buffer.concat(parts);
}

function decrypted(by: Ciphers, key: Buffer, wire: Buffer): string {
  let text = "";
  const onPayload = (payload: Buffer) => {
    text = payload.toString("latin1");
  };
  by.createDecipher({ inbound: { seqno: 7, onPayload, decipherInfo: by.CIPHER_INFO[CHACHA], decipherKey: key } }).decrypt(wire, 0, wire.length);
  return text;
}

describe("the parts of ssh2 that are left out of the bundle or made late", () => {
  it("speaks ChaCha20 as the library does, though its tag's maker is made when it is first wanted", async () => {
    await bundled.init;
    await library.init;
    const key = randomBytes(64);
    for (const [from, to] of [
      [bundled, library],
      [library, bundled],
    ] as const)
      expect(decrypted(to, key, encrypted(from, key, "the gateway answers"))).toBe("the gateway answers");
    expect(encrypted(bundled, key, "the same").subarray(0, 4)).toEqual(encrypted(library, key, "the same").subarray(0, 4));
  });

  it("still refuses a packet whose tag is wrong", () => {
    const key = randomBytes(64);
    const wire = encrypted(bundled, key, "the gateway answers");
    wire[wire.length - 1] = (wire.at(-1) ?? 0) ^ 1;
    expect(() => decrypted(bundled, key, wire)).toThrow("Invalid MAC");
  });

  it("says so when the library is not the one it was made for", () => {
    const { transform } = leanParts();
    for (const file of ["crypto.js", "crypto/poly1305.js"])
      expect(() => transform("something else", `/node_modules/ssh2/lib/protocol/${file}`)).toThrow("lean-parts");
    expect(transform("anything", "/node_modules/ssh2/lib/protocol/SFTP.js")?.code).not.toContain("anything");
    expect(transform("anything", "/node_modules/ws/lib/websocket.js")).toBeNull();
  });
});
