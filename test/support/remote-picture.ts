import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Where things are in the simulated gateway's window and dialog (1024×768). */
export const AT = {
  menuConfigure: [186, 100],
  menuSettings: [200, 131],
  /** White once the menu is open. */
  menuFace: [330, 190],
  localhostOnly: [377, 356],
  /** Blue once the dialog is open. */
  okFace: [575, 612],
  apply: [719, 621],
  ok: [613, 621],
} as const;
export const BLUE = 0x1a5fb4;
export const WHITE = 0xffffff;

/** The picture that is shown; screens of other gateways stay mounted behind it. */
export const remoteCanvas = (page: Page) => page.locator(".screen-target[data-shown=true] canvas:visible");

/** A real click of the mouse at a point of the remote picture, however it is scaled. */
export async function clickRemote(page: Page, [x, y]: readonly [number, number], times = 1): Promise<void> {
  const canvas = remoteCanvas(page);
  const box = await canvas.boundingBox();
  const size = await canvas.evaluate((element: HTMLCanvasElement) => ({ width: element.width, height: element.height }));
  if (box === null) throw new Error("the remote picture is not shown");
  await page.mouse.click(box.x + ((x + 0.5) * box.width) / size.width, box.y + ((y + 0.5) * box.height) / size.height, { delay: 20, clickCount: times });
}

/** @returns the colour of a point of the remote picture, 0xRRGGBB */
export function remotePixel(page: Page, [x, y]: readonly [number, number]): Promise<number> {
  return remoteCanvas(page).evaluate(
    (element: HTMLCanvasElement, [left, top]) => {
      const [red = 0, green = 0, blue = 0] = element.getContext("2d")?.getImageData(left, top, 1, 1).data ?? [];
      return (red << 16) | (green << 8) | blue;
    },
    [x, y] as const,
  );
}

/** Goes to a gateway's screen and waits until more than a few colours are seen. */
export async function showScreen(page: Page, gateway: string, name: string): Promise<void> {
  await goToScreen(page, gateway, name);
  await remoteCanvas(page).waitFor({ timeout: 30_000 });
  await expect.poll(() => remoteColours(page), { timeout: 30_000 }).toBeGreaterThan(5);
}
export async function goToScreen(page: Page, gateway: string, name: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, `#/screen/home/${gateway}`);
  await page.getByRole("heading", { level: 1, name: `Screen of ${name}` }).waitFor();
}

/** The toolbar's lock: off lets mouse and keys through. */
export const viewOnly = (page: Page) => page.getByRole("switch", { name: "View only" }).filter({ visible: true });
/** How many different colours the remote picture holds, at most 64. */
export function remoteColours(page: Page): Promise<number> {
  return remoteCanvas(page).evaluate((element: HTMLCanvasElement) => {
    const { data } = element.getContext("2d")?.getImageData(0, 0, element.width, element.height) ?? { data: new Uint8ClampedArray() };
    const seen = new Set<number>();
    for (let at = 0; at < data.length && seen.size < 64; at += 4) seen.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
    return seen.size;
  });
}
