import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FAULTS } from "./faults.ts";
import { startLab, whyNoLab } from "./lab.ts";
import { askControl, serveControl } from "./stand-in/control.ts";

/** `npm run lab` starts it and stays; `npm run lab -- inject ID`, `heal`, `list` and `stop` speak to the one that runs. */
const CONTROL = "control.sock";

/** Control sockets of the labs that run, newest last. */
const running = () =>
  readdirSync(tmpdir())
    .filter((name) => name.startsWith("gl-lab-"))
    .map((name) => join(tmpdir(), name, CONTROL))
    .filter((path) => existsSync(path));

async function start(): Promise<number> {
  const why = whyNoLab();
  if (why !== null) {
    process.stderr.write(`${why}\n`);
    return 2;
  }
  process.stderr.write("Starting sshd, dockerd and the stacks …\n");
  const stopped = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopped.resolve());
  const lab = await startLab({ modes: ["paper", "live"], speed: Number(process.env.LAB_SPEED ?? 1) });
  const control = serveControl(join(lab.folder, CONTROL), async (request) => {
    const [word, id] = Array.isArray(request) ? request.map(String) : [];
    if (word === "inject") return `${id}: leads to ${(await lab.inject(id ?? "")).cause}`;
    if (word === "heal") return await lab.heal().then(() => "healed");
    if (word === "stop") return stopped.resolve();
    throw new Error("inject ID, heal or stop");
  });
  try {
    const file = join(lab.folder, "data", "settings.json");
    const { mkdirSync } = await import("node:fs");
    mkdirSync(join(lab.folder, "data"), { mode: 0o700 });
    writeFileSync(file, JSON.stringify(lab.settings(), null, 2));
    process.stdout.write(`${JSON.stringify(lab.settings(), null, 2)}\n`);
    process.stderr.write(
      `Running. The settings above lie in ${file}; try: npx gatelight doctor --data-dir ${join(lab.folder, "data")}\nVNC password: ${lab.vncPassword}. Faults: npm run lab -- inject ID (npm run lab -- list). Ctrl+C ends it.\n`,
    );
    await stopped.promise;
    return 0;
  } finally {
    control.close();
    await lab.dispose();
  }
}

async function tell(words: readonly string[]): Promise<number> {
  const path = running().at(-1);
  if (path === undefined) {
    process.stderr.write("No lab runs; start one with: npm run lab\n");
    return 1;
  }
  try {
    process.stdout.write(`${String((await askControl(path, words, 180_000)) ?? "done")}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

const [word, ...rest] = process.argv.slice(2);
if (word === undefined) process.exit(await start());
else if (word === "list") for (const fault of FAULTS) process.stdout.write(`${fault.id.padEnd(24)} ${fault.cause}\n`);
else if (["inject", "heal", "stop"].includes(word)) process.exit(await tell([word, ...rest]));
else {
  process.stderr.write("Usage: npm run lab [-- list | inject ID | heal | stop]\n");
  process.exit(2);
}
