import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A program `docker` that reaches the simulated engine through the control socket, for a real shell (or a real sshd with PATH pointing here).
 * Frames both ways: one letter, u32 big-endian length, bytes.
 */
const SHIM = `import { connect } from "node:net";
const [socketPath, ...argv] = process.argv.slice(2);
const frame = (kind, body) => {
  const head = Buffer.alloc(5);
  head.write(kind, 0, "latin1");
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};
const socket = connect(socketPath, () => {
  socket.write(frame("c", Buffer.from(JSON.stringify({ argv, cwd: process.cwd(), env: Object.keys(process.env) }))));
  // A command that has ended already reads no more.
  const send = (kind, body) => socket.writable && socket.write(frame(kind, body));
  process.stdin.on("data", (chunk) => send("i", chunk));
  process.stdin.on("end", () => send("e", Buffer.alloc(0)));
  process.stdin.on("error", () => undefined);
});
let pending = Buffer.alloc(0);
let code = 1;
socket.on("data", (chunk) => {
  pending = Buffer.concat([pending, chunk]);
  while (pending.length >= 5) {
    const length = pending.readUInt32BE(1);
    if (pending.length < 5 + length) return;
    const body = pending.subarray(5, 5 + length);
    const kind = pending.toString("latin1", 0, 1);
    pending = pending.subarray(5 + length);
    if (kind === "o") process.stdout.write(body);
    if (kind === "r") process.stderr.write(body);
    if (kind === "x") code = body.readUInt32BE(0);
  }
});
const leave = () => process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
socket.on("error", (error) => {
  process.stderr.write("Cannot connect to the simulated Docker: " + error.message + "\\n");
  leave();
});
socket.on("close", leave);
process.stdout.on("error", () => process.exit(141));
`;

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Writes `<dir>/bin/docker`. @returns its path */
export function writeShim(dir: string, socketPath: string): string {
  const bin = join(dir, "bin");
  mkdirSync(bin, { recursive: true });
  const script = join(bin, "docker-shim.mjs");
  writeFileSync(script, SHIM);
  const program = join(bin, "docker");
  // Under Electron, execPath is Electron itself: the variable makes it plain Node.
  writeFileSync(program, `#!/bin/sh\nELECTRON_RUN_AS_NODE=1 exec ${quote(process.execPath)} ${quote(script)} ${quote(socketPath)} "$@"\n`);
  chmodSync(program, 0o700);
  return program;
}
