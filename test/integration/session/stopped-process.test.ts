import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SESSION_TIMINGS } from "../../../electron/core/session/session.ts";
import { isReady, session, until } from "../../support/session-kit.ts";

/** A gateway in a process of its own, so that it can be stopped as a whole while the kernel goes on taking connections and bytes for it. */
const SERVER = pathToFileURL(resolve(import.meta.dirname, "../../support/tws-server.ts")).href;
let child: ChildProcess;
let port: number;
beforeEach(async () => {
  const program = `import(${JSON.stringify(SERVER)}).then(async ({ TwsServer }) => console.log("port", await new TwsServer().listen()))`;
  child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  port = await new Promise<number>((done, failed) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      const found = /port (\d+)/.exec(chunk.toString());
      if (found !== null) done(Number(found[1]));
    });
    child.once("exit", (code) => failed(new Error(`the server ended with ${code}`)));
  });
});
afterEach(() => {
  child.removeAllListeners("exit");
  child.kill("SIGKILL");
});

it("a stopped gateway is noticed within ten seconds with the usual timings, and is ready again within fifteen of its going on", async () => {
  const target = session(port, { timings: SESSION_TIMINGS });
  target.start();
  await until(target, (r) => isReady(r) && r.accounts[0]?.stale === false);
  child.kill("SIGSTOP");
  const stopped = Date.now();
  // Told before the session is given up: no light may stay green so long.
  const late = await until(target, (r) => r.late, 20_000);
  expect(Date.now() - stopped).toBeLessThan(9_000);
  expect(isReady(late)).toBe(true);
  const report = await until(target, (r) => !isReady(r), 20_000);
  expect(Date.now() - stopped).toBeLessThan(10_000);
  expect(report.failures[0]).toMatchObject({ kind: "went-silent", wasReady: true });
  await until(target, (r) => r.failures.some((failure) => failure.kind === "silent"), 20_000);
  child.kill("SIGCONT");
  const goesOn = Date.now();
  await until(target, isReady, 30_000);
  expect(Date.now() - goesOn).toBeLessThan(15_000);
  await target.dispose();
});
