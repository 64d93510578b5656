import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { descendants, kill, run } from "./processes.ts";

/** Nothing of a lab stays behind: neither after a start that failed nor after a process that was killed. */

/** Folders of labs begin so. */
export const PREFIX = "gl-lab-";
/** In the lab's folder: who made it and what it has outside its folder. */
const OWNER = "owner.json";

interface Owner {
  readonly pid: number;
  /** When that process began, in the kernel's ticks: process ids come again. */
  readonly began?: string;
  readonly netns: string;
  readonly link: string;
}

/** Says whose the folder is, and has a process of its own wait for our end, to clear up what is left then. @returns what ends the waiting */
export function own(folder: string, netns: string, link: string): () => void {
  writeFileSync(join(folder, OWNER), JSON.stringify({ pid: process.pid, began: began(process.pid), netns, link } satisfies Owner));
  // In a session of its own, so that the terminal's Ctrl+C is not for it; a shell, because it waits most of the time.
  const waiting = spawn("sh", ["-c", 'cat > /dev/null; [ -d "$3" ] && exec "$@"', "sh", process.execPath, join(import.meta.dirname, "reaper.ts"), folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  waiting.unref();
  waiting.stdin.on("error", () => undefined);
  return () => waiting.stdin.end();
}

/** Ends what labs have left behind whose own process is no more. @param parent the folder in which labs' folders lie */
export async function tidyUpAfterTheDead(parent: string): Promise<void> {
  for (const name of readdirSync(parent).filter((one) => one.startsWith(PREFIX))) {
    const folder = join(parent, name);
    const owner = ownerOf(folder);
    if (owner === null) continue;
    const now = began(owner.pid);
    // Labs of an earlier version did not say when their process began.
    if (now === "" || (owner.began !== undefined && now !== owner.began)) await tidyUp(folder);
  }
}

/** Processes, mounts, network namespace and the folder itself. */
export async function tidyUp(folder: string): Promise<void> {
  const owner = ownerOf(folder);
  const env = { DOCKER_HOST: `unix://${join(folder, "docker-run", "docker.sock")}` };
  const names = (await run(["docker", "ps", "-aq"], { env, mayFail: true, deadlineMs: 10_000 })).stdout.split("\n").filter(Boolean);
  if (names.length > 0) await run(["docker", "rm", "-f", ...names], { env, mayFail: true });
  await endAllOf(folder);
  await unmountBelow(folder);
  if (owner !== null) {
    await run(["ip", "netns", "del", owner.netns], { mayFail: true });
    await run(["ip", "link", "del", owner.link], { mayFail: true });
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Every process that names something in the lab's folder (daemons, shims of containers, who looks at the lab), with what runs below it. */
async function endAllOf(folder: string): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const found = numbered("/proc").filter((pid) => pid !== process.pid && argumentsOf(pid).includes(`${folder}/`));
    if (found.length === 0) return;
    for (const pid of found) for (const each of [...descendants(pid), pid]) if (each !== process.pid) kill(each, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What dockerd may leave mounted below its folders. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ")[1] ?? [])
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.reverse()) await run(["umount", "-l", path], { mayFail: true });
}

function ownerOf(folder: string): Owner | null {
  const file = join(folder, OWNER);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Owner) : null;
}

const numbered = (dir: string) =>
  readdirSync(dir)
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);

/** @returns "" where there is no such process, or only its exit code waits to be read */
function began(pid: number): string {
  const words = readProc(pid, "stat")
    .replace(/^.*\) /, "")
    .split(" ");
  return words[0] === "Z" ? "" : (words[19] ?? "");
}
/** A process' command line; "" when it has ended. */
export const argumentsOf = (pid: number) => readProc(pid, "cmdline").replaceAll("\0", " ");

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // The process has ended meanwhile.
    return "";
  }
}
