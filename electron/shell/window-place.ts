import { z } from "zod";

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const whole = z.number().int().min(-100_000).max(100_000);
export const windowState = z.object({
  bounds: z.object({ x: whole, y: whole, width: whole, height: whole }).nullable().catch(null),
  maximized: z.boolean().catch(false),
  /** The person has been told that closing the window leaves Gatelight in the tray. */
  toldOfTray: z.boolean().catch(false),
  /** The person has been told that this desktop shows no tray icons. */
  toldNoTray: z.boolean().catch(false),
});
export type WindowState = z.output<typeof windowState>;
export const FIRST_STATE: WindowState = { bounds: null, maximized: false, toldOfTray: false, toldNoTray: false };

export const SMALLEST = { width: 720, height: 480 } as const;
export const USUAL = { width: 1180, height: 780 } as const;
/** So much of the title bar must be on a screen to be caught with the mouse. */
const GRIP = { width: 120, height: 40 } as const;

/**
 * Where the window goes: where it was, if enough of its title bar is on a display that is there now; else in the middle of the first
 * display, never larger than it.
 * @param areas work areas of the displays, the primary one first, at least one
 */
export function placeWindow(saved: Rectangle | null, areas: readonly Rectangle[]): Rectangle {
  const first = areas[0] ?? { x: 0, y: 0, ...USUAL };
  if (saved !== null && saved.width >= SMALLEST.width && saved.height >= SMALLEST.height) {
    const home = areas.find((area) => {
      const wide = Math.min(saved.x + saved.width, area.x + area.width) - Math.max(saved.x, area.x);
      const grip = saved.y >= area.y && saved.y + GRIP.height <= area.y + area.height;
      return wide >= GRIP.width && grip;
    });
    if (home !== undefined) {
      const size = { width: Math.min(saved.width, home.width), height: Math.min(saved.height, home.height) };
      // One that was larger than this display begins at its edge, or the shrunk rest of it could lie beside it.
      return { x: size.width < saved.width ? home.x : saved.x, y: saved.y, ...size };
    }
  }
  const width = Math.min(saved?.width !== undefined && saved.width >= SMALLEST.width ? saved.width : USUAL.width, first.width);
  const height = Math.min(saved?.height !== undefined && saved.height >= SMALLEST.height ? saved.height : USUAL.height, first.height);
  return { x: first.x + Math.round((first.width - width) / 2), y: first.y + Math.round((first.height - height) / 2), width, height };
}
