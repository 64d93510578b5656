import { runInContainer } from "../shell/container-shell.ts";
import type { Io } from "../shell/io.ts";
import { compose, type Where } from "./compose.ts";
import type { Container } from "./container.ts";
import type { DockerEngine } from "./engine.ts";
import { inspect, ps, top, version } from "./listing.ts";
import { parseOptions } from "./options.ts";
import { events, logs } from "./streams.ts";

const DOWN = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n";
const DENIED =
  'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.47/containers/json": dial unix /var/run/docker.sock: connect: permission denied\n';

const pause = (engine: DockerEngine, ms: number) => new Promise<void>((resolve) => engine.clock.after(ms, resolve));

/** `docker …` against the simulated engine. @param argv without the program's own name @returns its exit code */
export async function dockerProgram(engine: DockerEngine, argv: readonly string[], io: Io, where: Where = { cwd: null, env: new Set() }): Promise<number> {
  const head = parseOptions(argv, ["H", "host", "context", "c", "config", "l", "log-level"], true);
  const [command = "", ...rest] = head.operands;
  if (engine.fault === "missing-program") {
    io.err("sh: 1: docker: not found\n");
    return 127;
  }
  if (head.has("version", "v")) {
    io.out("Docker version 27.3.1, build ce12230\n");
    return 0;
  }
  if (engine.fault !== null) {
    io.err(engine.fault === "down" ? DOWN : DENIED);
    return 1;
  }
  switch (command) {
    case "version":
      return version(engine, rest, io);
    case "info":
      return version(engine, ["--format", '{"ServerVersion":{{json .Server.Version}}}'], io);
    case "inspect":
      return inspect(engine, rest, io, "object");
    case "ps":
      return ps(engine, rest, io);
    case "top":
      return top(engine, rest, io);
    case "logs":
      return logs(engine, rest, io);
    case "events":
      return events(engine, rest, io);
    case "exec":
      return exec(engine, rest, io);
    case "compose":
      return compose(engine, rest, io, where);
    case "pull":
      return pull(engine, rest, io);
    case "rmi":
      return removeImages(engine, rest, io);
    case "start":
    case "stop":
    case "restart":
    case "kill":
    case "rm":
      return change(engine, command, rest, io);
    case "container":
      return container(engine, rest, io, where);
    case "image":
      return image(engine, rest, io);
    case "images":
      return image(engine, ["ls", ...rest], io);
    case "volume":
      return volume(engine, rest, io);
    default:
      io.err(`docker: '${command}' is not a docker command.\nSee 'docker --help'\n`);
      return 1;
  }
}

function container(engine: DockerEngine, argv: readonly string[], io: Io, where: Where): Promise<number> | number {
  const [action = "", ...rest] = argv;
  if (action === "inspect") return inspect(engine, rest, io, "container");
  return dockerProgram(engine, [action === "ls" ? "ps" : action, ...rest], io, where);
}

function missing(io: Io, name: string): number {
  io.err(`Error response from daemon: No such container: ${name}\n`);
  return 1;
}

async function change(engine: DockerEngine, action: string, argv: readonly string[], io: Io): Promise<number> {
  const options = parseOptions(argv, ["t", "time", "timeout", "s", "signal"]);
  let code = 0;
  for (const name of options.operands) {
    const found = engine.find(name);
    if (found === null) {
      code = missing(io, name);
      continue;
    }
    if (action === "rm" && found.running && !options.has("f", "force")) {
      io.err(
        `Error response from daemon: cannot remove container "/${found.spec.name}": container is running: stop the container before removing or force remove\n`,
      );
      code = 1;
      continue;
    }
    await act(engine, action, found, options.has("v", "volumes"));
    io.out(`${name}\n`);
  }
  return code;
}

async function act(engine: DockerEngine, action: string, found: Container, volumes: boolean): Promise<void> {
  if (action === "stop" || action === "restart") {
    await pause(engine, 800);
    found.stop(143);
  }
  if (action === "kill") found.stop(137);
  if (action === "start" || action === "restart") found.start();
  if (action === "rm") {
    engine.remove(found);
    if (volumes) for (const mount of found.spec.mounts) if (mount.type === "volume" && mount.name === "") engine.removeVolume(mount.name);
  }
}

async function exec(engine: DockerEngine, argv: readonly string[], io: Io): Promise<number> {
  const options = parseOptions(argv, ["u", "user", "e", "env", "w", "workdir", "env-file", "detach-keys"], true);
  const [name = "", ...command] = options.operands;
  const found = engine.find(name);
  if (found === null) return missing(io, name);
  if (!found.running) {
    io.err(`Error response from daemon: container ${found.id} is not running\n`);
    return 1;
  }
  if (options.has("t", "tty")) {
    io.err("the input device is not a TTY\n");
    return 1;
  }
  return runInContainer(found, command, io);
}

async function pull(engine: DockerEngine, argv: readonly string[], io: Io): Promise<number> {
  const reference = parseOptions(argv, ["platform"]).operands[0] ?? "";
  io.out(`${reference.split(":")[1] ?? "latest"}: Pulling from ${reference.split(":")[0]}\n`);
  await pause(engine, 1_500);
  const id = engine.pull(reference);
  io.out(`Digest: ${id}\nStatus: Downloaded newer image for ${reference}\n${reference}\n`);
  return 0;
}

function removeImages(engine: DockerEngine, argv: readonly string[], io: Io): number {
  const options = parseOptions(argv, []);
  for (const reference of options.operands) {
    const using = [...engine.containers.values()].find((item) => item.imageId === reference);
    if (engine.dangling.has(reference) && using === undefined) {
      engine.dangling.delete(reference);
      io.out(`Deleted: ${reference}\n`);
      continue;
    }
    if (using !== undefined) {
      io.err(
        `Error response from daemon: conflict: unable to delete ${reference.slice(7, 19)} (cannot be forced) - image is being used by running container ${using.id.slice(0, 12)}\n`,
      );
      return 1;
    }
    if (!engine.images.has(reference)) {
      io.err(`Error response from daemon: No such image: ${reference}\n`);
      return 1;
    }
    const user = [...engine.containers.values()].find((item) => item.spec.image === reference);
    if (user !== undefined && !(options.has("f", "force") && !user.running)) {
      io.err(
        `Error response from daemon: conflict: unable to remove repository reference "${reference}" (must force) - container ${user.id.slice(0, 12)} is using its referenced image\n`,
      );
      return 1;
    }
    engine.images.delete(reference);
    io.out(`Untagged: ${reference}\n`);
  }
  return 0;
}

function image(engine: DockerEngine, argv: readonly string[], io: Io): number | Promise<number> {
  const [action = "", ...rest] = argv;
  if (action === "inspect") return inspect(engine, rest, io, "image");
  if (action === "rm") return removeImages(engine, rest, io);
  if (action === "pull") return pull(engine, rest, io);
  for (const [reference, id] of engine.images) io.out(`${reference}   ${id.slice(7, 19)}\n`);
  return 0;
}

function volume(engine: DockerEngine, argv: readonly string[], io: Io): number {
  const [action = "", ...rest] = argv;
  const { operands, has } = parseOptions(rest, action === "rm" ? [] : ["format", "f", "filter"]);
  if (action === "ls") {
    for (const name of engine.volumes) io.out(`local     ${name}\n`);
    return 0;
  }
  let code = 0;
  for (const name of operands) {
    if (!engine.volumes.has(name)) {
      if (action === "rm" && has("f", "force")) continue;
      io.err(`Error response from daemon: get ${name}: no such volume\n`);
      code = 1;
    } else if (action === "inspect")
      io.out(`${JSON.stringify([{ Name: name, Driver: "local", Mountpoint: `/var/lib/docker/volumes/${name}/_data` }], null, 4)}\n`);
    else if ([...engine.containers.values()].some((item) => item.spec.mounts.some((mount) => mount.name === name))) {
      io.err(`Error response from daemon: remove ${name}: volume is in use\n`);
      code = 1;
    } else {
      engine.removeVolume(name);
      io.out(`${name}\n`);
    }
  }
  return code;
}
