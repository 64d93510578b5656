import { createHash } from "node:crypto";

/** Kept passwords that one screen refused. */
export interface Refused {
  has(password: string): boolean;
  add(password: string): void;
  delete(password: string): void;
}

/** None is tried again, by whomever: servers count failures and lock out. Digests, in memory only. */
export interface RefusedPasswords {
  of(server: string, gateway: string): Refused;
}

export function createRefusedPasswords(): RefusedPasswords {
  const digests = new Set<string>();
  return {
    of(server, gateway) {
      const digest = (password: string) =>
        createHash("sha256")
          .update(JSON.stringify([server, gateway, password]))
          .digest("hex");
      return {
        has: (password) => digests.has(digest(password)),
        add: (password) => void digests.add(digest(password)),
        delete: (password) => void digests.delete(digest(password)),
      };
    },
  };
}
