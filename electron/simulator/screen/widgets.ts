import { type Canvas, type FontName, LINE, type Rect, textWidth } from "./canvas.ts";

/** Colours of the gateway's windows. */
export const COLOUR = {
  desktop: 0x14181d,
  desktopLine: 0x1a1f26,
  title: 0x20262e,
  titleText: 0xf2f4f6,
  titleMuted: 0x9aa5b1,
  red: 0xd81222,
  window: 0xf3f4f6,
  panel: 0xffffff,
  line: 0xcfd4da,
  lineSoft: 0xe4e7eb,
  text: 0x1f2933,
  muted: 0x616e7c,
  faint: 0x9aa5b1,
  accent: 0x1a5fb4,
  accentSoft: 0xdbe8f8,
  accentText: 0xffffff,
  green: 0x1e8e3e,
  amber: 0xb06000,
  bad: 0xb3261e,
  disabled: 0xb8c0c8,
} as const;

/** Something that can be clicked. */
export interface Hit {
  readonly rect: Rect;
  readonly id: string;
}

/** Draws widgets and remembers where they are. The last drawn lies on top. */
export class Painter {
  readonly canvas: Canvas;
  readonly hits: Hit[] = [];
  readonly focus: string | null;
  readonly pressed: string | null;

  constructor(canvas: Canvas, state: { readonly focus: string | null; readonly pressed: string | null }) {
    this.canvas = canvas;
    this.focus = state.focus;
    this.pressed = state.pressed;
  }

  /** Everything below is out of reach: a modal window. */
  shield(): void {
    this.hits.length = 0;
  }

  label(text: string, x: number, y: number, colour: number = COLOUR.text, font: FontName = "regular", limit?: number): number {
    return this.canvas.text(text, x, y, colour, font, limit);
  }

  window(rect: Rect, title: string, options: { modal: boolean }): void {
    this.canvas.shadow(rect, options.modal ? 14 : 10);
    this.canvas.fill(rect, COLOUR.window);
    this.canvas.fill({ ...rect, h: 30 }, COLOUR.title);
    this.canvas.fill({ x: rect.x + 12, y: rect.y + 9, w: 4, h: 12 }, COLOUR.red);
    this.canvas.fill({ x: rect.x + 18, y: rect.y + 13, w: 4, h: 8 }, COLOUR.red);
    this.label(title, rect.x + 30, rect.y + 6, COLOUR.titleText, "bold", rect.x + rect.w - 40);
    this.canvas.frame(rect, 0x3e4a57);
  }

  button(id: string, text: string, rect: Rect, options: { primary?: boolean; disabled?: boolean } = {}): void {
    const disabled = options.disabled === true;
    const down = this.pressed === id;
    const primary = options.primary === true && !disabled;
    const face = primary ? (down ? 0x144a8c : COLOUR.accent) : down ? 0xdfe3e8 : disabled ? COLOUR.window : COLOUR.panel;
    this.canvas.box(rect, face, primary ? 0x144a8c : 0xaab2bd);
    if (this.focus === id) this.canvas.box({ x: rect.x + 2, y: rect.y + 2, w: rect.w - 4, h: rect.h - 4 }, face, primary ? 0x9cc0ec : COLOUR.accent);
    const colour = disabled ? COLOUR.disabled : primary ? COLOUR.accentText : COLOUR.text;
    this.label(text, rect.x + Math.floor((rect.w - textWidth(text)) / 2), rect.y + Math.floor((rect.h - LINE) / 2), colour);
    if (!disabled) this.hits.push({ rect, id });
  }

  checkbox(id: string, text: string, checked: boolean, x: number, y: number): void {
    const box = { x, y: y + 2, w: 14, h: 14 };
    this.canvas.box(box, checked ? COLOUR.accent : COLOUR.panel, checked ? 0x144a8c : 0x8a95a1);
    if (checked) {
      this.canvas.stroke(x + 3.5, y + 9, x + 6, y + 12, 1.8, COLOUR.accentText);
      this.canvas.stroke(x + 6, y + 12, x + 11, y + 5.5, 1.8, COLOUR.accentText);
    }
    const width = textWidth(text);
    this.label(text, x + 22, y, COLOUR.text);
    if (this.focus === id) this.canvas.frame({ x: x + 19, y: y - 1, w: width + 7, h: LINE + 2 }, COLOUR.accent);
    this.hits.push({ id, rect: { x: x - 2, y: y - 1, w: width + 30, h: LINE + 2 } });
  }

  field(id: string, text: string, rect: Rect, options: { disabled?: boolean; secret?: boolean } = {}): void {
    const focused = this.focus === id;
    this.canvas.box(rect, options.disabled === true ? COLOUR.window : COLOUR.panel, focused ? COLOUR.accent : 0xaab2bd);
    const shown = options.secret === true ? "*".repeat(text.length) : text;
    const end = this.label(
      shown,
      rect.x + 7,
      rect.y + Math.floor((rect.h - LINE) / 2),
      options.disabled === true ? COLOUR.faint : COLOUR.text,
      "regular",
      rect.x + rect.w - 4,
    );
    if (focused) this.canvas.fill({ x: Math.round(end) + 1, y: rect.y + 5, w: 1, h: rect.h - 10 }, COLOUR.text);
    if (options.disabled !== true) this.hits.push({ rect, id });
  }

  area(rect: Rect, id: string): void {
    this.hits.push({ rect, id });
  }

  /** The topmost thing at a point. */
  static at(hits: readonly Hit[], x: number, y: number): string | null {
    return hits.findLast(({ rect }) => x >= rect.x && y >= rect.y && x < rect.x + rect.w && y < rect.y + rect.h)?.id ?? null;
  }
}
