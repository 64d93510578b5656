import crypto from "node:crypto";
import { withKeyObjects } from "./cipher-keys.ts";
import { pooledRandomFill } from "./random-pool.ts";

/**
 * ssh2 takes its functions from node:crypto while it loads. These quicker ones stand in Node's module only from the import of this file until
 * `restoreCrypto`; nothing else sees them. See ssh2.ts.
 */
const { createCipheriv, createDecipheriv, randomFillSync } = crypto;

Object.assign(crypto, {
  createCipheriv: withKeyObjects(createCipheriv),
  createDecipheriv: withKeyObjects(createDecipheriv),
  randomFillSync: pooledRandomFill(randomFillSync),
});

export function restoreCrypto(): void {
  Object.assign(crypto, { createCipheriv, createDecipheriv, randomFillSync });
}
