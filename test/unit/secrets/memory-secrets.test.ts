import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { createMemorySecrets, vncVariable } from "../../../electron/core/secrets/memory-secrets.ts";

const vnc = (gateway: string) => ({ kind: "vnc-password", server: "home", gateway }) as const;
const ssh = { kind: "ssh-password", server: "home" } as const;

describe("secrets in memory", () => {
  it("takes those of the environment once, and takes them out of it", async () => {
    const env: Record<string, string | undefined> = {
      PATH: "/bin",
      GATELIGHT_VNC_PASSWORD: "general",
      GATELIGHT_VNC_PASSWORD_PAPER_1: "own",
      GATELIGHT_SSH_PASSWORD: "login",
      GATELIGHT_SSH_PASSPHRASE: "phrase",
      GATELIGHT_SSH_PASSWORD_X: "not ours",
    };
    const store = createMemorySecrets(env);
    expect(env).toEqual({ PATH: "/bin", GATELIGHT_SSH_PASSWORD_X: "not ours" });
    expect(await store.get(vnc("paper-1"))).toBe("own");
    expect(await store.get(vnc("live"))).toBe("general");
    expect(await store.get(ssh)).toBe("login");
    expect(await store.get({ kind: "ssh-passphrase", server: "home", file: "~/.ssh/id" })).toBe("phrase");
    expect(store.backend.persistent).toBe(false);
    expect([...store.fromEnvironment].sort()).toEqual(["general", "login", "own", "phrase"]);
  });
  it("names the variable of a gateway", () => {
    expect(vncVariable("paper.1-a")).toBe("GATELIGHT_VNC_PASSWORD_PAPER_1_A");
  });
  it("does not offer a wrong one again after it was forgotten, but keeps a new one", async () => {
    const store = createMemorySecrets({ GATELIGHT_VNC_PASSWORD: "wrong" });
    await store.forget(vnc("paper"));
    expect(await store.get(vnc("paper"))).toBeNull();
    expect(await store.get(vnc("live"))).toBe("wrong");
    await store.set(vnc("paper"), "right");
    expect(await store.get(vnc("paper"))).toBe("right");
  });
  it("leaves nothing for child processes in the real environment", () => {
    process.env.GATELIGHT_SSH_PASSWORD = "for-nobody";
    createMemorySecrets(process.env);
    const child = spawnSync("env", { encoding: "utf8" });
    expect(child.stdout).not.toContain("for-nobody");
  });
});
