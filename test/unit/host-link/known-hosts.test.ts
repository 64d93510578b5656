import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseAlgorithms, hostKeyOrder } from "../../../electron/core/host-link/ssh/algorithms.ts";
import { fingerprint, judgeHostKey, knownHostNames, knownTypes, matchesHost, parseKnownHosts } from "../../../electron/core/host-link/ssh/known-hosts.ts";
import { missingPeers, peer } from "../../support/peers.ts";

const key = (type: string, fill: number) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, fill)]);
};
const A = key("ssh-ed25519", 1);
const B = key("ssh-ed25519", 2);
const R = key("ssh-rsa", 3);
const line = (patterns: string, blob: Buffer, marker = "") =>
  `${marker}${patterns} ${blob.toString("latin1", 4, 4 + blob.readUInt32BE(0))} ${blob.toString("base64")} comment with words`;

describe("known_hosts", () => {
  const judgeAt = (text: string, names: readonly [string, ...string[]], blob: Buffer) => judgeHostKey(parseKnownHosts(text, "f"), names, blob).kind;
  const judge = (text: string, name: string, blob: Buffer) => judgeAt(text, [name], blob);

  it("judges as OpenSSH does", () => {
    expect(judge(line("a,b", A), "b", A)).toBe("known");
    expect(judge(line("a", A), "a", B)).toBe("changed");
    expect(judge(line("a", A), "a", R)).toBe("unknown");
    expect(judge(line("a", A), "c", A)).toBe("unknown");
    expect(judge([line("a", A), line("a", B)].join("\n"), "a", B)).toBe("known");
    expect(judge([line("a", A), line("*", A, "@revoked ")].join("\n"), "a", A)).toBe("revoked");
    expect(judge(line("a", A, "@cert-authority "), "a", A)).toBe("unknown");
    expect(judge(line("a", A, "@strange "), "a", A)).toBe("unknown");
    expect(judge(line("*.lan,!door.lan", A), "x.lan", A)).toBe("known");
    expect(judge(line("*.lan,!door.lan", A), "door.lan", A)).toBe("unknown");
    expect(judgeAt(line("[A]:2222", A), knownHostNames("a", 2222), A)).toBe("known");
    expect(judgeAt(line("[A]:2222", A), knownHostNames("a", 22), A)).toBe("unknown");
    expect(judge(`${line("a", A)}\r\n`, "a", A)).toBe("known");
  });

  it("takes a key that is known for the host's usual port at another port too, and finds none changed there", () => {
    const at = knownHostNames("A.lan", 2222);
    expect(judgeAt(line("a.lan", A), at, A)).toBe("known");
    expect(judgeAt(line("a.lan", A), at, B)).toBe("unknown");
    expect(judgeAt([line("a.lan", A), line("[a.lan]:2222", B)].join("\n"), at, A)).toBe("changed");
    expect(judgeAt([line("a.lan", A), line("a.lan", A, "@revoked ")].join("\n"), at, A)).toBe("revoked");
    expect(judgeAt(line("a.lan", A), knownHostNames("b", 2222, "A.lan"), A)).toBe("known");
    expect(judgeAt(line("[a.lan]:2222", A), knownHostNames("b", 2222, "a.lan"), A)).toBe("unknown");
  });

  it("asks first for the types it can compare", () => {
    const entries = parseKnownHosts([line("a", R), line("b", A)].join("\n"), "f");
    const usual = chooseAlgorithms(() => undefined).algorithms;
    expect(hostKeyOrder(knownTypes(entries, ["a"]), usual).slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
    expect(hostKeyOrder([], usual)[0]).toBe("ssh-ed25519");
    expect(hostKeyOrder(["ssh-rsa"], usual)).not.toContain("ssh-rsa");
    const own = (text: string) => hostKeyOrder(["ssh-rsa"], chooseAlgorithms((keyword) => (keyword === "hostkeyalgorithms" ? text : undefined)).algorithms);
    expect(own("ssh-ed25519,rsa-sha2-512")).toEqual(["ssh-ed25519", "rsa-sha2-512"]);
    expect(own("-ecdsa-*")).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
  });

  it("survives any file, and never takes another key for known", { timeout: 60_000 }, () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom(
        "@revoked ",
        "@cert-authority ",
        "|1|",
        "|1|AAAA|BBBB ",
        "a ",
        "ssh-ed25519 ",
        A.toString("base64"),
        " ",
        "\n",
        "\0",
        "*",
        "!",
        ",",
        "[a]:22",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const entries = parseKnownHosts(pieces.join(""), "f");
        expect(judgeHostKey(entries, ["a"], B).kind).not.toBe("known");
      }),
      { numRuns: 500 },
    );
  });

  it("is quick on patterns made to be slow", () => {
    const since = performance.now();
    expect(matchesHost(`${"*a".repeat(2_000)}b`, "a".repeat(4_000))).toBe(false);
    expect(performance.now() - since).toBeLessThan(2_000);
  });
});

describe.skipIf(missingPeers("ssh-keygen").length > 0)("known_hosts beside ssh-keygen -F", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "gatelight-known-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("finds the same lines, plain and hashed", () => {
    const keys = ["ed25519", "ecdsa"].map((type) => {
      const file = join(folder, `k_${type}`);
      execFileSync(peer("ssh-keygen"), ["-q", "-t", type, "-N", "", "-f", file]);
      return execFileSync("cat", [`${file}.pub`], { encoding: "utf8" })
        .trim()
        .split(" ");
    });
    const blob = (index: number) => `${keys[index]?.[0]} ${keys[index]?.[1]}`;
    const text = `# comment\nalpha,192.0.2.7 ${blob(0)}\n[beta]:2222 ${blob(0)}\n*.lan,!no.lan ${blob(1)}\ngam?a ${blob(0)}\n@revoked delta ${blob(0)}\nalpha ${blob(1)}\n|1|broken|x ${blob(0)}\n`;
    const plain = join(folder, "plain");
    writeFileSync(plain, text);
    const hashed = join(folder, "hashed");
    writeFileSync(hashed, text);
    execFileSync(peer("ssh-keygen"), ["-q", "-H", "-f", hashed], { stdio: "ignore" });
    const names = ["alpha", "ALPHA", "192.0.2.7", "[beta]:2222", "beta", "x.lan", "no.lan", "gamma", "gamna", "gammma", "delta", "epsilon", "[alpha]:2222"];
    for (const file of [plain, hashed]) {
      const entries = parseKnownHosts(execFileSync("cat", [file], { encoding: "utf8" }), file);
      // ssh looks hashed names up in lower case; ssh-keygen -F takes them as they are.
      for (const name of names.filter((each) => file === plain || each === each.toLowerCase())) {
        const theirs = spawnSync(peer("ssh-keygen"), ["-F", name, "-f", file], { encoding: "utf8" })
          .stdout.split("\n")
          .filter((text) => text !== "" && !text.startsWith("#")).length;
        const ours = entries.filter((entry) => matchesHost(entry.patterns, name.toLowerCase())).length;
        expect([file, name, ours]).toEqual([file, name, theirs]);
      }
    }
    const print = execFileSync(peer("ssh-keygen"), ["-lf", join(folder, "k_ed25519.pub")], { encoding: "utf8" }).split(" ")[1];
    expect(fingerprint(Buffer.from(keys[0]?.[1] ?? "", "base64"))).toBe(print);
  });
});
