import { runApart } from "./run-apart.ts";

/** What OpenSSL writes may be guarded by scrypt or by millions of rounds. */
const SOURCE = `
const { parentPort, workerData } = require("node:worker_threads");
const { createPrivateKey } = require("node:crypto");
let opened = null;
try {
  opened = createPrivateKey({ ...workerData, format: "pem" }).export({ type: "pkcs8", format: "pem" });
} catch {}
parentPort.postMessage(opened);
`;

/**
 * Takes the passphrase off a PKCS#8 key (RFC 5958), off the calling thread.
 * @returns the open key as PEM text; `null`: a wrong passphrase or a damaged file, which OpenSSL does not tell apart
 * @throws TookTooLong
 */
export async function openPkcs8(key: string, passphrase: string): Promise<string | null> {
  const opened = await runApart(SOURCE, { key, passphrase });
  return typeof opened === "string" ? opened : null;
}
