import crypto, { createSecretKey, type KeyObject } from "node:crypto";

/**
 * ssh2 (1.17, lib/protocol/crypto.js) makes a cipher for every packet and hands it the key as bytes. Node 24 finds out that bytes are no
 * KeyObject by two exceptions thrown and caught inside, 40 µs a packet: more than the encryption of its 32 KiB. So ssh2 is given makers
 * that turn each key into a KeyObject once. It takes the makers while it loads, so they stand in Node's module only from the import of
 * this file until `restoreCipherMakers`; nothing else sees them. See ssh2.ts.
 */
const { createCipheriv, createDecipheriv } = crypto;

/** Lives as long as ssh2 holds the bytes. */
const known = new WeakMap<Uint8Array, KeyObject>();

function keyObject(bytes: Uint8Array): KeyObject {
  const before = known.get(bytes);
  if (before !== undefined) return before;
  const key = createSecretKey(bytes);
  known.set(bytes, key);
  return key;
}

type Maker = typeof createCipheriv | typeof createDecipheriv;

function withKeyObjects<M extends Maker>(make: M): M {
  return new Proxy(make, {
    apply: (target, self, [algorithm, key, ...rest]: [string, unknown, ...unknown[]]) =>
      Reflect.apply(target, self, [algorithm, key instanceof Uint8Array && key.length > 0 ? keyObject(key) : key, ...rest]),
  });
}

Object.assign(crypto, { createCipheriv: withKeyObjects(createCipheriv), createDecipheriv: withKeyObjects(createDecipheriv) });

export function restoreCipherMakers(): void {
  Object.assign(crypto, { createCipheriv, createDecipheriv });
}
