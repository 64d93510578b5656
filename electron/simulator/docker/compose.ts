import { dirname, resolve } from "node:path";
import type { Io } from "../shell/io.ts";
import type { Container } from "./container.ts";
import type { Blueprint, DockerEngine } from "./engine.ts";
import { ps } from "./listing.ts";
import { parseOptions } from "./options.ts";
import { logs } from "./streams.ts";

export interface Where {
  /** Working directory of the caller; `null` for a command run directly. */
  readonly cwd: string | null;
  readonly env: ReadonlySet<string>;
}

const VALUED = [
  "f",
  "file",
  "p",
  "project-name",
  "project-directory",
  "env-file",
  "profile",
  "ansi",
  "progress",
  "timeout",
  "t",
  "tail",
  "n",
  "since",
  "scale",
  "pull",
  "wait-timeout",
  "format",
];

/** `docker compose …` over the containers that the simulated stacks consist of. */
export async function compose(engine: DockerEngine, argv: readonly string[], io: Io, where: Where): Promise<number> {
  const head = parseOptions(argv, VALUED, true);
  const [action = "", ...tail] = head.operands;
  if (action === "version" || head.has("version")) {
    io.out("Docker Compose version v2.29.7\n");
    return 0;
  }
  // After the sub-command -f is a flag: force, or follow.
  const options = parseOptions(
    tail,
    VALUED.filter((name) => name !== "f" && name !== "file"),
  );
  const file = head.value("f") ?? head.value("file");
  const directory = head.value("project-directory") ?? (file !== undefined ? dirname(resolve(where.cwd ?? "/", file)) : where.cwd);
  const project = head.value("p") ?? head.value("project-name");
  const stack = [...engine.blueprints].filter(([, blueprint]) => {
    const labels = blueprint.spec().labels;
    if (project !== undefined) return labels["com.docker.compose.project"] === project;
    return directory !== null && labels["com.docker.compose.project.working_dir"] === resolve(directory);
  });
  if (stack.length === 0) {
    io.err("no configuration file provided: not found\n");
    return 14;
  }
  const names = options.operands;
  const chosen = stack.filter(([name, blueprint]) => names.length === 0 || names.includes(service(blueprint)) || names.includes(name));
  const unknown = names.find((name) => !stack.some(([key, blueprint]) => key === name || service(blueprint) === name));
  if (unknown !== undefined) {
    io.err(`no such service: ${unknown}\n`);
    return 1;
  }
  if (!where.env.has("TWS_USERID") && head.value("env-file") === undefined && (action === "up" || action === "create"))
    io.err('time="2026-11-22T10:00:00Z" level=warning msg="The \\"TWS_USERID\\" variable is not set. Defaulting to a blank string."\n');
  return run(engine, action, options, tail, chosen, io);
}

const service = (blueprint: Blueprint) => blueprint.spec().labels["com.docker.compose.service"] ?? "";
const pause = (engine: DockerEngine, ms: number) => new Promise<void>((resolve) => engine.clock.after(ms, resolve));

function composePs(engine: DockerEngine, options: ReturnType<typeof parseOptions>, containers: readonly Container[], io: Io): number {
  const format = options.value("format");
  for (const container of containers) {
    if (options.has("q", "quiet")) io.out(`${container.id}\n`);
    else ps(engine, ["-a", "--filter", `id=${container.id}`, ...(format === undefined || format === "table" ? [] : ["--format", format])], io);
  }
  return 0;
}

async function run(
  engine: DockerEngine,
  action: string,
  options: ReturnType<typeof parseOptions>,
  tail: readonly string[],
  chosen: readonly (readonly [string, Blueprint])[],
  io: Io,
): Promise<number> {
  const existing = (): Container[] => chosen.map(([name]) => engine.containers.get(name)).filter((item) => item !== undefined);
  const tell = (name: string, what: string) => io.err(` Container ${name}  ${what}\n`);
  switch (action) {
    case "ps":
      return composePs(engine, options, existing(), io);
    case "pull":
      for (const [name, blueprint] of chosen) {
        io.err(` ${service(blueprint)} Pulling\n`);
        await pause(engine, 1_500);
        engine.pull(blueprint.spec().image);
        io.err(` ${service(blueprint)} Pulled (${name})\n`);
      }
      return 0;
    case "up":
      for (const [name, blueprint] of chosen) {
        const old = engine.containers.get(name);
        const stale = old !== undefined && (options.has("force-recreate") || old.imageId !== engine.imageId(blueprint.spec().image));
        if (old !== undefined && stale) {
          tell(name, "Recreate");
          await pause(engine, 1_000);
          engine.remove(old);
        }
        if (!engine.containers.has(name)) {
          engine.create(name);
          tell(name, stale ? "Recreated" : "Created");
        }
        const container = engine.containers.get(name);
        if (container?.running === true) tell(name, "Running");
        else {
          tell(name, "Starting");
          container?.start();
          tell(name, "Started");
        }
      }
      return 0;
    case "start":
    case "restart":
    case "stop":
    case "down":
    case "rm":
      for (const container of existing()) {
        const { name } = container.spec;
        if (action !== "start") {
          tell(name, "Stopping");
          await pause(engine, 800);
          container.stop(137);
          tell(name, "Stopped");
        }
        if (action === "start" || action === "restart") {
          container.start();
          tell(name, "Started");
        }
        if (action === "down" || action === "rm") {
          engine.remove(container);
          tell(name, "Removed");
          if (options.has("v", "volumes")) for (const mount of container.spec.mounts) if (mount.type === "volume") engine.removeVolume(mount.name);
        }
      }
      return 0;
    case "logs":
      for (const container of existing()) await logs(engine, [...tail.filter((word) => word.startsWith("-")), container.spec.name], io);
      return 0;
    default:
      io.err(`unknown docker command: "compose ${action}"\n`);
      return 16;
  }
}
