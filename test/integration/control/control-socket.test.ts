import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import { controlPath } from "../../../electron/core/control/control-path.ts";
import { AlreadyRunning, connectControl, serveControl } from "../../../electron/core/control/control-socket.ts";
import { createSnapshotStore } from "../../../electron/core/snapshot-store.ts";
import { BARE_SNAPSHOT, someHandlers, testDoor } from "../../support/contract-fixture.ts";

const contractFixture = () => ({ handlers: someHandlers({}), store: createSnapshotStore(BARE_SNAPSHOT, systemClock), screens: testDoor().door });

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gatelight-control-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("control socket", () => {
  it("serves the state and the calls to this user alone, and is gone afterwards", async () => {
    const core = contractFixture();
    const control = await serveControl(dir, core);
    expect(statSync(control.path).mode & 0o777).toBe(0o600);
    const client = await connectControl(dir);
    expect(client?.snapshot?.revision).toBe(core.store.current.revision);
    client?.close();
    await control.close();
    expect(await connectControl(dir)).toBeNull();
  });
  it("is the lock of the data folder", async () => {
    const control = await serveControl(dir, contractFixture());
    await expect(serveControl(dir, contractFixture())).rejects.toThrow(AlreadyRunning);
    await control.close();
  });
  it("takes over the socket of a process that was killed, but never removes a file of the person's", async () => {
    const child = spawn(
      process.execPath,
      ["-e", `require("node:net").createServer().listen(${JSON.stringify(controlPath(dir))}, () => console.log("listening"))`],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(statSync(controlPath(dir)).isSocket()).toBe(true);
    const control = await serveControl(dir, contractFixture());
    await control.close();
    writeFileSync(controlPath(dir), "mine");
    await expect(serveControl(dir, contractFixture())).rejects.toThrow();
    expect(statSync(controlPath(dir)).isFile()).toBe(true);
  });
  it("survives garbage, a lie about lengths and a peer that says nothing", async () => {
    const control = await serveControl(dir, contractFixture());
    for (const bytes of [Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), Buffer.from([9, 0, 0, 0, 1, 1]), Buffer.alloc(0)]) {
      const socket = connect(control.path);
      const closed = new Promise((resolve) => socket.on("close", resolve));
      socket.on("error", () => undefined);
      socket.resume();
      socket.end(bytes);
      await closed;
    }
    const client = await connectControl(dir);
    expect(client).not.toBeNull();
    client?.close();
    await control.close();
  });
  it("keeps a path the system can hold, whatever the data folder is called", () => {
    expect(Buffer.byteLength(controlPath(`/tmp/${"long/".repeat(60)}`))).toBeLessThanOrEqual(100);
    expect(controlPath("C:\\data", "win32")).toMatch(/^\\\\\.\\pipe\\gatelight-/);
  });
});
