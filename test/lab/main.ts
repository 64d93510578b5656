import { existsSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CAUSES } from "../../shared/words.ts";
import { FAULTS, type Fault, faultOf } from "./faults.ts";
import { type Lab, startLab, whyNoLab } from "./lab.ts";
import { askControl, serveControl } from "./stand-in/control.ts";
import { PREFIX } from "./tidy-up.ts";
import { dataDir } from "./watching.ts";

/** `npm run lab` starts it and stays; `npm run lab -- inject ID`, `heal`, `list` and `stop` speak to the one that runs. */
const CONTROL = "control.sock";
const USAGE = "Usage: npm run lab [-- list | inject ID | heal | stop]";

/** Control sockets of the labs that run, newest last. */
const running = () =>
  readdirSync(tmpdir())
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(tmpdir(), name, CONTROL))
    .filter((path) => existsSync(path))
    .toSorted((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);

const say = (text: string) => process.stderr.write(`${text}\n`);

async function start(): Promise<number> {
  const why = whyNoLab();
  if (why !== null) {
    say(why);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (!stop.signal.aborted) say("Ending the lab …");
      stop.abort();
    });
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve(), { once: true }));
  say("Starting sshd, dockerd and two stacks (paper, live): about half a minute …");
  const lab = await startLab({ modes: ["paper", "live"], speed: Number(process.env.LAB_SPEED ?? 1), signal: stop.signal }).catch((error: unknown) => {
    if (stop.signal.aborted) return null;
    throw error;
  });
  if (lab === null) return 130;
  const data = dataDir(lab.folder, "data", lab.settings());
  const control = serveControl(join(lab.folder, CONTROL), (request) => {
    const [word, id = ""] = Array.isArray(request) ? request.map(String) : [];
    if (word === "inject") return injected(lab, data, id);
    if (word === "heal") return lab.heal().then(() => "healed");
    if (word === "stop") return stop.abort();
    throw new Error(USAGE);
  });
  try {
    process.stdout.write(`${JSON.stringify(lab.settings(), null, 2)}\n`);
    say(`It runs. The settings above lie in ${data}. Look at it with
  npx gatelight doctor --data-dir ${data}
  npx gatelight serve --data-dir ${data}
VNC password: ${lab.vncPassword}. Faults (of the paper gateway), in another terminal:
  npm run lab -- list
  npm run lab -- inject ID
  npm run lab -- heal
Ctrl+C ends it.`);
    await stopped;
    return 0;
  } finally {
    control.close();
    await lab.dispose();
  }
}

/** @returns what was done and how to look at it */
async function injected(lab: Lab, data: string, id: string): Promise<string> {
  const fault = await lab.inject(id);
  const words = `${id}: leads to ${fault.cause}`;
  if (fault.asking === undefined) return words;
  // Lies with the one who looks, or shows only in what that one does.
  const { settings, env = {}, words: more = [] } = fault.asking(lab);
  const dir = settings === undefined ? data : dataDir(lab.folder, `data-${id}`, lab.settings(settings));
  const line = [...Object.entries(env).map(([name, value]) => `${name}=${value}`), "npx gatelight doctor --data-dir", dir, ...more];
  return `${words}. To see it:\n  ${line.join(" ")}`;
}

async function tell(words: readonly string[]): Promise<number> {
  const path = running().at(-1);
  if (path === undefined) {
    say("No lab runs; start one with: npm run lab");
    return 1;
  }
  process.stdout.write(`${String((await askControl(path, words, 180_000)) ?? "done")}\n`);
  return 0;
}

/** In the order of the table of causes; a cause may be reached in more than one way. */
function list(): number {
  const order = (fault: Fault) => CAUSES.indexOf(fault.cause);
  for (const fault of FAULTS.toSorted((a, b) => order(a) - order(b))) process.stdout.write(`${fault.id.padEnd(24)} ${fault.cause}\n`);
  return 0;
}

async function main(words: readonly string[]): Promise<number> {
  const [word, id] = words;
  if (word === undefined) return start();
  if (words.length === 1 && word === "list") return list();
  if (words.length === 1 && (word === "heal" || word === "stop")) return tell([word]);
  if (words.length === 2 && word === "inject" && id !== undefined) {
    // A wrong name is told without asking a lab.
    faultOf(id);
    return tell([word, id]);
  }
  say(USAGE);
  return word === "help" || word === "--help" ? 0 : 2;
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
