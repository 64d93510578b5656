import { FARMS } from "../gateway/farms.ts";
import type { ScreenModel } from "./screen-model.ts";
import type { UiState } from "./ui-state.ts";
import { COLOUR, type Painter } from "./widgets.ts";

const WINDOW = { x: 96, y: 56, w: 832, h: 620 };

/** The empty X root, with a fine pattern so that it is not one colour. */
export function paintDesktop(painter: Painter): void {
  const { canvas } = painter;
  canvas.fill({ x: 0, y: 0, w: canvas.width, h: canvas.height }, COLOUR.desktop);
  for (let y = 0; y < canvas.height; y += 32) canvas.fill({ x: 0, y, w: canvas.width, h: 1 }, COLOUR.desktopLine);
  for (let x = 0; x < canvas.width; x += 32) canvas.fill({ x, y: 0, w: 1, h: canvas.height }, COLOUR.desktopLine);
}

function menuBar(painter: Painter, state: UiState): void {
  const { x, y, w } = WINDOW;
  painter.canvas.fill({ x: x + 1, y: y + 30, w: w - 2, h: 28 }, 0xe9ecef);
  painter.canvas.fill({ x: x + 1, y: y + 58, w: w - 2, h: 1 }, COLOUR.line);
  const item = (id: string, text: string, left: number, width: number, open: boolean) => {
    if (open) painter.canvas.fill({ x: left, y: y + 31, w: width, h: 27 }, COLOUR.accentSoft);
    painter.label(text, left + 12, y + 35);
    painter.area({ x: left, y: y + 30, w: width, h: 28 }, id);
  };
  item("menu-file", "File", x + 6, 48, false);
  item("menu-configure", "Configure", x + 54, 86, state.menu === "configure");
  item("menu-help", "Help", x + 140, 52, state.menu === "help");
}

function menu(painter: Painter, state: UiState): void {
  if (state.menu !== "configure") return;
  const rect = { x: WINDOW.x + 54, y: WINDOW.y + 58, w: 190, h: 92 };
  painter.area({ x: 0, y: 0, w: painter.canvas.width, h: painter.canvas.height }, "menu-close");
  painter.canvas.shadow(rect, 6);
  painter.canvas.fill(rect, COLOUR.panel);
  painter.canvas.frame(rect, 0xaab2bd);
  for (const [index, [id, text]] of (
    [
      ["menu-settings", "Settings"],
      ["menu-close", "Reconnect Data"],
      ["menu-close", "Reconnect Account"],
    ] as const
  ).entries()) {
    const row = { x: rect.x + 1, y: rect.y + 4 + index * 28, w: rect.w - 2, h: 28 };
    if (painter.pressed === id && id !== "menu-close") painter.canvas.fill(row, COLOUR.accentSoft);
    painter.label(text, row.x + 14, row.y + 5);
    painter.area(row, id);
  }
}

/** Server, farms and clients with their state, as the gateway shows them. */
function statusTable(painter: Painter, gateway: ScreenModel, top: number): number {
  const { x, w } = WINDOW;
  const left = x + 20;
  const right = w - 40;
  const up = gateway.brokerLine;
  const clients = [...gateway.api.connections].filter((connection) => connection.ready);
  const broken = gateway.plan.broker.brokenFarms;
  const farm = (kind: "market-data" | "history") => {
    const of = FARMS.filter((each) => each.kind === kind);
    const bad = of.filter((each) => broken.has(each.name)).map((each) => each.name);
    if (!up) return { text: "OFF", colour: COLOUR.bad };
    return bad.length > 0
      ? { text: `Broken: ${bad.join(", ")}`, colour: COLOUR.bad }
      : { text: `ON: ${of.map((each) => each.name).join(", ")}`, colour: COLOUR.green };
  };
  const port = gateway.plan.portOverride ?? gateway.settings.socketPort;
  const rows: readonly (readonly [string, string, number])[] = [
    ["API Server", up ? "connected" : "disconnected", up ? COLOUR.green : COLOUR.bad],
    ["Market Data Farm", farm("market-data").text, farm("market-data").colour],
    ["Historical Data Farm", farm("history").text, farm("history").colour],
    [
      "API Client",
      clients.length === 0 ? `waiting for connections on port ${port}` : `connected: ${clients.map((client) => `client ${client.clientId}`).join(", ")}`,
      clients.length === 0 ? COLOUR.muted : COLOUR.green,
    ],
  ];
  painter.canvas.box({ x: left, y: top, w: right, h: 28 + rows.length * 30 }, COLOUR.panel, COLOUR.line);
  painter.canvas.fill({ x: left + 1, y: top + 1, w: right - 2, h: 27 }, 0xeef1f4);
  painter.label("Connection", left + 14, top + 5, COLOUR.muted, "bold");
  painter.label("Status", left + 230, top + 5, COLOUR.muted, "bold");
  for (const [index, [name, text, colour]] of rows.entries()) {
    const y = top + 28 + index * 30;
    painter.canvas.fill({ x: left + 1, y, w: right - 2, h: 1 }, COLOUR.lineSoft);
    painter.label(name, left + 14, y + 6);
    painter.canvas.disc(left + 238, y + 15, 4.5, colour);
    painter.label(text, left + 252, y + 6, colour, "bold", left + right - 10);
  }
  return top + 28 + rows.length * 30;
}

/** The newest lines of the gateway's own log, without IBC's stamps. */
function logArea(painter: Painter, gateway: ScreenModel, top: number): void {
  const { x, y, w, h } = WINDOW;
  const rect = { x: x + 20, y: top + 26, w: w - 40, h: y + h - top - 26 - 36 };
  painter.label("Activity", x + 20, top + 4, COLOUR.muted, "bold");
  painter.canvas.box(rect, COLOUR.panel, COLOUR.line);
  const count = Math.floor((rect.h - 12) / 19);
  const lines = gateway.container.log.entries.filter((entry) => entry.text.includes("IBC: ")).slice(-count);
  for (const [index, entry] of lines.entries()) {
    const line = rect.y + 7 + index * 19;
    const end = painter.label(new Date(entry.at).toISOString().slice(11, 19), rect.x + 12, line, COLOUR.faint, "small");
    painter.label(entry.text.replace(/^.*IBC: /, ""), Math.max(end + 12, rect.x + 72), line, COLOUR.text, "small", rect.x + rect.w - 12);
  }
}

export function paintMain(painter: Painter, gateway: ScreenModel, state: UiState): void {
  const { x, y, w, h } = WINDOW;
  painter.window(WINDOW, "IBKR Gateway", { modal: false });
  const paper = gateway.plan.tradingMode === "paper";
  const tag = paper ? "Simulated Trading" : "Live Trading";
  painter.label(tag, x + w - 150, y + 6, paper ? 0xf0c674 : COLOUR.titleMuted, "bold");
  menuBar(painter, state);
  painter.label(gateway.plan.accounts[0] ?? "", x + w - 110, y + 35, COLOUR.muted);
  const bottom = statusTable(painter, gateway, y + 76);
  logArea(painter, gateway, bottom + 10);
  painter.canvas.fill({ x: x + 1, y: y + h - 27, w: w - 2, h: 26 }, 0xe9ecef);
  painter.label("10.45.1j  Build 10.45.1j   simulated by Gatelight", x + 14, y + h - 23, COLOUR.muted, "small");
  menu(painter, state);
}
