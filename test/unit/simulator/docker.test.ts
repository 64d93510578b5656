import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { formatTemplate } from "../../../electron/simulator/docker/go-template.ts";
import { humanDuration } from "../../../electron/simulator/docker/listing.ts";
import { parseTime } from "../../../electron/simulator/docker/streams.ts";
import { simpleCommand, tokenize } from "../../../electron/simulator/shell/words.ts";
import { eventually, logIn, open, run, simulate } from "./support/sim.ts";

const PAPER = "mcp-ib-gateway-paper";

describe("words of a shell", () => {
  it("reads quotes and backslashes as POSIX does", () => {
    expect(simpleCommand(`'docker' 'inspect' '--format' '{{json .State}} it'\\''s' "a\\"b $" c\\ d`)).toEqual([
      "docker",
      "inspect",
      "--format",
      "{{json .State}} it's",
      'a"b $',
      "c d",
    ]);
    expect(simpleCommand("a ''")).toEqual(["a", ""]);
  });
  it("leaves everything else to a real shell", () => {
    for (const text of ["a | b", "a; b", "a && b", "a > f", "echo $HOME", "echo $(date)", "echo `date`", "a\nb", "'open"])
      expect(simpleCommand(text)).toBeNull();
  });
  it("expands variables it was given", () => {
    expect(tokenize(['"$A" $', "{B:-x} '$A'"].join(""), { A: "1 2" })).toEqual([
      { kind: "word", text: "1 2", quoted: true },
      { kind: "word", text: "x", quoted: false },
      { kind: "word", text: "$A", quoted: true },
    ]);
  });
});

describe("Go templates", () => {
  const value = { Name: "/x", State: { Pid: 7, Running: true }, Labels: { "a.b": "c" }, Ports: { "1/tcp": null }, List: ["p", "q"] };
  it.each([
    ["{{.Name}} {{.State.Pid}}", "/x 7"],
    ["{{json .State}}|{{json .Ports}}", '{"Pid":7,"Running":true}|{"1/tcp":null}'],
    ['{{index .Labels "a.b"}}', "c"],
    ["{{if .State.Running}}up{{else}}down{{end}}", "up"],
    ["{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a.b=c;"],
    ["{{range .List}}{{.}},{{end}}", "p,q,"],
    ["{{.Labels}} {{.List}}", "map[a.b:c] [p q]"],
    ['{{(index .Labels "a.b")}}{{with .Nope2}}x{{end}}', null],
    ["{{.Nope}}", null],
    ["{{nope .Name}}", null],
  ] as const)("%s", (template, wanted) => {
    if (wanted === null) expect(() => formatTemplate(template, value)).toThrow();
    else expect(formatTemplate(template, value)).toBe(wanted);
  });
});

describe("the simulated docker", () => {
  it("prints times and spans as docker does", () => {
    expect(humanDuration(3 * 86_400_000)).toBe("3 days");
    expect(humanDuration(61_000)).toBe("About a minute");
    expect(parseTime("10m", 1_000_000)).toBe(400_000);
    expect(parseTime("1700000000.5", 0)).toBe(1_700_000_000_500);
    expect(parseTime("2026-11-22T10:00:00.123456789Z", 0)).toBe(Date.UTC(2026, 10, 22, 10, 0, 0, 123));
    expect(parseTime("soon", 0)).toBeNull();
  });

  it("inspects: the whole JSON, chosen fields, several names, unknown ones", async () => {
    const simulator = await simulate();
    const client = await logIn(simulator);
    const whole = await run(client, `docker inspect ${PAPER}`);
    const [container] = JSON.parse(whole.out);
    expect(container).toMatchObject({
      Name: `/${PAPER}`,
      State: { Status: "running", ExitCode: 0 },
      RestartCount: 0,
      NetworkSettings: { Ports: { "5900/tcp": [{ HostIp: "127.0.0.1", HostPort: "15900" }] }, Networks: { "ib-paper_default": { IPAddress: "172.18.0.2" } } },
    });
    // The canary stands there, so that tests can prove that nobody carries it away.
    expect(whole.out).toContain(simulator.canary);
    const fields = await run(
      client,
      `docker inspect --type container --format '{{.Name}}|{{json .State.Running}}|{{index .Config.Labels "com.docker.compose.service"}}' ${PAPER} nosuch`,
    );
    expect(fields).toEqual({ out: `/${PAPER}|true|ib-gateway-paper\n`, err: "Error: No such container: nosuch\n", code: 1 });
    expect((await run(client, "docker inspect nosuch")).out).toBe("[]\n");
    const names = await run(client, "env LC_ALL=C /usr/bin/docker ps -a --format '{{.Names}}'");
    expect(names.out.split("\n")).toContain(PAPER);
    const rows = (await run(client, "docker ps -a --format '{{json .}}'")).out.trim().split("\n");
    expect(JSON.parse(rows[0] ?? "")).toMatchObject({ Names: PAPER, State: "running", Status: "Up 3 days" });
  });

  it("says what is wrong when the daemon is down or not allowed", async () => {
    const simulator = await simulate();
    const client = await logIn(simulator);
    const follow = await open(client, `docker events --format '{{json .}}'`);
    follow.resume();
    await eventually(() => simulator.truth().commands.length > 0, "events follow");
    await Promise.all([once(follow, "close"), simulator.play("docker-down")]);
    expect(await run(client, "docker ps")).toMatchObject({ code: 1, err: expect.stringMatching(/^Cannot connect to the Docker daemon at unix/) });
    await simulator.play("docker-permission");
    expect(await run(client, "docker ps")).toMatchObject({ code: 1, err: expect.stringContaining("connect: permission denied") });
    await simulator.play("healthy");
    expect((await run(client, "docker ps -q")).code).toBe(0);
  });

  it("follows logs to the container's end and streams events of it", async () => {
    const simulator = await simulate();
    const client = await logIn(simulator);
    const events = await open(client, `docker events --filter type=container --filter container=${PAPER} --format '{{json .}}'`);
    let seen = "";
    events.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
    });
    const logs = await open(client, `docker logs --timestamps --since 2026-01-01T00:00:00Z --tail 2 -f ${PAPER}`);
    let text = "";
    logs.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    let closed = false;
    logs.once("close", () => {
      closed = true;
    });
    await eventually(() => text.split("\n").length === 3, "two lines of the past");
    simulator.stage.paper.gateway?.say("Something new");
    await eventually(() => /Z \d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3} IBC: Something new\n/.test(text), "the new line");
    expect(await run(client, `docker restart ${PAPER}`)).toEqual({ out: `${PAPER}\n`, err: "", code: 0 });
    await eventually(() => closed, "logs end with the container");
    await eventually(() => /"Action":"start"/.test(seen), "start");
    expect(
      seen
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).Action),
    ).toEqual(["kill", "die", "stop", "start"]);
  });

  it("executes inside: /proc, processes, IBC's commands over socat and over /dev/tcp", async () => {
    const simulator = await simulate();
    const client = await logIn(simulator);
    const table = await run(client, `docker exec ${PAPER} sh -c 'cat /proc/net/tcp6 2>/dev/null || true'`);
    expect(table.out).toMatch(/:0FA2 0{32}:0000 0A 00000000:00000000 /);
    expect((await run(client, `docker top ${PAPER} -eo pid,stat,comm`)).out).toMatch(/^PID +STAT +COMMAND\n(\d+ +\S+ +\S+\n)+$/);
    expect((await run(client, `docker exec ${PAPER} pgrep -x socat`)).code).toBe(0);
    expect(await run(client, `docker exec -i ${PAPER} socat -t5 - TCP:127.0.0.1:7462`, "nonsense\nRECONNECTDATA\nEXIT\n")).toEqual({
      out: "ERROR Command invalid\r\nOK \r\nOK Goodbye\r\n",
      err: "",
      code: 0,
    });
    const dev = `docker exec ${PAPER} bash -c "exec 3<>/dev/tcp/127.0.0.1/7462; printf 'EXIT\\n' >&3; cat <&3"`;
    expect((await run(client, dev)).out).toBe("OK Goodbye\r\n");
    expect((await run(client, `docker exec ${PAPER} sh -c "printf 'exit\\n' | socat - TCP:127.0.0.1:7462"`)).out).toBe("OK Goodbye\r\n");
    expect(await run(client, `docker exec ${PAPER} ss -ltn`)).toMatchObject({ code: 127 });
    await run(client, `docker exec ${PAPER} pkill -x socat`);
    expect((await run(client, `docker exec ${PAPER} pgrep -x socat`)).code).toBe(1);
    await eventually(() => simulator.stage.paper.gateway?.usable === true, "socat respawned");
  });

  it("restarts without a second factor by IBC's RESTART", async () => {
    const simulator = await simulate({ speed: 200 });
    const client = await logIn(simulator);
    const before = simulator.stage.live.gateway?.container.startedAt;
    const reply = await run(client, "docker exec -i mcp-ib-gateway-live socat - TCP:127.0.0.1:7462", "RESTART\n");
    expect(reply.out).toMatch(/^OK RESTART in progress\r\nOK RESTART at \d\d:\d\d AM\r\n$/);
    await eventually(() => simulator.stage.live.gateway?.usable === false, "down");
    await eventually(() => simulator.stage.live.gateway?.usable === true, "up");
    expect(simulator.stage.live.gateway?.container.startedAt).toBe(before);
    const log = (await run(client, "docker logs mcp-ib-gateway-live")).out;
    expect(log).toContain("IBC will restart shortly");
    expect(log.split("Second Factor Authentication initiated").length).toBe(2);
  });

  it("makes anew by compose, with a newer image, from a folder with an env file", async () => {
    const simulator = await simulate({ speed: 200 });
    const client = await logIn(simulator);
    const compose = (words: string) =>
      `sh -c 'cd "$HOME/projects/ib-paper" && set -a; . "$HOME/projects/secrets/mcp-ib-paper.env"; set +a; docker compose ${words}'`;
    const id = async () => (await run(client, `docker inspect --format '{{.Id}} {{.Image}}' ${PAPER}`)).out;
    const first = await id();
    expect(await run(client, compose("pull ib-gateway-paper"))).toMatchObject({ code: 0 });
    const up = await run(client, compose("up -d ib-gateway-paper"));
    expect(up.err).toMatch(/Recreated\n[\s\S]*Started/);
    expect(up.err).not.toContain("TWS_USERID");
    const second = await id();
    expect(second.split(" ")[0]).not.toBe(first.split(" ")[0]);
    expect(second.split(" ")[1]).not.toBe(first.split(" ")[1]);
    expect((await run(client, compose("ps --format {{.Names}}"))).out).toBe(`${PAPER}\nmcp-ib-paper\n`);
    expect((await run(client, "docker compose up -d")).code).toBe(14);
    await run(client, compose("down -v"));
    expect((await run(client, "docker ps -aq --filter name=ib-paper")).out).toBe("");
    expect(simulator.stage.paper.saved.readOnly).toBe(true);
    expect(simulator.canary.length).toBeGreaterThan(10);
  });
});
