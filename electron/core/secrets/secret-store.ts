/** Secrets live in the system keychain or in memory only. */
export type SecretName =
  | { readonly kind: "ssh-password"; readonly server: string }
  | { readonly kind: "ssh-passphrase"; readonly server: string; readonly file: string }
  | { readonly kind: "vnc-password"; readonly server: string; readonly gateway: string };

export interface SecretStore {
  /** `persistent`: survives a restart (keychain); otherwise memory only, with the reason in words. */
  readonly backend: { readonly persistent: boolean; readonly name: string; readonly detail: string };
  get(name: SecretName): Promise<string | null>;
  set(name: SecretName, value: string): Promise<void>;
  forget(name: SecretName): Promise<void>;
}

/** One flat, unambiguous key a name. */
export function secretKey(name: SecretName): string {
  const parts =
    name.kind === "vnc-password"
      ? [name.kind, name.server, name.gateway]
      : name.kind === "ssh-passphrase"
        ? [name.kind, name.server, name.file]
        : [name.kind, name.server];
  return parts.map(encodeURIComponent).join("/");
}
