import { afterEach, describe, expect, it } from "vitest";
import { createLocalLink } from "../../../electron/core/host-link/local/local-link.ts";
import { cleanUp, later, listen, readAll, waitFor } from "./support.ts";

describe("the link to this machine", () => {
  afterEach(cleanUp);
  const open = () => {
    const link = createLocalLink();
    later(() => link.dispose());
    link.start();
    return link;
  };

  it("is off, up, and off again", async () => {
    const link = createLocalLink();
    expect(link.state.kind).toBe("off");
    await expect(link.exec(["true"], { deadlineMs: 1_000 })).rejects.toMatchObject({ name: "ExecError", reason: "link-down" });
    await expect(link.dial({ host: "127.0.0.1", port: 1 }, { deadlineMs: 1_000 })).rejects.toMatchObject({ name: "DialError", reason: "link-down" });
    link.start();
    expect(link.state.kind).toBe("up");
    await link.dispose();
    expect(link.state.kind).toBe("off");
  });

  it("runs programs as they are, with input, bounds and deadlines", async () => {
    const link = open();
    const result = await link.exec(["sh", "-c", 'printf "[%s]" "$@"; echo err >&2; exit 3', "x", "a b", "$HOME", "'"], { deadlineMs: 10_000 });
    expect(result).toEqual({ code: 3, signal: null, stdout: "[a b][$HOME][']", stderr: "err\n", truncated: false });
    expect((await link.exec(["cat"], { deadlineMs: 10_000, stdin: "in" })).stdout).toBe("in");
    expect(await link.exec(["head", "-c", "5000", "/dev/zero"], { deadlineMs: 10_000, maxBytes: 7 })).toMatchObject({
      truncated: true,
      stdout: "\0".repeat(7),
    });
    expect(await link.exec(["sh", "-c", "kill -9 $$"], { deadlineMs: 10_000 })).toMatchObject({ code: null, signal: "SIGKILL" });
    await expect(link.exec(["sleep", "60"], { deadlineMs: 100 })).rejects.toMatchObject({ reason: "timeout" });
    await expect(link.exec(["no-such-program"], { deadlineMs: 5_000 })).rejects.toMatchObject({ reason: "not-found" });
    await expect(link.exec(["/"], { deadlineMs: 5_000 })).rejects.toMatchObject({ reason: "forbidden" });
    await expect(link.exec(["a\0b"], { deadlineMs: 5_000 })).rejects.toThrow(TypeError);
    await expect(link.exec(["true"], { deadlineMs: 5_000, signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: "aborted" });
  });

  it("streams lines until the program ends, is closed, or the link is disposed", async () => {
    const link = open();
    const lines: string[] = [];
    const ends: unknown[] = [];
    const options = { deadlineMs: 5_000, onLine: (line: string) => lines.push(line), onEnd: (end: unknown) => ends.push(end) };
    const echo = await link.stream(["sh", "-c", "read l; echo got $l; exit 2"], options);
    echo.write("x");
    await waitFor(() => ends.length === 1, "the end");
    expect([lines, ends]).toEqual([["got x"], [{ code: 2, reason: "exit" }]]);
    (await link.stream(["sleep", "60"], options)).close();
    expect(ends[1]).toEqual({ code: null, reason: "closed" });
    await link.stream(["sleep", "60"], options);
    await link.dispose();
    expect(ends[2]).toEqual({ code: null, reason: "link-lost" });
    await waitFor(() => !process.getActiveResourcesInfo().includes("ProcessWrap"), "the programs to end");
  });

  it("dials with half-close, and names why not", async () => {
    const link = open();
    const echo = await listen((socket) => socket.pipe(socket), true);
    const duplex = await link.dial({ host: "127.0.0.1", port: echo.port }, { deadlineMs: 5_000 });
    const text = readAll(duplex);
    duplex.end("round");
    expect(await text).toBe("round");
    await new Promise((resolve) => echo.server.close(resolve));
    await expect(link.dial({ host: "127.0.0.1", port: echo.port }, { deadlineMs: 5_000 })).rejects.toMatchObject({ reason: "refused" });
    await expect(link.dial({ host: "no-such-host.invalid", port: 1 }, { deadlineMs: 20_000 })).rejects.toMatchObject({ reason: "name-not-found" });
  });
});
