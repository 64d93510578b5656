import type { UiState } from "./ui-state.ts";
import { COLOUR, type Painter } from "./widgets.ts";

const DIALOG = { x: 132, y: 112, w: 760, h: 540 };
const TREE = { x: DIALOG.x + 16, y: DIALOG.y + 46, w: 196, h: DIALOG.h - 110 };
const PAGE = { x: TREE.x + TREE.w + 12, y: TREE.y, w: DIALOG.w - TREE.w - 44, h: TREE.h };

function tree(painter: Painter, page: string): void {
  painter.canvas.box(TREE, COLOUR.panel, COLOUR.line);
  const rows = [
    ["page-lock", "Lock and Exit", 0, page === "lock"],
    ["page-display", "Display", 0, page === "display"],
    ["page-api", "API", 0, false],
    ["page-api", "Settings", 1, page === "api"],
    ["page-precautions", "Precautions", 1, page === "precautions"],
  ] as const;
  for (const [index, [id, text, depth, selected]] of rows.entries()) {
    const row = { x: TREE.x + 1, y: TREE.y + 6 + index * 26, w: TREE.w - 2, h: 26 };
    if (selected) painter.canvas.fill(row, COLOUR.accentSoft);
    const left = row.x + 14 + depth * 22;
    if (text === "API") {
      painter.canvas.stroke(left - 2, row.y + 11, left + 2, row.y + 15, 1.6, COLOUR.muted);
      painter.canvas.stroke(left + 2, row.y + 15, left + 6, row.y + 11, 1.6, COLOUR.muted);
    }
    painter.label(text, left + (text === "API" ? 14 : depth === 0 ? 14 : 6), row.y + 4, selected ? COLOUR.accent : COLOUR.text, selected ? "bold" : "regular");
    painter.area(row, id);
  }
}

function apiPage(painter: Painter, dialog: NonNullable<UiState["settings"]>): void {
  const x = PAGE.x + 18;
  let y = PAGE.y + 50;
  painter.label("API - Settings", x, PAGE.y + 12, COLOUR.text, "bold");
  painter.canvas.fill({ x: PAGE.x + 1, y: PAGE.y + 38, w: PAGE.w - 2, h: 1 }, COLOUR.lineSoft);
  painter.checkbox("read-only", "Read-Only API", dialog.draft.readOnly, x, y);
  y += 34;
  painter.label("Socket port", x, y + 4);
  painter.field("port", dialog.port, { x: x + 150, y, w: 90, h: 26 });
  y += 34;
  painter.label("Logging Level", x, y + 4);
  painter.field("none", "Error", { x: x + 150, y, w: 130, h: 26 }, { disabled: true });
  y += 34;
  painter.label("Master API client ID", x, y + 4);
  painter.field("none", "", { x: x + 150, y, w: 90, h: 26 }, { disabled: true });
  y += 42;
  painter.checkbox("localhost-only", "Allow connections from localhost only", dialog.draft.localhostOnly, x, y);
  y += 32;
  painter.label("Trusted IPs", x, y, COLOUR.text);
  y += 24;
  const list = { x, y, w: PAGE.w - 150, h: 88 };
  painter.canvas.box(list, COLOUR.panel, 0xaab2bd);
  for (const [index, address] of dialog.draft.trustedIps.slice(0, 3).entries()) {
    const row = { x: list.x + 1, y: list.y + 2 + index * 24, w: list.w - 2, h: 24 };
    if (index === dialog.selectedIp) painter.canvas.fill(row, COLOUR.accentSoft);
    painter.label(address, row.x + 10, row.y + 3);
    painter.area(row, `ip-${index}`);
  }
  if (dialog.newIp !== null)
    painter.field("new-ip", dialog.newIp, { x: list.x + 4, y: list.y + 4 + Math.min(3, dialog.draft.trustedIps.length) * 24, w: list.w - 8, h: 24 });
  const right = list.x + list.w + 12;
  painter.button("ip-create", dialog.newIp === null ? "Create" : "Add", { x: right, y: list.y, w: 92, h: 28 });
  painter.button("ip-delete", "Delete", { x: right, y: list.y + 34, w: 92, h: 28 }, { disabled: dialog.selectedIp < 0 });
}

function otherPage(painter: Painter, page: string): void {
  const x = PAGE.x + 18;
  const title = page === "lock" ? "Lock and Exit" : page === "display" ? "Display" : "API - Precautions";
  painter.label(title, x, PAGE.y + 12, COLOUR.text, "bold");
  painter.canvas.fill({ x: PAGE.x + 1, y: PAGE.y + 38, w: PAGE.w - 2, h: 1 }, COLOUR.lineSoft);
  if (page === "lock") {
    painter.label("Set Auto Log Off Timer", x, PAGE.y + 54, COLOUR.muted);
    painter.label("Auto restart   11:45 PM", x, PAGE.y + 80);
  } else painter.label("Nothing to set here in the simulation.", x, PAGE.y + 54, COLOUR.muted);
}

/** Configure → Settings. */
export function paintSettings(painter: Painter, state: UiState): void {
  const dialog = state.settings;
  if (dialog === null) return;
  painter.shield();
  painter.window(DIALOG, "IBKR Gateway Configuration", { modal: true });
  tree(painter, dialog.page);
  painter.canvas.box(PAGE, COLOUR.panel, COLOUR.line);
  if (dialog.page === "api") apiPage(painter, dialog);
  else otherPage(painter, dialog.page);
  const y = DIALOG.y + DIALOG.h - 46;
  if (dialog.message !== null) painter.label(dialog.message, DIALOG.x + 20, y + 5, COLOUR.bad, "bold");
  painter.button("ok", "OK", { x: DIALOG.x + DIALOG.w - 326, y, w: 96, h: 30 }, { primary: true });
  painter.button("apply", "Apply", { x: DIALOG.x + DIALOG.w - 220, y, w: 96, h: 30 });
  painter.button("cancel", "Cancel", { x: DIALOG.x + DIALOG.w - 114, y, w: 96, h: 30 });
}
