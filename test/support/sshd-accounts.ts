import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKey, type Sshd, type SshdOptions, startSshd } from "./sshd.ts";

/** Sees files of its own in place of the machine's, which stay as they are: a mount namespace that ends with its last process. */
const MOUNTED = 'for f in passwd shadow pam.d/sshd; do mount --bind "$1/etc/$f" "/etc/$f"; done; shift; exec "$@"';

/** Root may do that; elsewhere the tests are skipped. */
export const canHaveAccounts = process.platform === "linux" && process.getuid?.() === 0;

export const ACCOUNT = { user: "administrator", password: "correct-horse-9471" } as const;
/** crypt(3), SHA-512, of the password. */
const HASH = "$6$gatelight$QLT2inw1qo.lOizk4Sz3lhKBuvEwhm4jMfUsMSOOIpwqPDjASSOHpr9b/6lp/QA7dKA1//FZXE.ZT9NfIaQ3L/";

export interface SshdWithAccount extends Sshd {
  /** Private key that may log in as the account. */
  readonly accountKey: string;
}

/** A real sshd with PAM and an account `administrator` that is not root and has a password. `pam`: the lines of its service file. */
export async function startSshdWithAccount(pam: readonly string[], options: SshdOptions = {}): Promise<SshdWithAccount> {
  const folder = mkdtempSync(join(tmpdir(), "gatelight-accounts-"));
  try {
    mkdirSync(join(folder, "etc", "pam.d"), { recursive: true });
    const write = (name: string, text: string, mode: number) => writeFileSync(join(folder, "etc", name), text, { mode });
    write("passwd", `${readFileSync("/etc/passwd", "utf8")}${ACCOUNT.user}:x:64999:65534:test:/:/bin/sh\n`, 0o644);
    write("shadow", `${ACCOUNT.user}:${HASH}:20000:0:99999:7:::\n`, 0o600);
    write("pam.d/sshd", `${pam.join("\n")}\n`, 0o644);
    const key = makeKey(join(folder, "id_account"));
    // sshd reads it as the account.
    chmodSync(folder, 0o755);
    write("authorized_keys", `${[key.publicKey, ...(options.authorizedKeys ?? [])].join("\n")}\n`, 0o644);
    const sshd = await startSshd({
      ...options,
      config: [...(options.config ?? []), "UsePAM yes", `AuthorizedKeysFile ${join(folder, "etc", "authorized_keys")}`],
      within: ["unshare", "--mount", "--propagation", "private", "sh", "-ec", MOUNTED, "sh", folder],
    });
    const { dispose } = sshd;
    return Object.assign(sshd, {
      accountKey: key.file,
      dispose: async () => {
        await dispose();
        rmSync(folder, { recursive: true, force: true });
      },
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
