import { createHash } from "node:crypto";
import { bcryptPbkdf, type PbkdfInput } from "./bcrypt-pbkdf.ts";
import { runApart, TookTooLong } from "./run-apart.ts";

const SOURCE = () => `
const { parentPort, workerData } = require("node:worker_threads");
const { createHash } = require("node:crypto");
const derive = (${bcryptPbkdf.toString()});
parentPort.postMessage(derive(workerData, (data) => createHash("sha512").update(data).digest()));
`;

/**
 * bcrypt_pbkdf off the calling thread.
 * @throws TookTooLong (a key with an absurd number of rounds)
 */
export async function deriveKey(input: PbkdfInput): Promise<Uint8Array> {
  try {
    const key = await runApart(SOURCE(), input);
    if (key instanceof Uint8Array) return key;
  } catch (error) {
    if (error instanceof TookTooLong) throw error;
  }
  // A tool that rewrote the function (coverage, name keeping) may have made it depend on the outside: slower, but right.
  return bcryptPbkdf(input, (data) => createHash("sha512").update(data).digest());
}
