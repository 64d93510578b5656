import type { LightState } from "../../shared/words.ts";

/**
 * The picture for a state, below build/tray. macOS colours template images itself; Windows wants .ico for the taskbar's theme, which is
 * not the programs' theme; Linux draws a PNG with a rim that shows on light and on dark bars.
 */
export function trayImage(state: LightState, platform: NodeJS.Platform, darkBar: boolean): string {
  if (platform === "darwin") return `${state}Template.png`;
  if (platform === "win32") return `${state}-${darkBar ? "dark" : "light"}.ico`;
  return `${state}.png`;
}
