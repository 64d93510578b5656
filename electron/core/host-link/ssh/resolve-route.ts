import { homedir, hostname, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import type { ResolvedAlias } from "../../../../shared/contract.ts";
import type { SshReach } from "../../../../shared/settings.ts";
import { defaultAgentSocket } from "./agent.ts";
import { type Algorithms, chooseAlgorithms } from "./algorithms.ts";
import { type ConfigItem, readConfig, SshConfigError } from "./config/config-files.ts";
import { expandHome, expandPath, expandTokens, type TokenContext } from "./config/config-tokens.ts";
import { type ConfigValues, evaluateConfig } from "./config/config-values.ts";
import { type JumpSpec, parseJumps, parseProxyCommand } from "./config/proxy.ts";
import { describeUnsupported } from "./config/unsupported.ts";
import type { SshHop, SshRoute } from "./ssh-hop.ts";

export { SshConfigError };

/** What of this computer decides the way to a server; passed in, so that tests own it. */
export interface ResolveEnvironment {
  readonly home: string;
  readonly user: string;
  readonly uid: number | null;
  readonly hostName: string;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userConfig: string;
  readonly systemConfig: string;
  readonly globalKnownHosts: readonly string[];
}

export function systemEnvironment(): ResolveEnvironment {
  const me = userInfo();
  const windows = process.platform === "win32";
  const etc = windows ? join(process.env.ProgramData ?? "C:\\ProgramData", "ssh") : "/etc/ssh";
  return {
    home: homedir(),
    user: me.username,
    uid: windows ? null : me.uid,
    hostName: hostname(),
    platform: process.platform,
    env: process.env,
    userConfig: join(homedir(), ".ssh", "config"),
    systemConfig: join(etc, "ssh_config"),
    globalKnownHosts: [join(etc, "ssh_known_hosts"), join(etc, "ssh_known_hosts2")],
  };
}

const MAX_HOPS = 8;
const DEFAULT_METHODS = ["publickey", "keyboard-interactive", "password"];
const DEFAULT_KEYS = ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss", "id_dsa"];
const DEFAULT_CONNECT_MS = 10_000;
/** With the ticks of the watch a dead peer is noticed within 15 s. */
const DEFAULT_SILENCE_MS = 14_000;

/**
 * The way to a server as its settings and ssh_config describe it, read anew at each call.
 * @throws SshConfigError in words a person can act on
 */
export async function resolveRoute(reach: SshReach, environment: ResolveEnvironment): Promise<SshRoute> {
  return resolveWith(reach, environment, (message) => {
    throw new SshConfigError(message);
  });
}

async function resolveWith(reach: SshReach, environment: ResolveEnvironment, obstacle: (message: string) => void): Promise<SshRoute> {
  const notes = new Set<string>();
  const hops = await resolveHops(
    { host: reach.host, port: reach.port ?? null, user: reach.user ?? null },
    { reach, environment, notes, files: await readFiles(reach, environment, obstacle), obstacle },
    null,
    0,
  );
  return { hops, notes: [...notes] };
}

/** For showing what an alias leads to. What stands in the way of a connection is among the notes, first. */
export async function resolveSshHost(reach: SshReach, environment: ResolveEnvironment = systemEnvironment()): Promise<ResolvedAlias> {
  const obstacles: string[] = [];
  const route = await resolveWith(reach, environment, (message) => obstacles.push(message));
  const target = route.hops.at(-1);
  if (target === undefined) throw new SshConfigError("The settings lead to no server.");
  return {
    host: target.host,
    port: target.port,
    user: target.user,
    identityFiles: target.identityFiles.filter((file) => file.explicit).map((file) => file.path),
    jumps: route.hops.slice(0, -1).map((hop) => `${hop.user}@${hop.host}${hop.port === 22 ? "" : `:${hop.port}`}`),
    notes: [...obstacles, ...route.notes],
  };
}

/** What `server.resolve` of the contract asks: a name alone, as typed into the form. @throws SshConfigError */
export const resolveAlias = (host: string, environment: ResolveEnvironment = systemEnvironment()): Promise<ResolvedAlias> =>
  resolveSshHost({ kind: "ssh", host, useAgent: true, useSshConfig: true }, environment);

interface Context {
  readonly reach: SshReach;
  readonly environment: ResolveEnvironment;
  readonly notes: Set<string>;
  readonly files: readonly (readonly ConfigItem[])[];
  /** Told what makes a connection impossible. */
  readonly obstacle: (message: string) => void;
}

async function readFiles(reach: SshReach, environment: ResolveEnvironment, obstacle: Context["obstacle"]): Promise<Context["files"]> {
  if (!reach.useSshConfig) return [];
  const { home, uid } = environment;
  const read = (file: string, user: boolean) =>
    readConfig({ file, user, home, uid }).catch((error: unknown) => {
      if (!(error instanceof SshConfigError)) throw error;
      obstacle(error.message);
      return [];
    });
  return [await read(environment.userConfig, true), await read(environment.systemConfig, false)];
}

/** `jumps`: given for this hop from outside, which overrules its own ProxyJump; `null`: its own counts. */
async function resolveHops(target: JumpSpec, context: Context, jumps: readonly JumpSpec[] | null, depth: number): Promise<SshHop[]> {
  if (depth > MAX_HOPS) {
    context.obstacle(`The way to ${context.reach.host} has more than ${MAX_HOPS} jump hosts; ProxyJump seems to lead in a circle.`);
    return [];
  }
  const { environment } = context;
  const values = evaluateConfig(context.files, {
    original: target.host,
    localUser: environment.user,
    user: target.user,
    hostOf: (name) => expandHostName(name, target.host),
  });
  for (const note of [...values.notes, ...describeUnsupported(values, environment.platform)]) context.notes.add(note);
  const hop = makeHop(target, values, context, depth === 0);
  const before = jumps ?? ownJumps(values, hop, target, context);
  const via = before.at(-1);
  // As `ssh -J a,b host`: the last jump is reached through those before it; only the first looks at its own ProxyJump.
  if (via === undefined) return [hop];
  return [...(await resolveHops(via, context, before.length > 1 ? before.slice(0, -1) : null, depth + 1)), hop];
}

function ownJumps(values: ConfigValues, hop: SshHop, target: JumpSpec, context: Context): readonly JumpSpec[] {
  const jump = values.first.get("proxyjump")?.words[0];
  if (jump !== undefined) return parseJumps(jump);
  const command = values.first.get("proxycommand")?.rest;
  if (command === undefined) return [];
  const parsed = parseProxyCommand(command);
  if (parsed === "unsupported") {
    context.obstacle(
      `${target.host} is reached by a ProxyCommand that Gatelight does not run (only “ssh -W %h:%p jumphost”); ProxyJump does the same where the helper is ssh.`,
    );
    return [];
  }
  return parsed.map((spec) => ({ ...spec, host: expandTokens(spec.host, tokens(hop, target, values, context.environment)) ?? spec.host }));
}

function expandHostName(name: string | null, original: string): string {
  return (name === null ? original : name.replace(/%([h%])/g, (_, letter: string) => (letter === "h" ? original : "%"))).toLowerCase();
}

function tokens(hop: Pick<SshHop, "host" | "port" | "user">, target: JumpSpec, values: ConfigValues, environment: ResolveEnvironment): TokenContext {
  return {
    home: environment.home,
    localUser: environment.user,
    uid: environment.uid,
    localHost: environment.hostName,
    host: hop.host,
    original: target.host,
    hostKeyAlias: values.first.get("hostkeyalias")?.words[0] ?? null,
    port: hop.port,
    user: hop.user,
    env: environment.env,
  };
}

function makeHop(target: JumpSpec, values: ConfigValues, context: Context, isTarget: boolean): SshHop {
  const { reach, environment } = context;
  const word = (keyword: string) => values.first.get(keyword)?.words[0];
  const yes = (keyword: string, otherwise: boolean) => {
    const value = word(keyword)?.toLowerCase();
    return value === "yes" || value === "true" ? true : value === "no" || value === "false" ? false : otherwise;
  };
  const host = expandHostName(word("hostname") ?? null, target.host);
  const port = target.port ?? wholeNumber(word("port"), 1, 65535) ?? 22;
  const user = target.user ?? word("user") ?? environment.user;
  const context2 = tokens({ host, port, user }, target, values, environment);
  const path = (text: string) => {
    const expanded = expandPath(text, context2);
    if (expanded === null) context.notes.add(`“${text}” could not be understood and was left out.`);
    return expanded === null ? [] : [isAbsolute(expanded) ? expanded : join(environment.home, expanded)];
  };
  const fromSettings = isTarget ? (reach.identityFiles ?? []).flatMap((file) => expandHome(file, environment.home) ?? []) : [];
  const configured = values.identityFiles.filter((file) => file.toLowerCase() !== "none").flatMap(path);
  const named = [...new Set([...fromSettings, ...configured])];
  const usual = values.identityFiles.length === 0 && fromSettings.length === 0;
  const identityFiles = yes("pubkeyauthentication", true)
    ? [
        ...named.map((file) => ({ path: file, explicit: true })),
        ...(usual ? DEFAULT_KEYS : []).map((name) => ({ path: join(environment.home, ".ssh", name), explicit: false })),
      ]
    : [];
  const usersKnownHosts = values.first.get("userknownhostsfile")?.words ?? ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];
  const globalKnownHosts = values.first.get("globalknownhostsfile")?.words ?? environment.globalKnownHosts;
  const users = reach.knownHostsFile === undefined ? usersKnownHosts : [reach.knownHostsFile];
  const interval = seconds(word("serveraliveinterval"), 86_400);
  const count = wholeNumber(word("serveralivecountmax"), 1, 1_000) ?? 3;
  const timeout = seconds(word("connecttimeout"), 3_600);
  const family = word("addressfamily")?.toLowerCase();
  return {
    name: target.host,
    host,
    port,
    user,
    hostKeyAlias: word("hostkeyalias") ?? null,
    identityFiles,
    identitiesOnly: yes("identitiesonly", false),
    agentSocket: reach.useAgent && yes("pubkeyauthentication", true) ? agentSocket(word("identityagent"), context2, environment) : null,
    knownHostsFiles: [...users, ...globalKnownHosts].filter((file) => file.toLowerCase() !== "none").flatMap(path),
    methods: methods(word("preferredauthentications"), {
      publickey: yes("pubkeyauthentication", true),
      "keyboard-interactive": yes("kbdinteractiveauthentication", yes("challengeresponseauthentication", true)),
      password: yes("passwordauthentication", true),
    }),
    algorithms: algorithms(word, target.host, context),
    connectTimeoutMs: timeout === null ? DEFAULT_CONNECT_MS : Math.min(timeout, 60) * 1_000,
    family: family === "inet" ? 4 : family === "inet6" ? 6 : 0,
    bindAddress: word("bindaddress") ?? null,
    // A person's own stricter wish counts; a laxer one would make the light untrue.
    silenceMs: interval === null ? DEFAULT_SILENCE_MS : Math.max(3_000, Math.min(DEFAULT_SILENCE_MS, interval * count * 1_000)),
  };
}

function algorithms(word: (keyword: string) => string | undefined, name: string, { notes, obstacle }: Context): Algorithms {
  const chosen = chooseAlgorithms(word);
  if (chosen.empty !== null) {
    const asked = word(chosen.empty.toLowerCase()) ?? "nothing this computer can do";
    obstacle(`${name}: ${chosen.empty} in ssh_config (${asked}) leaves nothing that Gatelight has.`);
  }
  for (const { keyword, names } of chosen.missing) notes.add(`${keyword}: Gatelight does not have ${names.join(", ")} and goes on without.`);
  return chosen.algorithms;
}

function methods(preferred: string | undefined, allowed: Readonly<Record<string, boolean>>): string[] {
  const order = preferred === undefined ? DEFAULT_METHODS : preferred.split(",").map((name) => name.trim());
  return order.filter((name) => allowed[name] === true);
}

function agentSocket(configured: string | undefined, context: TokenContext, environment: ResolveEnvironment): string | null {
  if (configured === undefined || configured === "SSH_AUTH_SOCK") return defaultAgentSocket(environment.platform, environment.env);
  if (configured.toLowerCase() === "none") return null;
  if (/^\$[A-Za-z_]\w*$/.test(configured)) return environment.env[configured.slice(1)] ?? null;
  return expandPath(configured, context);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** A time such as `90`, `90s` or `1m30s` (sshd_config(5), TIME FORMATS), at most `max`; `null` for none, zero and what is no time. */
function seconds(text: string | undefined, max: number): number | null {
  if (text === undefined || !/^(?:\d{1,9}[smhdw]?)+$/i.test(text)) return null;
  let sum = 0;
  for (const [, count, unit = ""] of text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)) sum += Number(count) * (UNIT_SECONDS[unit] ?? 1);
  return sum === 0 ? null : Math.min(sum, max);
}

function wholeNumber(text: string | undefined, min: number, max: number): number | null {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return null;
  const value = Number(text);
  return value >= min && value <= max ? value : null;
}
