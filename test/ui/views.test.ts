import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startWebHost } from "../../electron/web/web-host.ts";
import { rendererConfig } from "../../renderer/vite.config.ts";
import { BARE_SNAPSHOT, someHandlers, testDoor } from "../support/contract-fixture.ts";
import { missingPeers } from "../support/peers.ts";
import { createStage, type OpenOptions, SHOTS, type Stage } from "./fixtures/stage.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function violations(page: Page, rules: string[] | null = null): Promise<string[]> {
  await page.evaluate(AXE);
  const only = rules === null ? "" : `, runOnly: ${JSON.stringify(rules)}`;
  const results = await page.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations']${only} })`);
  return results.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`));
}
const calls = (page: Page, name: string) =>
  page.evaluate((wanted) => window.fixture.calls.filter((call) => call.name === wanted).map((call) => call.input), name);

describe.skipIf(missingPeers("chromium").length > 0)("the window", () => {
  let stage: Stage;
  let open: (fixture: string, options?: OpenOptions) => Promise<Page>;
  let pages: Page[] = [];
  beforeAll(async () => {
    await mkdir(SHOTS, { recursive: true });
    stage = await createStage();
    open = async (fixture, options) => {
      const page = await stage.open(fixture, options);
      pages.push(page);
      return page;
    };
  });
  // Whatever a test did: the policy was never broken, and nothing threw.
  afterEach(async () => {
    const broken: string[] = [];
    for (const page of pages) {
      broken.push(...(await page.evaluate(() => window.violations)));
      await page.context().close();
    }
    pages = [];
    expect(broken).toEqual([]);
  });
  afterAll(() => stage.dispose());

  const LOOKS: readonly (readonly [name: string, fixture: string, ready: string, options: OpenOptions])[] = [
    ["overview", "healthy", ".curve-plot canvas", {}],
    ["overview-incident", "incident", ".curve-plot canvas", { view: "overview/home/live" }],
    ["overview-incident-small", "incident", ".curve-plot canvas", { view: "overview/home/live", size: [900, 640] }],
    ["overview-masked", "masked", ".curve-empty", {}],
    ["overview-several", "several", ".curve-plot canvas", {}],
    ["overview-needs-you", "noAccount", ".empty-panel", { size: [1024, 700] }],
    ["overview-excused", "excused", ".excused", {}],
    ["overview-running", "running", ".run-strip", { view: "overview/home/live" }],
    ["screen", "healthy", ".screen-target[data-shown=true]", { view: "screen/home/paper" }],
    ["screen-small", "incident", ".screen-target[data-shown=true]", { view: "screen/home/live", size: [900, 640] }],
    ["screen-refused", "incident", "[role=alert] h2", { view: "screen/home/live", query: "screen=refused" }],
    ["diagnosis", "incident", ".incidents li", { view: "diagnosis/home/live" }],
    ["log", "incident", ".log-phase", { view: "log/home/live", size: [1024, 700] }],
    ["settings", "healthy", ".disclosure", { view: "settings" }],
    ["add-server", "empty", ".form", { view: "settings/new" }],
    ["welcome", "empty", ".welcome", {}],
    ["no-gateway", "bare", ".empty", {}],
    ["simulated", "simulated", ".curve-plot canvas", {}],
    ["host-key", "hostKey", ".fingerprint", {}],
    ["vnc-password", "vncPassword", "input[type=password]", {}],
  ];
  it.each(LOOKS)("%s has no accessibility violations in light and dark", async (name, fixture, ready, options) => {
    const page = await open(fixture, options);
    await page.waitForSelector(ready);
    await page.screenshot({ path: join(SHOTS, `${name}-light.png`) });
    const light = await violations(page);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: join(SHOTS, `${name}-dark.png`) });
    // The theme changes colours alone.
    expect([...light, ...(await violations(page, ["color-contrast"]))]).toEqual([]);
  });

  it("says the verdict, the because and the ways out with their price; live is a word and a band", async () => {
    const page = await open("incident", { view: "overview/home/live" });
    await page.getByRole("heading", { level: 1, name: /stopped accepting connections/ }).waitFor();
    const verdict = page.getByRole("region", { name: "Verdict" });
    expect(await verdict.getByText("51 of 51").count()).toBe(1);
    expect(await verdict.getByText("LIVE", { exact: true }).count()).toBe(1);
    expect(await page.locator(".stage").getAttribute("data-mode")).toBe("live");
    expect(await verdict.getByRole("button").allInnerTexts()).toEqual(["API settings", "Restart without second factor\n~90 s down", "Evidence", ""]);
    await verdict.getByRole("button", { name: "More" }).click();
    const menu = await page.getByRole("menuitem").allInnerTexts();
    expect(menu[0]).toContain("~3 min down · second factor");
    expect(menu[2]).toContain("Not now: A nightly reset");
  });

  it("says until when the account is left to TWS, and takes it back by one click", async () => {
    const page = await open("leftToTws");
    const verdict = page.getByRole("region", { name: "Verdict" });
    await verdict.getByText(/^The account is free for TWS until .+\.$/).waitFor();
    await verdict.getByRole("button", { name: "Take the session back" }).click();
    await expect.poll(() => calls(page, "session.resume")).toEqual([{ server: "home", gateway: "paper" }]);
  });

  it("opens a light by keyboard and says what was seen", async () => {
    const page = await open("incident", { view: "overview/home/live" });
    await page.getByRole("button", { name: "Socket down 51/51" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByText("holds 51 of 51 in its accept queue").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Socketdown51/51");
  });

  it("goes by keys: 1 to 5, g and a letter, ? and Esc; letters typed into a field do nothing", async () => {
    const page = await open("healthy");
    await page.keyboard.press("3");
    await page.getByRole("heading", { name: "Incident log" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.getByRole("heading", { level: 1, name: "Live is up." }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("1");
    await page.getByRole("searchbox", { name: "Filter positions" }).fill("");
    await page.keyboard.type("g3");
    expect(await page.getByRole("searchbox", { name: "Filter positions" }).inputValue()).toBe("g3");
    expect(page.url()).toContain("#/overview/home/live");
  });

  it("sorts and filters positions with exact totals, one a currency", async () => {
    const page = await open("healthy");
    const first = page.locator(".table tbody th").first();
    const titles = () => page.locator(".table tbody th").allInnerTexts();
    expect(await first.innerText()).toContain("ES Dec 26");
    // Dollars first, as they are the base currency; among them the unknown value last; then euros.
    expect((await titles()).slice(-2)).toEqual([expect.stringContaining("NVDA"), expect.stringContaining("VWCE")]);
    await page.getByRole("button", { name: "Today" }).click();
    await page.getByRole("button", { name: "Today" }).click();
    expect(await first.innerText()).toContain("MSFT");
    expect(await page.getByRole("columnheader", { name: "Today" }).getAttribute("aria-sort")).toBe("ascending");
    await page.getByRole("searchbox").fill("stk");
    expect(await titles()).toHaveLength(4);
    // 29061.60 + 22410.90; NVDA's value is not known.
    expect(await page.locator("tfoot tr").allInnerTexts()).toEqual([expect.stringContaining("$51,472.50"), expect.stringContaining("€27,606.60")]);
  });

  it("several accounts: each with its own figures, currency, curve and age; their numbers hide too", async () => {
    const page = await open("several");
    const money = page.getByRole("region", { name: "Accounts" });
    const numbers = money.getByRole("radiogroup", { name: "Account" }).getByRole("radio");
    expect(await numbers.evaluateAll((all) => all.map((one) => one.closest("label")?.textContent))).toEqual(["DF1234567", "DU1234568", "DU1234569"]);
    await money.getByText("$101,234.56").waitFor();
    await numbers.first().focus();
    await page.keyboard.press("ArrowRight");
    await money.getByText("€50,123.40").waitFor();
    expect(await money.getByText("Base currency EUR").count()).toBe(1);
    expect(await money.locator('[data-name="DailyPnL"] .amount').getAttribute("data-sign")).toBe("negative");
    // What did not come is no nought.
    expect(await money.locator('[data-name="BuyingPower"]').innerText()).toContain("–");
    await money.getByRole("button", { name: "All figures" }).click();
    expect(await money.locator('[data-name="MaintMarginReq"]').innerText()).toMatch(/€7,001\.00\s*40 min/);
    expect(await money.locator('[data-name="NetLiquidation"]').innerText()).not.toContain("min");
    // The result was told in euros, the rest of the position in dollars: neither is added to the other.
    expect(await money.locator("tbody td").allInnerTexts()).toContain("-€42.50");
    expect((await money.locator("tfoot tr").allInnerTexts()).map((row) => row.replaceAll(/\s+/g, " ").trim())).toEqual([
      "Total EUR – -€42.50 –",
      "Total USD $29,061.60 – +$5,252.10",
    ]);
    await expect.poll(async () => (await calls(page, "history.curve")).at(-1)).toMatchObject({ account: "DU1234568" });
    await page.keyboard.press("Escape");
    await numbers.nth(1).focus();
    await page.keyboard.press("ArrowRight");
    await money.getByText("These figures are of unknown age.").waitFor();
    await page.getByRole("button", { name: "Hide amounts" }).click();
    expect(await money.innerText()).not.toMatch(/D[FU]\d{4}/);
  });

  it("shows all columns of the positions in a window of 800 pixels", async () => {
    const page = await open("healthy", { size: [800, 640] });
    await page.locator(".table tbody tr").first().waitFor();
    const wide = await page.locator(".table-box").evaluate((box) => [box.scrollWidth - box.clientWidth, document.documentElement.scrollWidth - innerWidth]);
    expect(wide).toEqual([0, 0]);
  });

  it("of a long table draws what is seen, wherever it is scrolled, with totals of all; a row whose price is old says how old", async () => {
    const page = await open("many");
    const rows = page.locator(".table tbody:not(.gap) tr");
    await rows.first().waitFor();
    const [first, height] = await page.evaluate(() => {
      const box = document.querySelector(".table-box");
      return [document.querySelector(".table tbody:not(.gap) th")?.textContent, box?.scrollHeight];
    });
    expect(first).toBe("S0 STK60 min");
    expect(await rows.count()).toBeLessThan(80);
    expect(await page.locator(".table").getAttribute("aria-rowcount")).toBe("301");
    expect(await page.locator("tfoot").innerText()).toContain("$85,515,000.00");
    expect(await rows.nth(1).getAttribute("title")).toMatch(/^as of /);
    const steps = [0.37, 0.81, 1, 0];
    for (const part of steps) {
      await page.evaluate((to) => {
        const box = document.querySelector(".table-box");
        if (box !== null) box.scrollTop = to * (box.scrollHeight - box.clientHeight);
      }, part);
      // Every row that can be seen is drawn, in its order, and the whole keeps its height.
      await page.waitForFunction(
        ([whole]) => {
          const box = document.querySelector(".table-box");
          const drawn = [...document.querySelectorAll<HTMLElement>(".table tbody:not(.gap) tr")];
          if (box === null || Math.abs(box.scrollHeight - (whole ?? 0)) > 2) return false;
          const view = box.getBoundingClientRect();
          const [head, foot] = [drawn[0]?.getBoundingClientRect().top, drawn.at(-1)?.getBoundingClientRect().bottom];
          const [from, to] = [drawn[0], drawn.at(-1)].map((row) => Number(row?.getAttribute("aria-rowindex")));
          return (from === 2 || (head ?? 0) <= view.top) && (to === 301 || (foot ?? 0) >= view.bottom) && drawn.length === (to ?? 0) - (from ?? 0) + 1;
        },
        [height] as const,
      );
    }
    await page.getByRole("searchbox").fill("S29");
    await expect.poll(() => rows.count()).toBe(11);
    expect(await page.locator(".table").getAttribute("aria-rowcount")).toBeNull();
  });

  it("says that figures are stale, and hides amounts on request, on blur, on lock and in the account's number", async () => {
    const page = await open("masked");
    await page.waitForSelector(".figures");
    const money = page.getByRole("region", { name: "Accounts" });
    expect(await money.innerText()).not.toMatch(/101,234|DU1234567|198\.4|421\.77/);
    await page.getByRole("button", { name: "Show amounts" }).click();
    expect(await money.innerText()).toContain("$101,234.56");
    await page.evaluate(() => window.dispatchEvent(new Event("blur")));
    await page.getByRole("button", { name: "Show amounts" }).waitFor();
    expect(await money.innerText()).not.toContain("101,234");
    // A lock that takes no focus away.
    await page.getByRole("button", { name: "Show amounts" }).click();
    await page.evaluate(() => window.fixture.use("maskedAndLocked"));
    await page.getByRole("button", { name: "Show amounts" }).waitFor();
    expect(await money.innerText()).not.toContain("101,234");
    await page.evaluate(() => window.fixture.use("incident"));
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.getByText("Not current").waitFor();
    expect(await page.locator(".age").innerText()).toMatch(/as of .*, 4 min old/);
  });

  it("keeps the last state under a banner when the link is lost", async () => {
    const page = await open("healthy");
    await page.evaluate(() => window.fixture.lose({ kind: "lost", reason: "gone", fatal: false }));
    await page.getByRole("alert").getByText("The connection to Gatelight is lost.").waitFor();
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("Paper is up.");
  });

  it("offers two ways on without servers, and starts the simulation", async () => {
    const page = await open("empty");
    await page.getByRole("button", { name: "Try the simulated one" }).click();
    expect(await calls(page, "simulation.play")).toEqual([{ scenario: "healthy" }]);
    await page.getByRole("button", { name: "Add your home server" }).click();
    await page.getByRole("heading", { name: "Add your home server" }).waitFor();
  });

  it("adds the home server from a user alone", async () => {
    const page = await open("empty", { view: "settings/new" });
    await page.getByLabel("User").waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest(".field")?.textContent)).toContain("User");
    await page.keyboard.type("administrator");
    await page.getByRole("button", { name: "Test the connection" }).click();
    await page.getByText("another-gateway").waitFor();
    expect(await page.getByRole("button", { name: "In use" }).count()).toBe(1);
    await page.getByRole("button", { name: "Add server" }).click();
    await expect.poll(async () => (await calls(page, "settings.save")).length).toBe(1);
    expect(await calls(page, "settings.save")).toMatchObject([
      {
        servers: [
          {},
          {
            id: "home-2",
            reach: { kind: "ssh", host: "linuxserver.lan", user: "administrator" },
            gateways: [{ container: "mcp-ib-gateway-paper" }, { container: "mcp-ib-gateway-live" }],
          },
        ],
      },
    ]);
  });

  it("shows a fault at its field and writes nothing before it is mended", async () => {
    const page = await open("healthy", { view: "settings" });
    const host = page.getByLabel("Host");
    await host.fill("bad host");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("1 setting is at fault").waitFor();
    expect(await host.getAttribute("aria-invalid")).toBe("true");
    expect(await page.locator(".field", { has: host }).innerText()).toContain("without spaces");
    await host.fill("linuxserver.lan");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Settings saved.").waitFor();
  });

  it.each([
    ["healthy", "Updates: come with the program that was installed"],
    ["simulated", "Updates: no release address in this build"],
  ] as const)("says how updates come: %s", async (name, words) => {
    const page = await open(name, { view: "settings" });
    await page.getByText(words).waitFor();
  });

  it("asks for a host key with the refusal focused, and answers only when trusted", async () => {
    const page = await open("hostKey");
    const dialog = page.getByRole("alertdialog", { name: "Is this linuxserver.lan?" });
    await dialog.getByText("SHA256:uQ2z1JvKnb3YtE5Yx0pJk1rN6bq0m2s8Zl4o7c9dWxE").waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Do not connect");
    await dialog.getByRole("button", { name: "Trust and connect" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(await calls(page, "prompt.answer")).toEqual([{ id: "p1", values: {}, remember: false }]);
  });

  it("passes a password on once and keeps it nowhere", async () => {
    const page = await open("vncPassword");
    await page.getByText("Only the first 8 characters of a VNC password count.").waitFor();
    await page.getByRole("textbox", { name: "Password" }).fill("hunter2!");
    await page.getByText("Keep in the keychain").click();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await calls(page, "prompt.answer")).toEqual([{ id: "p1", values: { password: "hunter2!" }, remember: true }]);
    const kept = await page.evaluate(() =>
      [document.documentElement.outerHTML, ...Object.values(localStorage), ...Object.values(sessionStorage), location.href].join(),
    );
    expect(kept).not.toContain("hunter2!");
  });

  it("shows what a repair runs and costs, asks twice for live, then follows it", async () => {
    const page = await open("incident", { view: "overview/home/live" });
    await page.getByRole("button", { name: /Restart without second factor/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("printf RESTART").waitFor();
    const text = await dialog.innerText();
    expect(text).toContain("3 programs lose their connection");
    expect(text).toContain("Milder, and worth trying first: API settings.");
    expect(text).toContain("LIVE gateway");
    await page.screenshot({ path: join(SHOTS, "repair-plan.png") });
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Run it" }).click();
    expect(await calls(page, "repair.start")).toEqual([]);
    await dialog.getByRole("button", { name: "Yes, run it" }).click();
    await dialog.getByText("IBC: Re-starting session").waitFor();
    expect(await calls(page, "repair.start")).toEqual([{ planId: "plan-1", confirmations: 2, typedName: null }]);
    await page.screenshot({ path: join(SHOTS, "repair-run.png") });
    expect(await violations(page)).toEqual([]);
    await page.evaluate(() => window.fixture.use("secondFactor"));
    await dialog.getByText("Approve the log-in on your phone:").waitFor();
    expect(await dialog.locator(".countdown").innerText()).toMatch(/^2:[34]\d$/);
    await page.evaluate(() => window.fixture.use("cured"));
    await dialog.getByText("The API answers again.").waitFor();
  });

  it("wants the gateway's name typed for a repair that replaces, and refuses with the reason", async () => {
    const page = await open("incident", { view: "overview/home/live" });
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: /Restart the container/ }).click();
    const dialog = page.getByRole("dialog");
    const run = dialog.getByRole("button", { name: "Run it" });
    await run.waitFor();
    expect(await run.isDisabled()).toBe(true);
    await dialog.getByRole("textbox").fill("Live");
    await run.click();
    await expect.poll(() => calls(page, "repair.start")).toEqual([{ planId: "plan-1", confirmations: 2, typedName: "Live" }]);
  });

  it("shows the gateway's picture, tells Core that it is painted, and leaves live locked", async () => {
    const page = await open("incident", { view: "screen/home/live" });
    await page.waitForSelector(".screen-target[data-shown=true] canvas");
    const [opened] = await calls(page, "screen.open");
    const [picture] = await calls(page, "screen.picture");
    expect(opened).toMatchObject({ server: "home", gateway: "live" });
    expect(picture).toMatchObject({ picture: "painted" });
    expect(await page.getByRole("switch", { name: "View only" }).isChecked()).toBe(true);
    expect(await page.getByRole("button", { name: "Send keys" }).isDisabled()).toBe(true);
    const size = () => page.locator(".screen-target canvas").evaluate((canvas) => [canvas.clientWidth, canvas.clientHeight]);
    expect(Math.min(...(await size()))).toBeGreaterThan(200);
    // Another view hides it without taking its size or its connection.
    await page.keyboard.press("1");
    await page.getByRole("region", { name: "Verdict" }).waitFor();
    expect(await page.locator(".screen-target canvas").isVisible()).toBe(false);
    expect(Math.min(...(await size()))).toBeGreaterThan(200);
    await page.keyboard.press("2");
    await page.waitForSelector(".screen-target[data-shown=true] canvas");
    expect(await calls(page, "screen.open")).toHaveLength(1);
  });

  it("carries text both ways by button, and sends keys when unlocked", async () => {
    const page = await open("healthy", { view: "screen/home/paper" });
    await page.waitForSelector(".screen-target[data-shown=true] canvas");
    await page.getByRole("button", { name: "Clipboard" }).click();
    const dialog = page.getByRole("dialog", { name: "Clipboard" });
    await dialog.getByLabel("Text for the gateway's screen").fill("4002");
    await dialog.getByRole("button", { name: "Send" }).click();
    await expect.poll(() => dialog.getByLabel("Copied on the gateway's screen").inputValue()).toBe("from the gateway");
    expect(await violations(page)).toEqual([]);
  });

  it("tells a black picture, a refusal and a lost connection apart, and opens again by itself", async () => {
    const black = await open("healthy", { view: "screen/home/paper", query: "screen=black" });
    const refused = await open("healthy", { view: "screen/home/paper", query: "screen=refused" });
    await refused.getByRole("alert").getByText("The VNC password was refused").waitFor();
    expect(await calls(refused, "screen.open")).toHaveLength(1);
    const lost = await open("healthy", { view: "screen/home/paper" });
    await lost.waitForSelector(".screen-target[data-shown=true] canvas");
    await lost.evaluate(() => window.dispatchEvent(new Event("fixture:cut")));
    await lost.getByText("The screen's connection is lost").waitFor();
    expect(await lost.locator(".screen-last").evaluate((canvas: HTMLCanvasElement) => canvas.width)).toBe(640);
    await lost.waitForSelector(".screen-target[data-shown=true] canvas");
    expect(await calls(lost, "screen.open")).toHaveLength(2);
    await black.getByText("Connected, but the screen shows nothing.").waitFor();
    // Told again for as long as it stays so.
    expect(new Set((await calls(black, "screen.picture")).map((told) => JSON.stringify(told))).size).toBe(1);
    expect((await calls(black, "screen.picture"))[0]).toMatchObject({ picture: "black" });
  });

  it("shows the steps while a screen opens, and cancels", async () => {
    const page = await open("healthy", { view: "screen/home/paper", query: "screen=slow" });
    await page.locator("[aria-current=step]", { hasText: "Connect to the screen" }).waitFor();
    await page.locator(".cover").getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled").waitFor();
    expect(await calls(page, "screen.close")).toHaveLength(1);
  });
});

describe.skipIf(missingPeers("chromium").length > 0)("the window at the browser host", () => {
  it("signs in with the token of the address, hides it, and comes back after the host went away", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gatelight-renderer-"));
    await build({ ...rendererConfig, configFile: false, logLevel: "error", build: { ...rendererConfig.build, outDir: folder, minify: false } });
    const store = { current: { ...BARE_SNAPSHOT, revision: 1 }, subscribe: () => () => undefined };
    const options = { handlers: someHandlers({}), store, screens: testDoor().door, staticDir: folder };
    let host = await startWebHost(options);
    const stage = await createStage();
    try {
      const page = await stage.browser.newPage();
      const faults: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" && /policy|refused to/i.test(message.text())) faults.push(message.text());
      });
      page.on("pageerror", (error) => faults.push(error.message));
      await page.goto(host.url);
      await page.getByRole("heading", { name: "A light for your IB Gateway" }).waitFor();
      expect(page.url()).not.toContain(host.token);
      await page.reload();
      await page.getByRole("heading", { name: "A light for your IB Gateway" }).waitFor();
      const { port, token } = host;
      await host.close();
      await page.getByText("The connection to Gatelight is lost.").waitFor();
      host = await startWebHost({ ...options, port, token });
      await page.getByText("The connection to Gatelight is lost.").waitFor({ state: "detached" });
      // Another tab without the token is told what to do.
      const stranger = await (await stage.browser.newContext()).newPage();
      await stranger.goto(`http://127.0.0.1:${port}/`);
      await stranger.getByText("This window is no longer signed in.").waitFor();
      expect(faults).toEqual([]);
    } finally {
      await stage.dispose();
      await host.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
