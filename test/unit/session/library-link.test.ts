import { readFileSync } from "node:fs";
import { EventName } from "@stoqey/ib/dist/api/data/enum/event-name.js";
import { describe, expect, it } from "vitest";
import { createLibraryLink } from "../../../electron/core/session/library-link.ts";
import { frame } from "../../support/tws-server.ts";

describe("the library behind our own wire", () => {
  it("is the pinned version", () => {
    const { version } = JSON.parse(readFileSync("node_modules/@stoqey/ib/package.json", "utf8")) as { version: string };
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
    expect(version).toBe("1.6.10");
    expect(dependencies["@stoqey/ib"]).toBe("1.6.10");
  });

  it("opens no connection of its own: hello and start go to us, frames come from us", () => {
    const sent: Buffer[] = [];
    const link = createLibraryLink(905, (bytes) => sent.push(bytes));
    const heard: string[] = [];
    link.api.on(EventName.managedAccounts, (list: string) => heard.push(list));
    link.api.on(EventName.nextValidId, (id: number) => heard.push(String(id)));
    link.open();
    expect(sent.map((bytes) => bytes.toString("latin1"))).toEqual(["API\0\0\0\0\tv100..193"]);
    link.deliver(frame(193, "20261124 10:00:00 CET"));
    expect(sent[1]).toEqual(frame(71, 2, 905, ""));
    link.deliver(frame(15, 1, "DU1,DU2"));
    link.deliver(frame(9, 1, 7));
    expect(heard).toEqual(["DU1,DU2", "7"]);
    link.cut();
  });

  it("holds requests until the next order id, and none outlives the connection", async () => {
    const sent: Buffer[] = [];
    const link = createLibraryLink(905, (bytes) => sent.push(bytes));
    link.open();
    link.deliver(frame(193, "20261124 10:00:00 CET"));
    link.api.reqCurrentTime();
    expect(sent.length).toBe(2);
    link.deliver(frame(9, 1, 7));
    expect(sent[2]).toEqual(frame(49, 1));
    for (let i = 0; i < 30; i++) link.api.reqPnL(i, "DU1", "");
    const before = sent.length;
    link.cut();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(sent.length).toBe(before);
  });

  it("reads no .env file", () => {
    const before = { ...process.env };
    createLibraryLink(905, () => undefined);
    expect(process.env).toEqual(before);
  });

  it("a throwing decoder reaches the caller of deliver", () => {
    const link = createLibraryLink(905, () => undefined);
    link.open();
    link.deliver(frame(193, "20261124 10:00:00 CET"));
    expect(() => link.deliver(frame(4, 2, 5, 201, "rejected", "{not json"))).toThrow();
  });
});
