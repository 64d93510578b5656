import { describe, expect, it } from "vitest";
import { readFaults } from "../../../renderer/views/settings/faults.ts";
import { freeId, gatewayOf, homeServer, identifierOf, withoutEmpty } from "../../../renderer/views/settings/templates.ts";
import { describeFaults, EMPTY_SETTINGS, settings } from "../../../shared/settings.ts";

describe("settings forms", () => {
  it("make a home server that is valid with a user alone, and without one for ssh_config", () => {
    const server = homeServer([]);
    const save = (user: string) =>
      settings.safeParse({
        ...EMPTY_SETTINGS,
        servers: [withoutEmpty({ ...server, reach: { kind: "ssh", host: "linuxserver.lan", user, useAgent: true, useSshConfig: true } })],
      });
    expect(save("administrator").data?.servers[0]).toMatchObject({
      id: "home",
      reach: { host: "linuxserver.lan", user: "administrator" },
      gateways: [
        { id: "paper", mode: "paper", container: "mcp-ib-gateway-paper" },
        { id: "live", mode: "live", container: "mcp-ib-gateway-live" },
      ],
    });
    expect(save("  ").success).toBe(true);
  });
  it("find the fault of a field by the path that Core names", () => {
    const parsed = settings.safeParse({ ...EMPTY_SETTINGS, servers: [{ ...homeServer([]), reach: { kind: "ssh", host: "two words" } }] });
    const faults = readFaults(parsed.error === undefined ? [] : describeFaults(parsed.error));
    expect(faults.at("servers[0].reach.host")).toContain("without spaces");
    expect(faults.under("servers[0]")).toBe(1);
    expect(faults.under("servers[0].gateways[0]")).toBe(0);
    expect(readFaults(["no path here"]).all).toEqual([{ path: "", message: "no path here" }]);
  });
  it("count under a path only what lies under it", () => {
    const faults = readFaults(["servers[1].name: x", "servers[10].name: y"]);
    expect(faults.under("servers[1]")).toBe(1);
  });
  it("take a container of unknown mode for live, under an id that is free and valid", () => {
    const found = { name: "ib.gate way", image: "", status: "", likely: true, mode: null, mcpUrl: null };
    expect(gatewayOf(found, ["ib.gate-way"])).toMatchObject({ id: "ib.gate-way-2", mode: "live", container: "ib.gate way" });
    expect(identifierOf("--- ")).toBe("server");
    expect(freeId("a", ["a", "a-2"])).toBe("a-3");
  });
});
