import type { Duplex } from "node:stream";
import type { AuthHandlerMiddleware } from "ssh2";
import type { Clock } from "../../clock.ts";
import { hostKeyOrder } from "./algorithms.ts";
import { AuthPlan, type KeyboardRequest } from "./auth-plan.ts";
import { describeBadKey, describeHopError, describeRefusal, describeTimeout, type HopFailure, notSsh, type Stage } from "./hop-failure.ts";
import type { KeysOnHand } from "./key-offer.ts";
import { judgeHostKey, type KnownHost, knownHostNames, knownTypes } from "./known-hosts.ts";
import type { Carrier } from "./open-channel.ts";
import { ServerGreeting } from "./server-greeting.ts";
import { hopLabel, type SshHop } from "./ssh-hop.ts";
import { ssh2 } from "./ssh2.ts";
import { WireSocket } from "./wire-socket.ts";

/** What an attempt found missing. The person is asked while nothing is connected, so that no deadline runs meanwhile. */
export type Need =
  | { readonly kind: "host-key"; readonly hop: SshHop; readonly listedAs: string; readonly key: Buffer; readonly others: readonly KnownHost[] }
  | { readonly kind: "passphrase"; readonly hop: SshHop; readonly path: string }
  | { readonly kind: "password"; readonly hop: SshHop; readonly rejected: boolean };

export type HopResult =
  | { readonly kind: "up"; readonly connection: HopConnection }
  | { readonly kind: "need"; readonly need: Need }
  | ({ readonly kind: "failed" } & HopFailure);

export interface HopConnection extends Carrier {
  readonly wire: Wire;
  /** Called once, when the connection is over for whatever reason. */
  onClose(listener: () => void): void;
  end(): void;
}

/** What moved on the connection, for judging whether the peer lives. */
export interface Wire {
  /** Bytes received. */
  received(): number;
  /** Bytes the system took from us after it had refused some: it has room again only because the peer acknowledged. */
  drained(): number;
}

export interface HopOptions {
  readonly hop: SshHop;
  readonly clock: Clock;
  readonly knownHosts: readonly KnownHost[];
  readonly keys: KeysOnHand;
  readonly passwords: readonly string[];
  /** The channel through the hop before; absent: TCP. */
  readonly through?: Duplex;
  /** `isLive`: whether the answers still have a server to go to. */
  readonly askKeyboard: (hop: SshHop, request: KeyboardRequest, isLive: () => boolean) => Promise<readonly string[] | null>;
  readonly signal: AbortSignal;
}

const BANNER_MS = 10_000;
const KEY_EXCHANGE_MS = 15_000;
const AUTH_MS = 20_000;
const AGENT_MS = 120_000;

/** One attempt at one server: one Client, used once. Settles exactly once; what the client says afterwards reaches nobody. */
export function connectHop(options: HopOptions): Promise<HopResult> {
  const { hop, clock, signal } = options;
  const { kex, cipher, hmac } = hop.algorithms;
  return new Promise((resolve) => {
    const client = new ssh2.Client();
    const greeting = new ServerGreeting();
    const names = knownHostNames(hop.host, hop.port, hop.hostKeyAlias);
    const closeListeners: (() => void)[] = [];
    let stage: Stage = options.through ? "banner" : "resolve";
    let settled = false;
    let closed = false;
    let cancelTimer = () => {};

    const sock: Duplex =
      options.through ??
      new WireSocket({
        host: hop.host,
        port: hop.port,
        family: hop.family,
        localAddress: hop.bindAddress ?? undefined,
        // The default of 250 ms gives up on a slow line while it would still answer.
        autoSelectFamilyAttemptTimeout: 2_000,
      });

    // Every channel may wait for room.
    sock.setMaxListeners(0);

    const finish = (result: HopResult) => {
      if (settled) return;
      settled = true;
      cancelTimer();
      signal.removeEventListener("abort", aborted);
      if (result.kind !== "up") sock.destroy();
      resolve(result);
    };
    const fail = (failure: HopFailure) => finish({ kind: "failed", ...failure });
    const aborted = () => fail({ failure: { reason: "lost", stage, message: `Connecting to ${hopLabel(hop)} was given up.` }, final: false });
    const enter = (next: Stage, ms: number) => {
      stage = next;
      cancelTimer();
      if (!settled) cancelTimer = clock.after(ms, () => fail(describeTimeout(hop, stage, greeting)));
    };

    const plan = new AuthPlan(hop, options.keys, options.passwords, {
      onLocked: (path) => finish({ kind: "need", need: { kind: "passphrase", hop, path } }),
      onPasswordNeeded: (rejected) => finish({ kind: "need", need: { kind: "password", hop, rejected } }),
      onAgentBusy: (busy) => enter("auth", busy ? AGENT_MS : AUTH_MS),
      onUnanswered: () =>
        fail({ failure: { reason: "auth-failed", stage: "auth", message: `The question of ${hopLabel(hop)} was not answered.` }, final: true }),
      askKeyboard: async (request) => {
        // A person thinks as long as the server waits (LoginGraceTime): no deadline of ours runs.
        cancelTimer();
        const answers = await options.askKeyboard(hop, request, () => !settled);
        enter("auth", AUTH_MS);
        return answers;
      },
    });
    const refused = () => {
      const agent = options.keys.offered.filter((key) => key.origin.kind === "agent").length;
      const offered = { agent, files: options.keys.offered.length - agent };
      fail({ failure: describeRefusal(hop, plan.accepted, offered, options.keys.notes), final: true });
    };

    // For life: ssh2 emits up to two errors for one failure, and late ones after the end. The first counts.
    client.on("error", (error) => {
      // A key the agent would not sign with; ssh2 goes on with the next.
      if (error.level === "agent") return;
      if (error.level === "client-authentication") {
        if (/all configured/i.test(error.message)) refused();
        return;
      }
      fail(describeHopError(hop, stage, error, greeting));
    });
    client.on("close", () => {
      closed = true;
      fail(describeHopError(hop, stage, null, greeting));
      for (const listener of closeListeners.splice(0)) listener();
    });
    client.on("handshake", (negotiated) => {
      // ssh2 keeps nothing of a chunk it has decrypted this way (ChaCha20's decryption does).
      if (sock instanceof WireSocket && negotiated.sc.cipher.includes("gcm")) sock.reuseBuffer();
      if (stage === "key-exchange" || stage === "banner") enter("auth", AUTH_MS);
    });
    client.on("ready", () => {
      finish({
        kind: "up",
        connection: {
          client,
          below: sock,
          wire: { received: () => received, drained },
          onClose: (listener) => {
            if (closed) listener();
            else closeListeners.push(listener);
          },
          end: () => {
            client.end();
            sock.destroy();
          },
        },
      });
    });

    let received = 0;
    let drainedBytes = 0;
    let backlogAt: number | null = null;
    const drained = () => {
      if (!(sock instanceof WireSocket)) return 0;
      const taken = sock.bytesWritten - sock.writableLength;
      if (backlogAt !== null && taken > backlogAt) drainedBytes += taken - backlogAt;
      backlogAt = sock.writableLength > 0 ? taken : null;
      return drainedBytes;
    };

    if (signal.aborted) {
      sock.on("error", () => {});
      aborted();
      return;
    }
    signal.addEventListener("abort", aborted, { once: true });
    enter(stage, stage === "banner" ? BANNER_MS : hop.connectTimeoutMs);
    sock.once("lookup", () => {
      if (stage === "resolve") stage = "tcp";
    });
    sock.once("connect", () => enter("banner", BANNER_MS));
    // A TCP socket closes by itself at the other side's end. A channel stays half open, since the jump host's sshd waits for our end too.
    if (options.through) sock.once("end", () => sock.destroy());
    const authHandler: AuthHandlerMiddleware = (accepted, partial, next) => {
      if (settled) return;
      const step = plan.next(accepted, partial);
      if (step === false) refused();
      else if (step !== null) {
        if (step.type !== "keyboard-interactive") enter("auth", AUTH_MS);
        next(step);
      }
    };
    try {
      client.connect({
        sock,
        username: hop.user,
        readyTimeout: 0,
        keepaliveInterval: 0,
        algorithms: {
          kex: [...kex],
          cipher: [...cipher],
          hmac: [...hmac],
          serverHostKey: hostKeyOrder(knownTypes(options.knownHosts, names), hop.algorithms),
        },
        // Without it ssh2 takes any key.
        hostVerifier: (key: Buffer) => {
          const verdict = judgeHostKey(options.knownHosts, names, key);
          if (verdict.kind === "known") return true;
          if (verdict.kind === "unknown")
            finish({ kind: "need", need: { kind: "host-key", hop, listedAs: names[0], key: Buffer.from(key), others: verdict.others } });
          else fail(describeBadKey(hop, key, verdict));
          return false;
        },
        authHandler,
      });
    } catch (error) {
      fail(describeHopError(hop, stage, error, greeting));
      return;
    }
    client.setNoDelay(true);
    // After connect(), which pauses the socket, so that no byte is read before ssh2 listens.
    sock.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (settled) return;
      greeting.push(chunk);
      if (stage !== "banner") return;
      if (greeting.version !== null) enter("key-exchange", KEY_EXCHANGE_MS);
      // A VNC server speaks first and then waits for ever.
      else if (greeting.opening.startsWith("RFB ")) fail({ failure: { reason: "not-ssh", stage, message: notSsh(hop, greeting) }, final: false });
    });
  });
}
