import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, it } from "vitest";
import { missingPeers } from "../../support/peers.ts";

const canHaveNetwork = process.platform === "linux" && process.getuid?.() === 0 && missingPeers("sshd", "ssh-keygen", "ip", "iptables").length === 0;

/** A scene of net-script.ts in a network of its own. Its clean-up is its own; a scene that hangs is killed with all it started. */
async function scene(...args: string[]): Promise<Record<string, unknown>> {
  const script = join(import.meta.dirname, "net-script.ts");
  const argv = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc", process.execPath, script, ...args];
  const { stdout } = await promisify(execFile)("unshare", argv, { timeout: 110_000, killSignal: "SIGKILL" });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
}

describe.skipIf(!canHaveNetwork)("a line whose packets are dropped or held up by the kernel", () => {
  it.concurrent("is known to be dead within 15 s, and comes back with the packets", { timeout: 120_000 }, async ({ expect }) => {
    const seen = await scene("silent");
    expect(seen).toMatchObject({ reason: "silent", stage: "alive" });
    expect(seen.noticedMs).toBeGreaterThan(8_000);
    expect(seen.noticedMs).toBeLessThanOrEqual(15_000 + Number(seen.delayMs));
  });

  it.concurrent("within 3 s while a person waits, whether the wait began before or after", { timeout: 120_000 }, async ({ expect }) => {
    for (const name of ["silent-in-a-hurry", "hurry-afterwards"]) {
      const seen = await scene(name);
      expect(seen).toMatchObject({ reason: "silent", stage: "alive" });
      expect(seen.noticedMs).toBeLessThanOrEqual(3_000 + Number(seen.delayMs));
    }
  });

  it.concurrent("fails a call at its deadline when the target answers no SYN, and closes what opens later", { timeout: 120_000 }, async ({ expect }) => {
    expect(await scene("late-target")).toEqual({ reason: "timeout", states: ["connecting", "up"] });
  });

  it.concurrent("is not taken for dead while it is full both ways at 1 Mbit/s, not even while a person waits", { timeout: 120_000 }, async ({ expect }) => {
    const seen = await scene("saturated", "12");
    expect(seen.states).toEqual(["connecting", "up"]);
    expect(seen.bytes).toBeGreaterThan(300_000);
  });
});
