import { type SecretName, type SecretStore, secretKey } from "./secret-store.ts";

const PREFIX = {
  "ssh-password": "GATELIGHT_SSH_PASSWORD",
  "ssh-passphrase": "GATELIGHT_SSH_PASSPHRASE",
  "vnc-password": "GATELIGHT_VNC_PASSWORD",
} as const;

/** The environment variable that gives a gateway its own VNC password. */
export function vncVariable(gateway: string): string {
  return `${PREFIX["vnc-password"]}_${gateway.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}

/**
 * Secrets for as long as the program runs, with those of the environment for unattended use. Those are taken out of `env` at once,
 * so that no child process inherits them. A forgotten secret stays forgotten, also where the environment gave it: it was wrong.
 */
export function createMemorySecrets(
  env: Record<string, string | undefined>,
  detail = "There is no keychain here: passwords are kept in memory only and asked for again after a restart.",
): SecretStore & { readonly fromEnvironment: readonly string[] } {
  const given = new Map<string, string>();
  for (const name of Object.keys(env)) {
    // Windows does not tell upper from lower case in names of variables.
    const upper = name.toUpperCase();
    if (!Object.values(PREFIX).some((prefix) => upper === prefix || (prefix === PREFIX["vnc-password"] && upper.startsWith(`${prefix}_`)))) continue;
    const value = env[name];
    if (value !== undefined && value !== "") given.set(upper, value);
    delete env[name];
  }
  const kept = new Map<string, string>();
  const forgotten = new Set<string>();

  const fromEnvironment = (name: SecretName): string | null => {
    const own = name.kind === "vnc-password" ? given.get(vncVariable(name.gateway)) : undefined;
    return own ?? given.get(PREFIX[name.kind]) ?? null;
  };
  return {
    backend: { persistent: false, name: "memory", detail },
    fromEnvironment: [...given.values()],
    async get(name) {
      const key = secretKey(name);
      return kept.get(key) ?? (forgotten.has(key) ? null : fromEnvironment(name));
    },
    async set(name, value) {
      kept.set(secretKey(name), value);
    },
    async forget(name) {
      kept.delete(secretKey(name));
      forgotten.add(secretKey(name));
    },
  };
}
