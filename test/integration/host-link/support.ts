import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { HostLink, LinkState } from "../../../electron/core/host-link/host-link.ts";
import type { ResolveEnvironment } from "../../../electron/core/host-link/ssh/resolve-route.ts";
import { createSshLink, type SshLinkOptions } from "../../../electron/core/host-link/ssh/ssh-link.ts";
import type { PromptBroker, PromptOutcome, PromptRequest } from "../../../electron/core/prompts.ts";
import { type SecretName, type SecretStore, secretKey } from "../../../electron/core/secrets/secret-store.ts";
import type { SshReach } from "../../../shared/settings.ts";
import type { Sshd } from "../../support/sshd.ts";

/** A person with prepared answers. Questions without an answer are dismissed. */
export class Person implements PromptBroker {
  readonly asked: PromptRequest[] = [];
  readonly #answer: (request: PromptRequest) => PromptOutcome | Promise<PromptOutcome>;
  constructor(answer: (request: PromptRequest) => PromptOutcome | Promise<PromptOutcome> = () => ({ kind: "dismissed" })) {
    this.#answer = answer;
  }
  async ask(request: PromptRequest): Promise<PromptOutcome> {
    this.asked.push(request);
    return this.#answer(request);
  }
}
export const answer = (values: Record<string, string> = {}, remember = false): PromptOutcome => ({ kind: "answered", answer: { values, remember } });

export class MemorySecrets implements SecretStore {
  readonly backend = { persistent: false, name: "memory", detail: "test" };
  readonly values = new Map<string, string>();
  async get(name: SecretName): Promise<string | null> {
    return this.values.get(secretKey(name)) ?? null;
  }
  async set(name: SecretName, value: string): Promise<void> {
    this.values.set(secretKey(name), value);
  }
  async forget(name: SecretName): Promise<void> {
    this.values.delete(secretKey(name));
  }
}

/** Undone in reverse order by `cleanUp`, which belongs into afterEach. */
const undo: (() => Promise<void> | void)[] = [];
export async function cleanUp(): Promise<void> {
  const failed: unknown[] = [];
  for (const step of undo.splice(0).reverse()) {
    try {
      await step();
    } catch (error) {
      failed.push(error);
    }
  }
  if (failed.length > 0) throw new AggregateError(failed, "not everything could be undone");
}
export function later(step: () => Promise<void> | void): void {
  undo.push(step);
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "gatelight-link-"));
  later(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A computer with nothing of the tester's own: empty home, no agent, no config. */
export function environment(home: string, overrides: Partial<ResolveEnvironment> = {}): ResolveEnvironment {
  return {
    home,
    user: userInfo().username,
    uid: process.getuid?.() ?? null,
    hostName: "desktop.lan",
    platform: process.platform,
    env: {},
    userConfig: join(home, ".ssh", "config"),
    systemConfig: join(home, "etc_ssh_config"),
    globalKnownHosts: [],
    ...overrides,
  };
}

export interface TestLink {
  readonly link: HostLink;
  readonly person: Person;
  readonly secrets: MemorySecrets;
  readonly dataDir: string;
  readonly home: string;
  readonly states: LinkState[];
}

export function openLink(
  reach: Partial<SshReach> & { host: string },
  options: Partial<SshLinkOptions> & { person?: Person; start?: boolean; home?: string } = {},
): TestLink {
  const person = options.person ?? new Person();
  const secrets = new MemorySecrets();
  const dataDir = options.dataDir ?? folder();
  const home = options.home ?? folder();
  const link = createSshLink({
    server: "home",
    prompts: person,
    secrets,
    wakes: null,
    environment: environment(home),
    ...options,
    dataDir,
    reach: { kind: "ssh", useAgent: false, useSshConfig: false, ...reach },
  });
  later(() => link.dispose());
  const states: LinkState[] = [];
  link.onState((state) => states.push(state));
  if (options.start !== false) link.start();
  return { link, person, secrets, dataDir, home, states };
}

/** What reaches a test sshd with its own key. */
export function reachOf(sshd: Sshd, more: Partial<SshReach> = {}): Partial<SshReach> & { host: string } {
  return { host: "127.0.0.1", port: sshd.port, user: sshd.user, identityFiles: [sshd.identityFile], knownHostsFile: sshd.knownHostsFile, ...more };
}

/** Waits for a state; fails with all states seen. */
export function until<K extends LinkState["kind"]>(link: HostLink, kind: K, ms = 20_000): Promise<Extract<LinkState, { kind: K }>> {
  const seen: LinkState[] = [link.state];
  return new Promise((resolve, reject) => {
    const look = (state: LinkState) => {
      seen.push(state);
      if (!isKind(state, kind)) return;
      clearTimeout(timer);
      stop();
      resolve(state);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`no state ${kind} within ${ms} ms: ${JSON.stringify(seen.slice(-6), null, 1)}`));
    }, ms);
    const stop = link.onState(look);
    if (isKind(link.state, kind)) look(link.state);
  });
}
const isKind = <K extends LinkState["kind"]>(state: LinkState, kind: K): state is Extract<LinkState, { kind: K }> => state.kind === kind;

/** Measures how late this process gets its turn. @returns a function that ends it and gives the longest delay, ms */
export function watchDelay(): () => number {
  let worst = 0;
  let due = performance.now() + 10;
  const look = () => {
    worst = Math.max(worst, performance.now() - due);
    due = performance.now() + 10;
  };
  const timer = setInterval(look, 10);
  return () => {
    clearInterval(timer);
    look();
    return Math.ceil(worst);
  };
}

export async function waitFor(condition: () => boolean | Promise<boolean>, what: string, ms = 15_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A TCP server on 127.0.0.1. @returns its port and the open sockets */
export async function listen(onSocket: (socket: Socket) => void, allowHalfOpen = false): Promise<{ port: number; sockets: Set<Socket>; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return { port: address.port, sockets, server };
}

export function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => resolve(Buffer.concat(chunks).toString()));
    stream.on("error", reject);
    stream.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** A line of so many bytes a second, each way, with little room in between: what is too much waits at the sender. */
export async function throttle(target: number, bytesPerSecond: number): Promise<{ port: number; bytes: () => number }> {
  let total = 0;
  const timers = new Set<NodeJS.Timeout>();
  const pump = (from: Socket, to: Socket) => {
    from.on("data", (chunk: Buffer) => {
      total += chunk.length;
      from.pause();
      to.write(chunk);
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          from.resume();
        },
        (chunk.length / bytesPerSecond) * 1_000,
      );
      timers.add(timer);
    });
    from.on("close", () => to.destroy());
  };
  const line = await listen((socket) => {
    const onward = connect({ port: target, host: "127.0.0.1", noDelay: true });
    onward.on("error", () => {});
    pump(socket, onward);
    pump(onward, socket);
  });
  later(() => {
    for (const timer of timers) clearTimeout(timer);
  });
  return { port: line.port, bytes: () => total };
}

/** known_hosts for the same server reached by another port. */
export function knownUnder(sshd: Sshd, port: number): string {
  const file = join(folder(), "known_hosts");
  writeFileSync(file, sshd.knownHosts.replaceAll(`:${sshd.port} `, `:${port} `));
  return file;
}
