import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { bcryptPbkdf, type PbkdfInput } from "./bcrypt-pbkdf.ts";

const SOURCE = () => `
const { parentPort, workerData } = require("node:worker_threads");
const { createHash } = require("node:crypto");
const derive = (${bcryptPbkdf.toString()});
parentPort.postMessage(derive(workerData, (data) => createHash("sha512").update(data).digest()));
`;
const DEADLINE_MS = 60_000;

/**
 * bcrypt_pbkdf off the calling thread, so that a window never freezes while a key is opened.
 * @throws Error when it takes more than 60 s (a key with an absurd number of rounds)
 */
export function deriveKey(input: PbkdfInput): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(SOURCE(), { eval: true, workerData: input, execArgv: [], env: {} });
    const timer = setTimeout(() => {
      reject(new Error("opening the key took more than 60 s"));
      void worker.terminate();
    }, DEADLINE_MS);
    worker.once("message", (key: unknown) => {
      clearTimeout(timer);
      if (key instanceof Uint8Array) resolve(key);
      else reject(new Error("the key could not be derived"));
      void worker.terminate();
    });
    worker.once("error", () => {
      clearTimeout(timer);
      // A tool that rewrote the function (coverage, name keeping) may have made it depend on the outside: slower, but right.
      try {
        resolve(bcryptPbkdf(input, (data) => createHash("sha512").update(data).digest()));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}
