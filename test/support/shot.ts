import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";

const SHOTS = resolve(import.meta.dirname, "../ui/shots");

/** A picture for people to look at, in test/ui/shots. Nothing is asserted of it, so under CI=true, where nobody looks, none is taken. */
export async function shot(page: Page, name: string): Promise<void> {
  if (process.env.CI === "true") return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
