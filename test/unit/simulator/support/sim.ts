import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type Client, type ClientChannel } from "ssh2";
import { onTestFinished } from "vitest";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../../../electron/simulator/simulator.ts";

/** A simulator that ends with its test. */
export async function simulate(options: Omit<SimulatorOptions, "dir"> = {}): Promise<Simulator> {
  const dir = mkdtempSync(join(tmpdir(), "gl-sim-"));
  const simulator = await startSimulator({ speed: 20, ...options, dir });
  onTestFinished(async () => {
    await simulator.dispose();
    rmSync(dir, { recursive: true, force: true });
  });
  return simulator;
}

export async function logIn(simulator: Simulator, extra: Record<string, unknown> = {}): Promise<Client> {
  const client = new ssh2.Client();
  onTestFinished(() => void client.end());
  client.connect({ host: "127.0.0.1", port: simulator.ssh.port, username: simulator.ssh.user, privateKey: readFileSync(simulator.ssh.identityFile), ...extra });
  await new Promise<void>((resolve, reject) => client.once("ready", resolve).on("error", reject));
  return client;
}

export function open(client: Client, command: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => client.exec(command, (error, channel) => (error === undefined ? resolve(channel) : reject(error))));
}

/** Listens before the first byte can arrive: a quick command's end comes in the same packet as its beginning. */
export function run(client: Client, command: string, stdin = ""): Promise<{ out: string; err: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        reject(error);
        return;
      }
      const result: { out: string; err: string; code: number | null } = { out: "", err: "", code: null };
      channel.on("data", (chunk: Buffer) => {
        result.out += chunk.toString();
      });
      channel.stderr.on("data", (chunk: Buffer) => {
        result.err += chunk.toString();
      });
      channel.on("exit", (code: number | null) => {
        result.code = code;
      });
      channel.once("close", () => resolve(result));
      channel.end(stdin);
    });
  });
}

/** Real loopback port of a published container port; the simulator must have been started with `publish`. */
export function publishedPort(simulator: Simulator, gateway: "paper" | "live", containerPort: number): number {
  const { engine } = simulator.stage.home;
  for (const name of [`mcp-ib-gateway-${gateway}`, `mcp-ib-${gateway}`]) {
    const found = engine.containers.get(name)?.spec.published.find((port) => port.containerPort === containerPort);
    if (found !== undefined) return found.hostPort;
  }
  throw new Error(`${containerPort} of ${gateway} is not published`);
}

export function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve, reject) => socket.once("connect", () => resolve(socket)).once("error", reject));
}

/** Bytes of a socket as they come, with waits that have a deadline. */
export class Inbox {
  #data: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    const wake = () => {
      for (const run of this.#wake.splice(0)) run();
    };
    socket.on("data", (chunk: Buffer) => {
      this.#data = Buffer.concat([this.#data, chunk]);
      wake();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#ended = true;
      wake();
    });
    socket.on("end", () => {
      this.#ended = true;
      wake();
    });
  }

  get length(): number {
    return this.#data.length;
  }
  get ended(): boolean {
    return this.#ended;
  }

  async read(length: number): Promise<Buffer> {
    await this.until(() => this.#data.length >= length);
    const part = this.#data.subarray(0, length);
    this.#data = this.#data.subarray(length);
    return part;
  }
  /** One frame of the TWS protocol as its fields. */
  async frame(): Promise<string[]> {
    const length = (await this.read(4)).readUInt32BE();
    return (await this.read(length)).toString().split("\0").slice(0, -1);
  }
  end(): Promise<void> {
    return this.until(() => this.#ended);
  }
  async until(done: () => boolean): Promise<void> {
    const limit = Date.now() + 10_000;
    while (!done()) {
      if (Date.now() > limit) throw new Error(`waited 10 s; have ${this.#data.length} bytes: ${JSON.stringify(this.#data.toString("latin1").slice(0, 200))}`);
      if (this.#ended && this.#data.length === 0 && !done()) throw new Error("the connection ended");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 250);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }
}

export async function eventually(check: () => boolean, what: string, ms = 10_000): Promise<void> {
  const limit = Date.now() + ms;
  while (!check()) {
    if (Date.now() > limit) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
