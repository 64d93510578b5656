import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { holderText, inTheWay } from "../../../electron/core/host-link/forward/holder-text.ts";
import { listenFault, mayBeHeld } from "../../../electron/core/host-link/forward/listen-fault.ts";
import { lsofListeners, macosHolder } from "../../../electron/core/host-link/forward/macos-holder.ts";
import { portHolder } from "../../../electron/core/host-link/forward/port-holder.ts";
import type { RunProgram } from "../../../electron/core/host-link/forward/run-program.ts";
import { netstatListeners, taskName, windowsHolder } from "../../../electron/core/host-link/forward/windows-holder.ts";

/** Answers by program name, in bytes of latin1; records each call. */
function system(answers: Readonly<Record<string, string | null>>): { run: RunProgram; calls: string[][] } {
  const calls: string[][] = [];
  const run: RunProgram = async (program, args) => {
    calls.push([program, ...args]);
    const answer = answers[program.slice(Math.max(program.lastIndexOf("/"), program.lastIndexOf("\\")) + 1)] ?? null;
    return answer === null ? null : Buffer.from(answer, "latin1");
  };
  return { run, calls };
}
const bytes = (text: string) => Buffer.from(text, "latin1");
/** Lines enough for a machine with thousands of connections. */
const many = (line: (port: number) => string) => Array.from({ length: 40_000 }, (_, index) => line(10_000 + index)).join("");

describe("the name of a holder", () => {
  it("is the program with its process, or the process alone", () => {
    expect([holderText("ssh", 7), holderText(" \n", 7), holderText(null, "7")]).toEqual(["ssh (process 7)", "process 7", "process 7"]);
  });

  it("lets no program write more than its name", () => {
    expect(holderText("a\nb\u202Ec\u0007\uD800d", 7)).toBe("a b c d (process 7)");
    expect(holderText("🙂".repeat(300), 7)).toBe(`${"🙂".repeat(64)} (process 7)`);
  });

  it("is that of who stands in the way of 127.0.0.1: itself, then any address, never another", () => {
    const named = (...addresses: string[]) => inTheWay(addresses.map((address) => ({ address })))?.address ?? null;
    expect(named("[::]", "0.0.0.0", "[::1]", "127.0.0.1")).toBe("127.0.0.1");
    expect(named("[::1]", "[::]", "0.0.0.0")).toBe("0.0.0.0");
    expect(named("[fe80::1%5]", "[::]")).toBe("[::]");
    expect([named("192.168.1.5", "[::1]", "127.0.0.2"), named()]).toEqual([null, null]);
  });
});

/** Noise, and lines put together from what the readers look for. */
const ALIKE = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom("\n", "\r\n", "p", "c", "n", "7", "0", "-1", "99999999999", ":4001", "*:4001", "TCP ", " 0.0.0.0:0 ", " [::]:0 ", "\\x", '"', ","),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));
const sane = ({ pid }: { pid: number }) => Number.isSafeInteger(pid) && pid > 0;

describe("macOS: who holds a port, asked of lsof", () => {
  // Field output of lsof 4.91: a process, its descriptors, their addresses.
  const SEVERAL = "p4711\ncssh\nf4\nn[::1]:4001\nf5\nn127.0.0.1:4001\np812\ncGoogle Chrome He\nf31\nn*:4001\n";

  it("runs lsof by its path, without names of hosts and ports, and names the holder", async () => {
    const { run, calls } = system({ lsof: SEVERAL });
    expect(await macosHolder(4001, run)).toBe("ssh (process 4711)");
    expect(calls).toEqual([["/usr/sbin/lsof", "-nP", "-iTCP:4001", "-sTCP:LISTEN", "-Fpcn"]]);
  });

  it("reads every listener on the port, of either family", () => {
    expect(lsofListeners(bytes(SEVERAL), 4001)).toEqual([
      { pid: 4711, name: "ssh", address: "[::1]" },
      { pid: 4711, name: "ssh", address: "127.0.0.1" },
      { pid: 812, name: "Google Chrome He", address: "*" },
    ]);
    expect(lsofListeners(bytes(SEVERAL), 1)).toEqual([]);
  });

  it("understands a name however lsof writes it", () => {
    const name = (written: string) => lsofListeners(bytes(`p7\nc${written}\nf3\nn*:4001\n`), 4001)[0]?.name;
    expect(name("B\\xc3\\xb6rse")).toBe("Börse");
    expect(name(Buffer.from("Börse").toString("latin1"))).toBe("Börse");
    expect(name("a\\\\xb\\nc\\")).toBe("a\\xb c\\");
  });

  it("knows nobody where lsof fails, finds nobody or says what it should not", async () => {
    for (const lsof of [
      null,
      "",
      "\n\n",
      "lsof: status error\n",
      "cssh\nf4\nn*:4001\n",
      "p\ncssh\nn*:4001\n",
      "px\ncssh\nn*:4001\n",
      "p7\ncssh\nn[::1]:4001\n",
    ]) {
      expect(await macosHolder(4001, system({ lsof }).run)).toBeNull();
    }
    // No name, and a port that ends alike.
    expect(await macosHolder(4001, system({ lsof: "p6\ncssh\nn*:14001\np7\nn*:4001\n" }).run)).toBe("process 7");
  });

  it("reads whatever comes without failing, and much of it", () => {
    fc.assert(fc.property(ALIKE, (noise) => lsofListeners(bytes(noise), 4001).every(sane)));
    const listeners = lsofListeners(bytes(`p1\ncbusy\n${many((port) => `f${port}\nn*:${port}\n`)}p2\ncssh\nf3\nn127.0.0.1:4001\n`), 4001);
    expect(listeners).toEqual([{ pid: 2, name: "ssh", address: "127.0.0.1" }]);
  });
});

describe("Windows: who holds a port, asked of netstat and tasklist", () => {
  afterEach(() => vi.unstubAllEnvs());
  const ENGLISH = [
    "",
    "Active Connections",
    "",
    "  Proto  Local Address          Foreign Address        State           PID",
    "  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1132",
    "  TCP    127.0.0.1:4001         127.0.0.1:50312        ESTABLISHED     8124",
    "  TCP    127.0.0.1:4001         0.0.0.0:0              LISTENING       8124",
    "  TCP    127.0.0.1:50312        127.0.0.1:4001         ESTABLISHED     999",
    "  TCP    192.168.1.20:139       0.0.0.0:0              LISTENING       4",
    "  TCP    [::]:135               [::]:0                 LISTENING       1132",
    "  TCP    [::1]:4001             [::]:0                 LISTENING       6000",
    "  TCP    [fe80::8c1:2ff%12]:4001  [::]:0               LISTENING       6001",
    "  UDP    0.0.0.0:4001           *:*                                    5000",
    "  UDP    [::]:4001              *:*                                    5000",
    "",
  ].join("\r\n");
  // Code page 850: Ö is 0x99, ä is 0x84, ü is 0x81.
  const GERMAN = [
    "",
    "Aktive Verbindungen",
    "",
    "  Proto  Lokale Adresse         Remoteadresse          Status           PID",
    "  TCP    0.0.0.0:4001           0.0.0.0:0              ABH\x99REN         4488",
    "  TCP    127.0.0.1:50001        127.0.0.1:4001         HERGESTELLT     4489",
    "  TCP    [::]:4001              [::]:0                 ABH\x99REN         4488",
    "",
  ].join("\r\n");
  const NO_TASK = "INFO: No tasks are running which match the specified criteria.\r\n";

  it("runs both from System32, with the process that netstat names", async () => {
    vi.stubEnv("SystemRoot", "D:\\Windows");
    const { run, calls } = system({ "netstat.exe": ENGLISH, "tasklist.exe": '"ssh.exe","8124","Console","1","9,876 K"\r\n' });
    expect(await windowsHolder(4001, run)).toBe("ssh.exe (process 8124)");
    expect(calls).toEqual([
      ["D:\\Windows\\System32\\netstat.exe", "-ano"],
      ["D:\\Windows\\System32\\tasklist.exe", "/FI", "PID eq 8124", "/FO", "CSV", "/NH"],
    ]);
    vi.stubEnv("SystemRoot", undefined);
    await windowsHolder(4001, run);
    expect(calls[2]?.[0]).toBe("C:\\Windows\\System32\\netstat.exe");
  });

  it("reads every listener on the port, of either family, and neither connections nor UDP", () => {
    expect(netstatListeners(bytes(ENGLISH), 4001)).toEqual([
      { pid: 8124, address: "127.0.0.1" },
      { pid: 6000, address: "[::1]" },
      { pid: 6001, address: "[fe80::8c1:2ff%12]" },
    ]);
    expect(netstatListeners(bytes(ENGLISH), 135)).toEqual([
      { pid: 1132, address: "0.0.0.0" },
      { pid: 1132, address: "[::]" },
    ]);
    expect(netstatListeners(bytes(ENGLISH), 1)).toEqual([]);
  });

  it("needs no word of any language, whatever its bytes", async () => {
    expect(netstatListeners(bytes(GERMAN), 4001).map(({ pid }) => pid)).toEqual([4488, 4488]);
    // 0xA0 is a letter in code page 437 and a space in latin1; a state of two words; code page 932; UTF-8.
    for (const state of ["ESCUCH\xa0NDO", "EN ATTENTE", "\x83\x8a\x83b\x83X\x83\x93", Buffer.from("NASŁUCHIWANIE").toString("latin1")]) {
      expect(netstatListeners(bytes(`  TCP    127.0.0.1:4001         0.0.0.0:0              ${state}       17\r\n`), 4001)).toEqual([
        { pid: 17, address: "127.0.0.1" },
      ]);
    }
    const tasklist = '"ibgateway.exe","4488","Console","1","345.678 K"\r\n';
    expect(await windowsHolder(4001, system({ "netstat.exe": GERMAN, "tasklist.exe": tasklist }).run)).toBe("ibgateway.exe (process 4488)");
  });

  it("takes the name of the asked process only, and none whose letters it would have to guess", () => {
    expect(taskName(bytes('"a, b.exe","17","Services","0","1.234 K"\r\n"ssh.exe","4711","Console","1","9 K"\r\n'), 4711)).toBe("ssh.exe");
    expect(taskName(bytes('"a, b.exe","17","Services","0","1.234 K"\r\n'), 17)).toBe("a, b.exe");
    expect(taskName(Buffer.from('"Börse.exe","17","Console","1","9 K"\r\n'), 17)).toBe("Börse.exe");
    for (const text of [
      "",
      NO_TASK,
      '"B\x94rse.exe","17","Console","1","9 K"\r\n',
      '"ssh.exe","170","Console","1","9 K"',
      '"","17","',
      '"ssh.exe",17',
      '"ssh.exe',
    ])
      expect(taskName(bytes(text), 17)).toBeNull();
  });

  it("names the process alone where tasklist does not know it", async () => {
    for (const tasklist of [null, "", NO_TASK])
      expect(await windowsHolder(4001, system({ "netstat.exe": ENGLISH, "tasklist.exe": tasklist }).run)).toBe("process 8124");
  });

  it("knows nobody, and asks no further, where netstat fails, finds nobody or says what it should not", async () => {
    const line = (text: string) => `  ${text}\r\n`;
    for (const netstat of [
      null,
      "",
      "\r\n\r\n",
      "TCP",
      line("TCP    127.0.0.1:4001"),
      line("TCP    127.0.0.1:4001         0.0.0.0:0"),
      line("TCP 127.0.0.1:4001 0.0.0.0:0 LISTENING"),
      line("TCP 127.0.0.1:4001 0.0.0.0:0 7"),
      line("TCP 127.0.0.1:4001 0.0.0.0:0 LISTENING x"),
      line("TCP 127.0.0.1:4001 0.0.0.0:0 LISTENING 0"),
      line("TCP 127.0.0.1:14001 0.0.0.0:0 LISTENING 7"),
      line("TCP 127.0.0.1:4001 10.0.0.1:0 LISTENING 7"),
      line("TCP [::1]:4001 [::]:0 LISTENING 7"),
      line("TCP 127.0.0.1:4001 0.0.0.0:0 LISTENING 123456789012"),
    ]) {
      const { run, calls } = system({ "netstat.exe": netstat, "tasklist.exe": '"ssh.exe","7","Console","1","9 K"\r\n' });
      expect(await windowsHolder(4001, run)).toBeNull();
      expect(calls).toHaveLength(1);
    }
  });

  it("reads whatever comes without failing, and much of it", () => {
    fc.assert(fc.property(ALIKE, (noise) => netstatListeners(bytes(noise), 4001).every(sane)));
    fc.assert(fc.property(ALIKE, (noise) => taskName(bytes(noise), 7) !== ""));
    const table = `${many((port) => `  TCP    127.0.0.1:4001         127.0.0.1:${port}        ESTABLISHED     8124\r\n`)}${ENGLISH}`;
    expect(netstatListeners(bytes(table), 4001)[0]).toEqual({ pid: 8124, address: "127.0.0.1" });
  });
});

describe("a port that cannot be had", () => {
  const fault = (code: string, holder: string | null, platform: NodeJS.Platform) =>
    listenFault(Object.assign(new Error(code), { code }), 4001, holder, platform);

  it("is named, with its holder where that is known", () => {
    for (const platform of ["linux", "darwin", "win32"] as const) {
      expect(fault("EADDRINUSE", "ssh (process 7)", platform)).toBe("Port 4001 is already in use by ssh (process 7).");
      expect(fault("EADDRINUSE", null, platform)).toBe("Port 4001 is already in use.");
      expect(fault("EADDRNOTAVAIL", null, platform)).toBe("Port 4001 cannot be listened on: EADDRNOTAVAIL.");
    }
  });

  it("is a matter of rights on Linux and macOS; on Windows it is held exclusively or reserved", () => {
    expect(fault("EACCES", null, "linux")).toBe("Port 4001 may not be used by this user (ports below 1024 need special rights).");
    expect(fault("EACCES", null, "win32")).toMatch(/^Port 4001 is not given out by Windows, .*excludedportrange/);
    expect(fault("EACCES", "svchost.exe (process 7)", "win32")).toBe("Port 4001 is already in use by svchost.exe (process 7).");
    const asked = (code: string) => (["linux", "darwin", "win32"] as const).map((platform) => mayBeHeld(code, platform));
    expect([asked("EADDRINUSE"), asked("EACCES"), asked("EADDRNOTAVAIL")]).toEqual([
      [true, true, true],
      [false, false, true],
      [false, false, false],
    ]);
  });

  it("has its holder looked for with what the system has, and by nothing on a system that Gatelight does not know", async () => {
    const asked = async (platform: NodeJS.Platform) => {
      const { run, calls } = system({ lsof: "p7\ncssh\nf3\nn*:4001\n", "netstat.exe": "  TCP    127.0.0.1:4001    0.0.0.0:0    LISTENING    8\r\n" });
      return [await portHolder(4001, platform, run), calls.length];
    };
    expect(await asked("darwin")).toEqual(["ssh (process 7)", 1]);
    expect(await asked("win32")).toEqual(["process 8", 2]);
    expect(await asked("freebsd")).toEqual([null, 0]);
  });
});
