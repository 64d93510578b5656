import { timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import ssh2, { type AuthContext, type Connection, type ServerChannel } from "ssh2";
import type { Endpoint } from "../net/endpoint.ts";
import type { Io } from "../shell/io.ts";
import { makeSshKey, type SshKey } from "./keys.ts";

export interface SshServerOptions {
  readonly user: string;
  readonly hostKey: SshKey;
  readonly clientKey: SshKey;
  /** Runs what a login shell would get. @returns the exit code, `null` when ended by a signal */
  readonly run: (command: string, io: Io) => Promise<number | null>;
  readonly dial: (host: string, port: number) => Promise<Endpoint>;
}

/** What the SSH server refuses or withholds; scenarios change it. */
export interface SshPolicy {
  keyAuthorised: boolean;
  /** Also accepted, when set. */
  password: string | null;
  forwarding: boolean;
}

/** OpenSSH's stand-in: one host key, one authorised key, exec and direct-tcpip. Loopback only. */
export class SshServer {
  readonly policy: SshPolicy = { keyAuthorised: true, password: null, forwarding: true };
  readonly #options: SshServerOptions;
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<Connection>();
  #hostKey: SshKey;
  #listener: Server | null = null;
  #ssh: ssh2.Server;
  #port = 0;
  #frozen = false;
  #freezeAtLogin: (() => void) | null = null;
  /** For tests: connections that authenticated, commands run. */
  logins = 0;
  readonly commands: string[] = [];

  constructor(options: SshServerOptions) {
    this.#options = options;
    this.#hostKey = options.hostKey;
    this.#ssh = this.#make();
  }

  get port(): number {
    return this.#port;
  }
  get hostKey(): SshKey {
    return this.#hostKey;
  }
  get connections(): number {
    return this.#sockets.size;
  }

  /** @param port 0 lets the system choose; later calls come back on the port of the first */
  listen(port: number): Promise<void> {
    if (this.#listener !== null) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const listener = createServer({ noDelay: true }, (socket) => this.#accept(socket));
      listener.once("error", reject);
      listener.listen(this.#port === 0 ? port : this.#port, "127.0.0.1", () => {
        const address = listener.address();
        if (typeof address === "object" && address !== null) this.#port = address.port;
        this.#listener = listener;
        resolve();
      });
    });
  }

  /** The server is switched off: nothing listens, every connection is gone. */
  async unlisten(): Promise<void> {
    const listener = this.#listener;
    this.#listener = null;
    this.dropAll();
    if (listener !== null) await new Promise<void>((resolve) => listener.close(() => resolve()));
  }

  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Half-open: connections stay, nothing comes back any more, new ones get no banner. */
  setFrozen(frozen: boolean): void {
    this.#frozen = frozen;
    this.#freezeAtLogin = null;
    for (const socket of this.#sockets) {
      if (frozen) this.#freeze(socket);
      else {
        socket.uncork();
        socket.resume();
      }
    }
  }

  /** A line that goes dead in use: at once where one is up, else soon after the next login. */
  freezeInUse(after: (run: () => void) => void): void {
    if (this.#clients.size > 0) this.setFrozen(true);
    else this.#freezeAtLogin = () => after(() => this.setFrozen(true));
  }

  /** Another host key from now on, as after a reinstallation. */
  replaceHostKey(key: SshKey = makeSshKey("root@linuxserver")): void {
    this.#hostKey = key;
    this.#ssh = this.#make();
    this.dropAll();
  }

  setForwarding(allowed: boolean): void {
    this.policy.forwarding = allowed;
    for (const client of this.#clients) this.#forwarding(client);
  }

  async dispose(): Promise<void> {
    await this.unlisten();
  }

  #freeze(socket: Socket): void {
    socket.pause();
    socket.cork();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
    if (this.#frozen) {
      socket.pause();
      return;
    }
    this.#ssh.injectSocket(socket);
  }

  #make(): ssh2.Server {
    // A wrong client (a port scan, noise) is its own trouble.
    return new ssh2.Server({ hostKeys: [this.#hostKey.privateText], ident: "OpenSSH_9.2p1 Debian-2+deb12u3" }, (client) => this.#serve(client)).on(
      "error",
      () => undefined,
    );
  }

  #serve(client: Connection): void {
    this.#clients.add(client);
    client.on("error", () => undefined);
    client.once("close", () => this.#clients.delete(client));
    client.on("authentication", (context) => this.#authenticate(context));
    client.on("ready", () => {
      this.logins += 1;
      this.#freezeAtLogin?.();
      this.#forwarding(client);
    });
    client.on("session", (accept) => {
      const session = accept();
      session.on("error", () => undefined);
      session.on("pty", (acceptPty) => acceptPty?.());
      session.on("env", (acceptEnv) => acceptEnv?.());
      session.on("exec", (acceptExec, _reject, info) => this.#exec(acceptExec(), info.command));
      session.on("shell", (_acceptShell, reject) => reject());
    });
  }

  /** Without a listener ssh2 answers "administratively prohibited" by itself, as sshd does with AllowTcpForwarding no. */
  #forwarding(client: Connection): void {
    client.removeAllListeners("tcpip");
    if (!this.policy.forwarding) return;
    client.on("tcpip", (accept, reject, info) => {
      this.#options.dial(info.destIP, info.destPort).then(
        (target) => {
          const channel = accept();
          channel.on("error", () => target.destroy());
          target.on("error", () => channel.close());
          channel.once("close", () => target.destroy());
          target.once("close", () => channel.end());
          channel.pipe(target);
          target.pipe(channel);
        },
        () => reject(),
      );
    });
  }

  #authenticate(context: AuthContext) {
    const methods: ("publickey" | "password" | "keyboard-interactive")[] =
      this.policy.password === null ? ["publickey"] : ["publickey", "password", "keyboard-interactive"];
    const refuse = () => context.reject(methods);
    if (context.username !== this.#options.user) return refuse();
    if (context.method === "publickey") {
      const blob = this.#options.clientKey.publicBlob;
      const same = context.key.algo === "ssh-ed25519" && context.key.data.length === blob.length && timingSafeEqual(context.key.data, blob);
      if (!this.policy.keyAuthorised || !same) return refuse();
      if (context.signature === undefined) return context.accept();
      const key = ssh2.utils.parseKey(this.#options.clientKey.publicText);
      if (key instanceof Error || context.blob === undefined) return refuse();
      return key.verify(context.blob, context.signature, context.hashAlgo) === true ? context.accept() : refuse();
    }
    if (context.method === "password" && this.policy.password !== null) return context.password === this.policy.password ? context.accept() : refuse();
    if (context.method === "keyboard-interactive" && this.policy.password !== null) {
      context.prompt([{ prompt: "Password: ", echo: false }], (answers) => (answers[0] === this.policy.password ? context.accept() : refuse()));
      return;
    }
    refuse();
  }

  #exec(channel: ServerChannel, command: string): void {
    this.commands.push(command);
    if (this.commands.length > 5_000) this.commands.splice(0, 2_500);
    const abort = new AbortController();
    const io: Io = {
      stdin: channel,
      out: (data) => void (channel.writable && channel.write(data)),
      err: (data) => void (channel.writable && channel.stderr.write(data)),
      signal: abort.signal,
    };
    channel.on("error", () => abort.abort());
    channel.once("close", () => abort.abort());
    this.#options.run(command, io).then(
      (code) => this.#finish(channel, code),
      () => this.#finish(channel, 255),
    );
  }

  #finish(channel: ServerChannel, code: number | null): void {
    if (!channel.writable) return;
    if (code === null) channel.exit("TERM", false, "");
    else channel.exit(code);
    channel.end();
    // ssh2 closes only after both directions ended; a client that never ends its input must still see the close.
    channel.close();
  }
}
