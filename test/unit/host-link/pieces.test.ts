import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { BoundedText } from "../../../electron/core/host-link/bounded-text.ts";
import { listeningInodes } from "../../../electron/core/host-link/forward/linux-holder.ts";
import { isNotFound } from "../../../electron/core/host-link/is-not-found.ts";
import { LineSplitter } from "../../../electron/core/host-link/line-splitter.ts";
import { settle } from "../../../electron/core/host-link/settle.ts";
import { defaultAgentSocket, identityTypes } from "../../../electron/core/host-link/ssh/agent.ts";
import { bcryptPbkdf } from "../../../electron/core/host-link/ssh/bcrypt-pbkdf.ts";
import { deriveKey } from "../../../electron/core/host-link/ssh/derive-key.ts";
import { openKey, unlockKey } from "../../../electron/core/host-link/ssh/private-key.ts";
import { ServerGreeting } from "../../../electron/core/host-link/ssh/server-greeting.ts";
import { BackOff } from "../../../electron/core/net/back-off.ts";
import { watchClockJumps } from "../../../electron/core/net/clock-jump.ts";
import { watchNetwork } from "../../../electron/core/net/network-watch.ts";
import { joinWakes } from "../../../electron/core/net/wake-watch.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const sha512 = (data: Uint8Array) => createHash("sha512").update(data).digest();

describe("lines and outputs", () => {
  it("cuts any bytes into the same lines, however they arrive", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "\n", "\r\n", "ü", "🙂", " ") }), fc.array(fc.integer({ min: 1, max: 5 })), (text, cuts) => {
        const lines: string[] = [];
        const splitter = new LineSplitter((line) => lines.push(line));
        let rest = Buffer.from(text);
        for (const cut of cuts) {
          splitter.push(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        splitter.push(rest);
        splitter.end();
        const expected = text.split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(lines).toEqual(expected.map((line) => line.replace(/\r$/, "")));
      }),
    );
  });

  it("bounds a line without end and an output without end", () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (let i = 0; i < 100; i++) splitter.push(Buffer.alloc(10_000, "x"));
    splitter.push(Buffer.from("\nnext\n"));
    expect(lines.map((line) => line.length)).toEqual([64 * 1024, 4]);
    const text = new BoundedText(10);
    text.push(Buffer.from("12345678"));
    text.push(Buffer.from("90ab"));
    expect([text.toString(), text.truncated]).toEqual(["1234567890", true]);
  });

  it("takes a shell's word for a missing program, and only its word", () => {
    const said = (stderr: string) => isNotFound("docker", { code: 127, stderr });
    for (const text of [
      "sh: 1: docker: not found",
      "bash: line 1: docker: command not found",
      "zsh:1: command not found: docker",
      "fish: Unknown command: docker",
    ]) {
      expect(said(text)).toBe(true);
    }
    expect(said("sh: 1: jq: not found")).toBe(false);
    expect(isNotFound("docker", { code: 1, stderr: "docker: not found" })).toBe(false);
  });
});

describe("settle", () => {
  const failing = { onTimeout: () => new Error("late"), onAbort: () => new Error("aborted") };

  it("settles once: at the deadline, on abort, or by its callback; what comes later is handed back", async () => {
    const clock = new FakeClock();
    const late: number[] = [];
    let give: (value: number) => void = () => {};
    const waiting = settle<number>({ clock, deadlineMs: 100, onLate: (value) => late.push(value), ...failing }, (resolve) => (give = resolve));
    const outcome = expect(waiting).rejects.toThrow("late");
    await clock.advance(100);
    await outcome;
    give(7);
    expect([late, clock.pending]).toEqual([[7], 0]);
    const abort = new AbortController();
    const aborted = expect(settle({ clock, deadlineMs: 100, signal: abort.signal, ...failing }, () => {})).rejects.toThrow("aborted");
    abort.abort();
    await aborted;
    expect(await settle({ clock, deadlineMs: 100, ...failing }, (resolve: (value: number) => void) => resolve(1))).toBe(1);
    await expect(
      settle({ clock, deadlineMs: 1, ...failing }, () => {
        throw new Error("at once");
      }),
    ).rejects.toThrow("at once");
    expect(clock.pending).toBe(0);
  });
});

describe("private keys", () => {
  it("derives what OpenBSD's bcrypt_pbkdf derives, in a worker and here", async () => {
    // Computed by the npm package bcrypt-pbkdf, which ssh2 uses; whole keys made by ssh-keygen are opened in the integration tests.
    const input = { passphrase: Buffer.from("password"), salt: Buffer.from("salt"), rounds: 12, length: 32 };
    const expected = "1ae42c05d487bc02f64921a4ebe4ea93bcacfe135fda99974c06b7b01fae149a";
    expect(Buffer.from(bcryptPbkdf(input, sha512)).toString("hex")).toBe(expected);
    expect(Buffer.from(await deriveKey(input)).toString("hex")).toBe(expected);
  });

  it("opens a PKCS#8 key with its passphrase alone", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const guarded = String(privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret-passphrase" }));
    expect(openKey(guarded)).toEqual({ kind: "locked", public: null });
    expect((await unlockKey(guarded, "secret-passphrase")).kind).toBe("private");
    for (const [text, passphrase] of [
      [guarded, "other"],
      [guarded, ""],
      [guarded.slice(0, 150), "secret-passphrase"],
    ] as const)
      expect(await unlockKey(text, passphrase)).toEqual({ kind: "wrong" });
  });

  it("says in plain words what kind of key it cannot use", () => {
    const why = (text: string) => {
      const opened = openKey(text);
      return opened.kind === "unusable" ? opened.why : opened.kind;
    };
    expect(why("ssh-ed25519-cert-v01@openssh.com AAAA cert")).toMatch(/certificate.*plain key beside it/);
    expect(why("sk-ssh-ed25519@openssh.com AAAA token")).toMatch(/security token.*in a terminal can/);
    expect(why("ssh-dss AAAA old")).toMatch(/DSA key/);
    const string = (bytes: string | Buffer) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, Buffer.from(bytes)]);
    };
    const file = (type: string) =>
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.concat([
        Buffer.from("openssh-key-v1\0"),
        ...["none", "none", ""].map(string),
        Buffer.from([0, 0, 0, 1]),
        string(Buffer.concat([string(type), string(Buffer.alloc(32)), string("ssh:")])),
        string(Buffer.alloc(64)),
      ]).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
    expect(why(file("sk-ecdsa-sha2-nistp256@openssh.com"))).toMatch(/security token/);
    expect(why(file("ssh-dss"))).toMatch(/DSA key/);
    expect(why("PuTTY-User-Key-File-3: ssh-ed25519")).toMatch(/not a key in a form Gatelight can read|unsupported|damaged/i);
  });

  it("survives any text, locked or not", { timeout: 60_000 }, async () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.constantFrom(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n",
        "\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\n",
        "Proc-Type: 4,ENCRYPTED\n",
        "b3BlbnNzaC1rZXktdjEA",
        "AAAA",
        "ssh-rsa ",
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const text = pieces.join("");
        expect(openKey(text).kind).not.toBe("private");
        expect((await unlockKey(text, "secret-passphrase")).kind).not.toBe("private");
      }),
      { numRuns: 200 },
    );
  });
});

describe("the agent", () => {
  it("is the environment's, OpenSSH's pipe on Windows, and no fault where there is none", () => {
    expect(defaultAgentSocket("linux", { SSH_AUTH_SOCK: "/run/agent" })).toBe("/run/agent");
    expect(defaultAgentSocket("darwin", {})).toBeNull();
    expect(defaultAgentSocket("win32", {})).toBeNull();
    const pipes = (...names: string[]) => defaultAgentSocket("win32", {}, () => names);
    expect(pipes("pageant.me.1234", "openssh-ssh-agent", "x")).toBe("\\\\.\\pipe\\openssh-ssh-agent");
    expect(pipes("x", "pageant.me.1234")).toBe("\\\\.\\pipe\\pageant.me.1234");
    expect(pipes("x")).toBeNull();
  });
});

describe("an agent's answer", () => {
  const string = (text: string) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const answer = (count: number, ...types: string[]) => {
    const head = Buffer.from([0, 0, 0, 0, 12, 0, 0, 0, count]);
    return Buffer.concat([head, ...types.flatMap((type) => [string(string(type).toString("latin1") + "x".repeat(32)), string("a comment")])]);
  };
  it("names the types of all keys, those too that ssh2 passes over", () => {
    const types = ["ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ssh-ed25519-cert-v01@openssh.com"];
    expect(identityTypes(answer(3, ...types))).toEqual(types);
  });
  it("survives any answer", () => {
    const whole = answer(3, "ssh-ed25519", "ssh-rsa");
    expect(identityTypes(whole)).toEqual(["ssh-ed25519", "ssh-rsa"]);
    for (let length = 0; length < whole.length; length++) expect(identityTypes(whole.subarray(0, length)).length).toBeLessThan(3);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void identityTypes(Buffer.from([0, 0, 0, 0, 12, 255, ...bytes]))));
  });
});

describe("the server's greeting", () => {
  const kexinit = (list: string) => {
    const names = Buffer.from(list);
    const packet = Buffer.alloc(5 + 1 + 16 + 4 + names.length + 20);
    packet.writeUInt32BE(packet.length - 4, 0);
    packet[5] = 20;
    packet.writeUInt32BE(names.length, 22);
    names.copy(packet, 26);
    return packet;
  };
  it("tells version and key exchanges, byte by byte", () => {
    const greeting = new ServerGreeting();
    const bytes = Buffer.concat([Buffer.from("Welcome\r\nSSH-2.0-Test_1 x\r\n"), kexinit("mlkem768x25519-sha256,kex-strict-s-v00@openssh.com,ext-info-s")]);
    for (const byte of bytes) greeting.push(Buffer.from([byte]));
    expect([greeting.version, greeting.keyExchanges]).toEqual(["SSH-2.0-Test_1 x", ["mlkem768x25519-sha256"]]);
  });
  it("shows what else answered, as safe text", () => {
    const greeting = new ServerGreeting();
    greeting.push(Buffer.from("RFB 003.008\n\x1b[31m"));
    expect([greeting.version, greeting.opening, greeting.keyExchanges]).toEqual([null, "RFB 003.008", []]);
  });
});

describe("back-off and wakes", () => {
  it("doubles its limit up to the maximum, evenly spread below it", () => {
    const high = new BackOff({ random: () => 0.999, firstMs: 1_000, maxMs: 30_000 });
    expect(Array.from({ length: 7 }, () => Math.ceil(high.next() / 1_000))).toEqual([1, 2, 4, 8, 16, 30, 30]);
    high.reset();
    expect(high.next()).toBeLessThan(1_000);
    expect(new BackOff({ random: () => 0, firstMs: 1_000, maxMs: 30_000 }).next()).toBe(0);
  });

  it("notices sleep and a changed network, once each, and stops when nobody listens", async () => {
    const clock = new FakeClock();
    let address = "192.0.2.1";
    const info = (value: string) => ({ address: value, netmask: "", family: "IPv4" as const, mac: "", internal: false, cidr: null });
    const wakes = joinWakes([watchClockJumps(clock), watchNetwork(clock, () => ({ eth0: [info(address)], docker0: [info(String(clock.now()))] }))]);
    const heard: string[] = [];
    const stop = wakes.onWake((reason) => heard.push(reason));
    await clock.advance(20_000);
    expect(heard).toEqual([]);
    address = "192.0.2.2";
    await clock.advance(10_000);
    expect(heard).toEqual(["the network changed"]);
    stop();
    expect(clock.pending).toBe(0);

    let now = 0;
    let run = () => {};
    const jumping = watchClockJumps({
      now: () => now,
      after: (_, tick) => {
        run = tick;
        return () => {};
      },
    });
    jumping.onWake((reason) => heard.push(reason));
    now = 2_100;
    run();
    now += 3_600_000;
    run();
    expect(heard.slice(1)).toEqual(["the clock jumped by 3598 s"]);
    jumping.dispose();
  });
});

describe("who holds a port", () => {
  it("finds listeners in the kernel's table", () => {
    const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0FA2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0
   1: 0100007F:0FA2 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 999 1 0000000000000000 20 4 30 10 -1
   2: 00000000000000000000000001000000:0FA2 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1
garbage`;
    expect(listeningInodes(text, 4002)).toEqual(["12345", "777"]);
    expect(listeningInodes(text, 4003)).toEqual([]);
  });
});

describe("in one bundled file", () => {
  let folder = "";
  afterEach(() => folder !== "" && rmSync(folder, { recursive: true, force: true }));

  it("opens keys in its worker all the same", async () => {
    folder = mkdtempSync(join(tmpdir(), "gatelight-bundle-"));
    const entry = join(folder, "entry.ts");
    writeFileSync(entry, `export { deriveKey } from ${JSON.stringify(join(import.meta.dirname, "../../../electron/core/host-link/ssh/derive-key.ts"))};`);
    const { rolldown } = await import("rolldown");
    const build = await rolldown({ input: entry, platform: "node", logLevel: "silent" });
    await build.write({ file: join(folder, "out.mjs"), format: "esm", minify: true });
    await build.close();
    const bundle: typeof import("../../../electron/core/host-link/ssh/derive-key.ts") = await import(join(folder, "out.mjs"));
    const key = await bundle.deriveKey({ passphrase: Buffer.from("password"), salt: Buffer.from("salt"), rounds: 12, length: 32 });
    expect(Buffer.from(key).toString("hex").slice(0, 8)).toBe("1ae42c05");
  });
});
