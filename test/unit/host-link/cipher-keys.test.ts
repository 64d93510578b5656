import crypto, { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";

/** What ssh2's ciphers were made with. Recorded below the makers that Gatelight gives to ssh2, so this stands in before ssh2 is loaded. */
const made: { maker: string; algorithm: string; key: unknown }[] = [];
const record = <M extends typeof createCipheriv | typeof createDecipheriv>(maker: string, make: M): M =>
  new Proxy(make, {
    apply(target, self, args: [string, unknown, ...unknown[]]) {
      made.push({ maker, algorithm: args[0], key: args[1] });
      return Reflect.apply(target, self, args);
    },
  });
const recording = { createCipheriv: record("cipher", createCipheriv), createDecipheriv: record("decipher", createDecipheriv) };
Object.assign(crypto, recording);
afterAll(() => void Object.assign(crypto, { createCipheriv, createDecipheriv }));

test("ssh2 makes its ciphers with key objects, one a key and direction, and nobody else is given its makers", async () => {
  const { ssh2 } = await import("../../../electron/core/host-link/ssh/ssh2.ts");
  expect(crypto.createCipheriv).toBe(recording.createCipheriv);
  expect(crypto.createDecipheriv).toBe(recording.createDecipheriv);

  const { private: hostKey } = ssh2.utils.generateKeyPairSync("ed25519");
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (peer) => {
    peer.on("error", () => {});
    peer.on("authentication", (step) => step.accept());
    peer.on("request", (_accept, reject) => reject?.());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new ssh2.Client();
  try {
    await new Promise<void>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      client.once("ready", resolve).once("error", reject);
      client.connect({ host: "127.0.0.1", port, username: "administrator", algorithms: { cipher: ["aes128-gcm@openssh.com"] }, hostVerifier: () => true });
    });
    for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => client.unforwardIn("", 0, () => resolve()));
  } finally {
    client.end();
    server.close();
  }

  const ciphers = made.filter(({ algorithm }) => algorithm === "aes-128-gcm");
  expect(ciphers.length).toBeGreaterThan(20);
  expect(ciphers.filter(({ key }) => !isSecretKey(key))).toEqual([]);
  // Two directions, each with the key of its writer and that of its reader.
  expect(new Set(ciphers.map(({ key }) => key)).size).toBe(4);
});

const isSecretKey = (key: unknown): key is KeyObject => key instanceof crypto.KeyObject && key.type === "secret";
