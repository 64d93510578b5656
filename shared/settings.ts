import "./no-eval.ts";
import { z } from "zod";

/**
 * The settings file, version 1. Secrets never stand in it. Every object is strict: an unknown key is an error that names its path,
 * so that a misspelt setting is noticed instead of ignored.
 */

export const SETTINGS_VERSION = 1;

const port = z.number().int().min(1).max(65535);
const text = (max: number) => z.string().min(1).max(max);
const identifier = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, '.', '_' and '-' only, at most 64, beginning with a letter or digit");
const hostName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[^\s/@\0]+$/, "a host name or address without spaces, '/' or '@'")
  .refine((value) => !value.startsWith("-"), "must not begin with '-'");
/** Docker's own rule for container names. */
const containerName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, "a container name as Docker allows it");
/** host:port as seen from the server; IPv6 in brackets. */
export const endpoint = z
  .string()
  .max(300)
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}$/, "host:port, an IPv6 address in brackets")
  .refine((value) => {
    const number = Number(value.slice(value.lastIndexOf(":") + 1));
    return number >= 1 && number <= 65535;
  }, "port must be 1 to 65535");

export const sshReach = z.strictObject({
  kind: z.literal("ssh"),
  /** A host name, an address or an alias of ssh_config. */
  host: hostName,
  port: port.optional(),
  user: text(128).optional(),
  identityFiles: z.array(text(4096)).max(20).optional(),
  useAgent: z.boolean().default(true),
  useSshConfig: z.boolean().default(true),
  knownHostsFile: text(4096).optional(),
});
export const localReach = z.strictObject({ kind: z.literal("local") });
export const reach = z.discriminatedUnion("kind", [sshReach, localReach]);

export const tunnelForward = z.strictObject({
  target: z.enum(["api", "vnc", "mcp"]),
  /** Port on 127.0.0.1 of this machine; 0 lets the system choose. */
  localPort: z.number().int().min(0).max(65535),
  enabled: z.boolean().default(false),
});

export const watchdog = z.strictObject({
  enabled: z.boolean().default(false),
  repairs: z
    .array(z.enum(["resubscribe", "reconnect-data", "reconnect-account", "restart-relay", "restart-screen", "restart-mcp-workers", "restart-soft"]))
    .default([]),
  maxPerDay: z.number().int().min(1).max(10).default(2),
});

export const gateway = z.strictObject({
  id: identifier,
  name: text(80).optional(),
  mode: z.enum(["paper", "live"]),
  container: containerName,
  ports: z.strictObject({ relay: port.optional(), api: port.optional(), vnc: port.optional() }).optional(),
  endpoints: z.strictObject({ api: endpoint.nullish(), vnc: endpoint.nullish() }).optional(),
  clientId: z.number().int().min(1).max(2_147_483_647).default(901),
  mcp: z
    .strictObject({
      /** As seen from the server. */
      url: z.url({ protocol: /^https?$/ }).max(2048),
      container: containerName.optional(),
    })
    .nullish(),
  compose: z
    .strictObject({
      dir: text(4096).nullish(),
      file: text(4096).nullish(),
      service: text(256).nullish(),
      envFile: text(4096).nullish(),
    })
    .nullish(),
  forwards: z.array(tunnelForward).max(8).optional(),
  watchdog: watchdog.optional(),
  /** The weekly log-in planned by the person: local time of this desktop on a Sunday, "HH:MM". */
  weeklyLogin: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "HH:MM")
    .nullish(),
});

export const server = z.strictObject({
  id: identifier,
  name: text(80).optional(),
  reach,
  /** The docker program on the server: a name on its PATH or an absolute path. */
  docker: text(256).default("docker"),
  gateways: z.array(gateway).max(32).default([]),
});

const unique = <T extends { id: string }>(items: readonly T[]) => new Set(items.map((item) => item.id)).size === items.length;

export const settings = z.strictObject({
  version: z.literal(SETTINGS_VERSION),
  servers: z
    .array(server.refine((value) => unique(value.gateways), { message: "two gateways have the same id", path: ["gateways"] }))
    .max(32)
    .default([])
    .refine(unique, "two servers have the same id"),
  notify: z
    .strictObject({ afterSeconds: z.number().int().min(0).max(3600).default(10), mute: z.boolean().default(false) })
    .default({ afterSeconds: 10, mute: false }),
  privacy: z.strictObject({ maskAmounts: z.boolean().default(false) }).default({ maskAmounts: false }),
  startAtLogin: z.boolean().default(false),
  /** Closing the desktop's window quits, instead of leaving Gatelight in the tray. */
  closeQuits: z.boolean().optional(),
});

export type Settings = z.output<typeof settings>;
export type SettingsInput = z.input<typeof settings>;
export type ServerSettings = Settings["servers"][number];
export type GatewaySettings = ServerSettings["gateways"][number];
export type SshReach = z.output<typeof sshReach>;
export type ForwardSettings = z.output<typeof tunnelForward>;

export const EMPTY_SETTINGS: Settings = {
  version: SETTINGS_VERSION,
  servers: [],
  notify: { afterSeconds: 10, mute: false },
  privacy: { maskAmounts: false },
  startAtLogin: false,
};

/** The container's own ports: the settings' or the image's defaults (paper 4004→4002, live 4003→4001, VNC 5900). */
export function gatewayPorts(value: Pick<GatewaySettings, "mode" | "ports">): { relay: number; api: number; vnc: number } {
  const paper = value.mode === "paper";
  return {
    relay: value.ports?.relay ?? (paper ? 4004 : 4003),
    api: value.ports?.api ?? (paper ? 4002 : 4001),
    vnc: value.ports?.vnc ?? 5900,
  };
}

/** One line a fault, each with the path of the setting at fault, e.g. `servers[0].gateways[1].ports.api: …`. */
export function describeFaults(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const path = issue.path.reduce<string>((all, part) => all + (typeof part === "number" ? `[${part}]` : all === "" ? String(part) : `.${String(part)}`), "");
    return `${path === "" ? "settings" : path}: ${issue.message}`;
  });
}
