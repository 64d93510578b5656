import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PresentContainer } from "../../../electron/core/diagnosis/evidence.ts";
import { type StepContext, stepsFor } from "../../../electron/core/repair/steps.ts";
import { REPAIRS } from "../../../shared/words.ts";

const CONTAINER: PresentContainer = {
  kind: "present",
  id: "c1",
  name: "mcp-ib-gateway-paper",
  image: "ghcr.io/gnzsnz/ib-gateway:stable",
  imageId: "sha256:1",
  status: "running",
  pid: 100,
  exitCode: null,
  oomKilled: false,
  error: "",
  restartCount: 0,
  restartPolicy: "always",
  createdAt: 1,
  startedAt: 1,
  finishedAt: null,
  health: null,
  published: [],
  addresses: [],
  networkMode: "bridge",
  mounts: [{ kind: "volume", destination: "/home/ibgateway/tws_settings", name: "ib_settings" }],
  compose: { project: "ib", service: "ib-gateway", dir: "/srv/ib", files: ["/srv/ib/docker-compose.yml"] },
};
const context = (change: Partial<StepContext> = {}): StepContext => ({
  docker: "docker",
  gateway: { container: "mcp-ib-gateway-paper", compose: null, mode: "paper" },
  container: CONTAINER,
  login: null,
  shared: false,
  ...change,
});
const execs = (repair: (typeof REPAIRS)[number], at = context()) => {
  const plan = stepsFor(repair, at);
  if (!plan.ok) throw new Error(plan.why);
  return plan.steps.flatMap((step) => (step.kind === "exec" ? [step] : []));
};

describe("steps of a repair", () => {
  it.each(REPAIRS.filter((id) => id !== "open-api-settings"))("%s ends with proof that it worked", (repair) => {
    const plan = stepsFor(repair, context());
    expect(plan.ok && plan.steps.at(-1)).toMatchObject({ kind: "await", condition: "cured" });
  });

  it("never starts anything by itself for the person's own step", () => {
    expect(stepsFor("open-api-settings", context()).ok).toBe(false);
  });

  it("says how to have IBC's command server where it is off", () => {
    const login = { commandServer: "off" } as StepContext["login"];
    const plan = stepsFor("restart-soft", context({ login }));
    expect(plan.ok).toBe(false);
    expect(!plan.ok && plan.why).toContain("CommandServerPort=7462");
  });

  it("talks to IBC on the port its log named, from 127.0.0.1", () => {
    const login = { commandServer: { port: 7777 } } as StepContext["login"];
    const [step] = execs("restart-soft", context({ login }));
    expect(step?.argv).toContain("TCP4:127.0.0.1:7777,connect-timeout=5");
    expect(step).toMatchObject({ stdin: "RESTART", answer: "ibc" });
  });

  it("refuses compose repairs without a folder or with a service that reads as an option", () => {
    expect(stepsFor("recreate-container", context({ container: { ...CONTAINER, compose: null } })).ok).toBe(false);
    const gateway = { container: "x", mode: "paper" as const, compose: { service: "--privileged" } };
    expect(stepsFor("recreate-container", context({ gateway })).ok).toBe(false);
  });

  it("removes the named volumes in a fresh reinstall, and says which", () => {
    const shown = execs("fresh-reinstall").map((step) => step.shown);
    expect(shown).toContain("docker volume rm -f ib_settings");
  });

  it("ends both relays' socat only where the container is its own; beside another gateway only its own", () => {
    expect(execs("restart-relay")[0]?.argv.slice(-2)).toEqual(["-x", "socat"]);
    const pattern = new RegExp(execs("restart-relay", context({ shared: true }))[0]?.argv.at(-1) ?? "");
    for (const own of ["socat TCP-LISTEN:4004,fork TCP:127.0.0.1:4002", "/usr/bin/socat -d TCP6-LISTEN:4004 TCP:localhost:4002"]) expect(own).toMatch(pattern);
    for (const other of ["socat TCP-LISTEN:4003,fork TCP:127.0.0.1:4001", "socat TCP-LISTEN:40040 X", "bash -c socat TCP-LISTEN:4004,fork X"])
      expect(other).not.toMatch(pattern);
  });

  it("keeps the VNC password inside the container", () => {
    const [step] = execs("restart-screen");
    expect(step?.argv.join(" ")).toContain("$VNC_SERVER_PASSWORD");
    expect(step?.shown).not.toContain("VNC_SERVER_PASSWORD");
  });
});

describe("compose through a real shell", () => {
  let dir = "";
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "gatelight-steps-"));
    mkdirSync(join(dir, "bin"));
    // Stands for docker: notes its arguments and what the env file gave.
    writeFileSync(
      join(dir, "bin/docker"),
      `#!/bin/sh\n{ pwd; for word in "$@"; do printf '<%s>' "$word"; done; printf '\\nCANARY=%s\\n' "$CANARY"; } >> ${JSON.stringify(join(dir, "calls"))}\n`,
    );
    chmodSync(join(dir, "bin/docker"), 0o755);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const run = (compose: NonNullable<StepContext["gateway"]["compose"]>) => {
    const [step] = execs("recreate-container", context({ gateway: { container: "x", mode: "paper", compose } }));
    const [program, ...args] = step?.argv ?? [];
    return {
      step,
      result: spawnSync(program ?? "", args, { encoding: "utf8", cwd: dir, env: { PATH: `${join(dir, "bin")}:${process.env.PATH}`, HOME: dir } }),
    };
  };
  const calls = () => readFileSync(join(dir, "calls"), "utf8");

  it("sources the env file as the owner does and shows nothing of it", () => {
    writeFileSync(join(dir, "secrets.env"), "CANARY=swordfish\necho leaked $CANARY\n");
    const { step, result } = run({ dir, service: "gw", envFile: "$HOME/secrets.env" });
    expect(result.status).toBe(0);
    expect(calls()).toContain("CANARY=swordfish");
    expect(`${result.stdout}${result.stderr}${step?.shown}`).not.toContain("swordfish");
    expect(calls()).toContain("<compose><-f></srv/ib/docker-compose.yml><up><-d><--force-recreate><gw>");
  });

  it.each(["a b", "x'; touch owned; '", "$(touch owned)", "`touch owned`", "a\nb", "ünïcode & more", "* ?", "\\back"])(
    "is not injected by a folder and a service named %j",
    (name) => {
      mkdirSync(join(dir, name), { recursive: true });
      writeFileSync(join(dir, name, "env"), "CANARY=ok\n");
      const { result } = run({ dir: join(dir, name), service: name, envFile: join(dir, name, "env") });
      expect(result.stderr).toBe("");
      expect(result.status).toBe(0);
      expect(calls()).toContain(`<${name}>`);
      expect(calls().startsWith(`${join(dir, name)}\n`)).toBe(true);
      expect(spawnSync("find", [dir, "-name", "owned"], { encoding: "utf8" }).stdout).toBe("");
    },
  );

  it.each(["-", "-P", "--"])("takes a folder named %s for a folder", (name) => {
    mkdirSync(join(dir, name));
    expect(run({ dir: name, service: "gw" }).result.status).toBe(0);
    expect(calls().split("\n")[0]).toBe(join(dir, name));
  });

  it("blots out what compose itself would quote of the env file, and keeps its exit code", () => {
    writeFileSync(join(dir, "bin/docker"), `#!/bin/sh\necho "invalid port $CANARY in $CANARY!" >&2; echo "path $SPACED end"; exit 17\n`);
    writeFileSync(join(dir, "secrets.env"), `CANARY=sword\\$fish\n export SPACED='two words'\nSHORT=yes\n# NOT=anything\n`.replace("\\$", ""));
    const { result } = run({ dir, service: "gw", envFile: "secrets.env" });
    expect(result.status).toBe(17);
    expect(result.stdout).toBe("invalid port … in …!\npath … end\n");
    expect(result.stderr).toBe("");
  });

  it.each(["$HOME/my projects/s.env", "~/my projects/s.env", "s.env", "my projects/s.env"])("is shown as a shell would run it: %s", (envFile) => {
    const folder = join(dir, "my projects");
    mkdirSync(folder);
    for (const at of [dir, folder]) writeFileSync(join(at, "s.env"), "CANARY=ok\n");
    const there = run({ dir, service: "gw", envFile });
    const typed = spawnSync("sh", ["-c", there.step?.shown ?? ""], { encoding: "utf8", env: { PATH: `${join(dir, "bin")}:${process.env.PATH}`, HOME: dir } });
    expect([there.result.status, typed.status, typed.stderr]).toEqual([0, 0, ""]);
    const [first, second] = calls().split(/(?<=CANARY=ok\n)/);
    expect(second).toBe(first);
  });

  it("names a folder or env file that is not there", () => {
    expect(run({ dir: join(dir, "nowhere"), service: "gw" }).result.status).toBe(91);
    const { result } = run({ dir, service: "gw", envFile: "~/missing.env" });
    expect(result.status).toBe(92);
    expect(result.stderr).toContain("missing.env");
  });
});
