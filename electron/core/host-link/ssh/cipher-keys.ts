import { type createCipheriv, type createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";

/** Lives as long as ssh2 holds the bytes. */
const known = new WeakMap<Uint8Array, KeyObject>();

function keyObject(bytes: Uint8Array): KeyObject {
  const before = known.get(bytes);
  if (before !== undefined) return before;
  const key = createSecretKey(bytes);
  known.set(bytes, key);
  return key;
}

/**
 * A maker of ciphers that turns a key given as bytes into a KeyObject, once. ssh2 (1.17, lib/protocol/crypto.js) makes a cipher for every
 * packet and hands it the key as bytes. Node 24 finds out that bytes are no KeyObject by two exceptions thrown and caught inside, 40 µs a
 * packet: more than the encryption of its 32 KiB.
 */
export function withKeyObjects<M extends typeof createCipheriv | typeof createDecipheriv>(make: M): M {
  return new Proxy(make, {
    apply: (target, self, [algorithm, key, ...rest]: [string, unknown, ...unknown[]]) =>
      Reflect.apply(target, self, [algorithm, key instanceof Uint8Array && key.length > 0 ? keyObject(key) : key, ...rest]),
  });
}
