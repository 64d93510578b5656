import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type RfbOutcome, rfbLogin } from "../../../electron/core/screen/rfb-login.ts";
import { vncResponse } from "../../../electron/core/screen/vnc-response.ts";
import { rfbText, type ScriptedServer, scriptedServer, serverInit, take, u32 } from "../../support/scripted-server.ts";

const servers: ScriptedServer[] = [];
const clients: Socket[] = [];
afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
});

async function logIn(script: (socket: Socket) => Promise<void> | void, password: string | null = null): Promise<RfbOutcome> {
  const server = await scriptedServer(script);
  servers.push(server);
  const stream = connect(server.port, "127.0.0.1");
  stream.on("error", () => {});
  clients.push(stream);
  return rfbLogin(stream, { password, signal: AbortSignal.timeout(5_000) });
}

const CHALLENGE = Buffer.from("0123456789abcdef");
/** A truthful server of a version, with a password or none. */
const truthful =
  (greeting: string, expected: string, password: string | null, refusal = "Authentication failure") =>
  async (socket: Socket) => {
    socket.write(greeting);
    expect(String(await take(socket, 12))).toBe(expected);
    const type = password === null ? 1 : 2;
    if (expected === "RFB 003.003\n") socket.write(u32(type));
    else {
      socket.write(Buffer.from([2, 16, type]));
      expect([...(await take(socket, 1))]).toEqual([type]);
    }
    if (password !== null) {
      socket.write(CHALLENGE);
      const right = vncResponse(password, CHALLENGE).equals(await take(socket, 16));
      if (!right) {
        socket.end(expected === "RFB 003.008\n" ? Buffer.concat([u32(1), rfbText(refusal)]) : u32(1));
        return;
      }
    }
    if (password !== null || expected === "RFB 003.008\n") socket.write(u32(0));
    expect([...(await take(socket, 1))]).toEqual([1]);
    socket.write(Buffer.concat([serverInit({ name: "gateway:1" }), Buffer.from("early picture")]));
  };

describe("logging in to a screen", () => {
  it.each([
    ["RFB 003.003\n", "RFB 003.003\n", "3.3"],
    ["RFB 003.005\n", "RFB 003.003\n", "3.3"],
    ["RFB 003.007\n", "RFB 003.007\n", "3.7"],
    ["RFB 003.008\n", "RFB 003.008\n", "3.8"],
    ["RFB 003.889\n", "RFB 003.008\n", "3.8"],
    ["RFB 004.001\n", "RFB 003.008\n", "3.8"],
    ["RFB 005.000\n", "RFB 003.008\n", "3.8"],
  ])("to %j answers %j, with and without a password", async (greeting, expected, version) => {
    for (const password of [null, "swordfish"]) {
      const outcome = await logIn(truthful(greeting, expected, password), password);
      expect(outcome).toMatchObject({
        kind: "in",
        session: { version, security: password === null ? "none" : "vnc", desktopName: "gateway:1", width: 640, height: 480 },
      });
    }
  });

  it("leaves the bytes after ServerInit in the stream", async () => {
    const outcome = await logIn(truthful("RFB 003.008\n", "RFB 003.008\n", null));
    expect(outcome.kind === "in" && outcome.session.serverInit).toEqual(serverInit({ name: "gateway:1" }));
    const [stream] = clients;
    let rest = "";
    for await (const chunk of stream ?? []) {
      rest += chunk;
      if (rest.length >= 13) break;
    }
    expect(rest).toBe("early picture");
  });

  it("takes the server byte by byte", async () => {
    const whole = Buffer.concat([Buffer.from("RFB 003.008\n"), Buffer.from([1, 1]), u32(0), serverInit({ name: "slow" })]);
    const outcome = await logIn(async (socket) => {
      for (const byte of whole) {
        socket.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    expect(outcome).toMatchObject({ kind: "in", session: { desktopName: "slow" } });
  });

  it.each(["RFB 003.003\n", "RFB 003.007\n", "RFB 003.008\n"])("tells a wrong password and a missing one apart (%j)", async (version) => {
    expect(await logIn(truthful(version, version, "right"), "wrong")).toMatchObject({ kind: "password-wrong" });
    expect(await logIn(truthful(version, version, "right"), null)).toEqual({ kind: "password-needed" });
  });

  it.each([
    ["Too many authentication failures", "too-many-attempts"],
    ["No password configured for VNC Auth", "no-password-set"],
  ])("knows %j from a wrong password", async (reason, kind) => {
    await expect(logIn(truthful("RFB 003.008\n", "RFB 003.008\n", "right", reason), "wrong")).rejects.toMatchObject({ kind });
  });

  it("reads why a server offers no security at all", async () => {
    const refusing = (reason: string) => (socket: Socket) =>
      void socket.write(Buffer.concat([Buffer.from("RFB 003.008\n"), Buffer.from([0]), rfbText(reason)]));
    await expect(logIn(refusing("Too many security failures"))).rejects.toMatchObject({ kind: "too-many-attempts" });
    await expect(logIn(refusing("Access denied"))).rejects.toMatchObject({ kind: "closed", message: expect.stringContaining("Access denied") });
    const old = (socket: Socket) => void socket.write(Buffer.concat([Buffer.from("RFB 003.003\n"), u32(0), rfbText("Server license key missing")]));
    await expect(logIn(old)).rejects.toMatchObject({ kind: "closed", message: expect.stringContaining("license") });
  });

  it("knows the tight code for too many attempts", async () => {
    const script = async (socket: Socket) => {
      socket.write(Buffer.concat([Buffer.from("RFB 003.007\n"), Buffer.from([1, 2]), CHALLENGE, u32(2)]));
      await take(socket, 12);
    };
    await expect(logIn(script, "x")).rejects.toMatchObject({ kind: "too-many-attempts" });
  });

  it.each([
    [[19, 18], "VeNCrypt (TLS), TLS"],
    [[5, 6, 129], "RealVNC's RA2"],
    [[30], "Apple's Screen Sharing"],
    [[250], "type 250"],
  ])("names security it cannot do: %j", async (types, words) => {
    const script = (socket: Socket) => void socket.write(Buffer.concat([Buffer.from("RFB 003.008\n"), Buffer.from([types.length, ...types])]));
    await expect(logIn(script, "x")).rejects.toMatchObject({ kind: "unsupported", message: expect.stringContaining(words) });
  });

  it.each(["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\x05hello"])(
    "knows another service by its first bytes: %j",
    async (greeting) => {
      await expect(logIn((socket) => void socket.write(greeting))).rejects.toMatchObject({ kind: "wrong-service" });
    },
  );
  it.each(["RFB 000.000\n", "RFB 002.002\n", "RFB abc.def\n", "RFB 003008xx"])("refuses the version %j", async (greeting) => {
    await expect(logIn((socket) => void socket.write(greeting))).rejects.toMatchObject({ kind: "unsupported" });
  });

  it.each([
    ["no width", { width: 0 }],
    ["a huge picture", { width: 65535, height: 65535 }],
    ["16384 × 16384", { width: 16384, height: 16384 }],
    ["24 bits a pixel", { bits: 24 }],
    ["a name of 4 GiB", { nameLength: 0xffff_ffff }],
    ["a name of 4097 bytes", { nameLength: 4097 }],
  ])("refuses %s", async (_name, lie) => {
    const script = (socket: Socket) => void socket.write(Buffer.concat([Buffer.from("RFB 003.008\n"), Buffer.from([1, 1]), u32(0), serverInit(lie)]));
    await expect(logIn(script)).rejects.toMatchObject({ kind: "unsupported" });
  });

  it("cuts a reason of any length and cleans it", async () => {
    const script = (socket: Socket) => {
      socket.write(Buffer.concat([Buffer.from("RFB 003.008\n"), Buffer.from([0]), u32(0xffff_ffff)]));
      socket.write(Buffer.alloc(100_000, "\x1b[31mA\n"));
    };
    const error = await logIn(script).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "closed" });
    const message = String(Reflect.get(Object(error), "message"));
    expect(message.length).toBeLessThan(2200);
    expect(message).not.toMatch(/\p{C}/u);
  });

  const steps: readonly Buffer[] = [Buffer.from("RFB 003.008\n"), Buffer.from([1, 2]), CHALLENGE, u32(0), serverInit({ name: "n" })];
  const whole = Buffer.concat(steps);
  it.each(Array.from({ length: whole.length }, (_, index) => index))("says that the server closed after %i bytes", async (length) => {
    const error = await logIn((socket) => void socket.end(whole.subarray(0, length)), "x").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ScreenError", kind: "closed" });
  });

  it("ends with its signal while the server is silent at any step", async () => {
    for (let count = 0; count < steps.length; count += 1) {
      const server = await scriptedServer(
        (socket) => void socket.write(Buffer.concat([...steps.slice(0, count), (steps[count] ?? Buffer.alloc(0)).subarray(0, 1)])),
      );
      servers.push(server);
      const stream = connect(server.port, "127.0.0.1");
      clients.push(stream);
      const late = new Error("late");
      const abort = new AbortController();
      setTimeout(() => abort.abort(late), 30);
      await expect(rfbLogin(stream, { password: "x", signal: abort.signal })).rejects.toBe(late);
      expect(stream.listenerCount("readable")).toBe(0);
    }
  });
});
