import type { Input, WebContents } from "electron";

/** 1.2 to the power of the level is the factor: about a half to three. */
const LEVELS = { least: -3, most: 6, step: 0.5 } as const;
const STEPS: Readonly<Record<string, -1 | 0 | 1>> = { "+": 1, "=": 1, "-": -1, "0": 0 };

/** @returns the next zoom level, or `null` where the key is not one of zoom */
export function zoomAfter(input: Pick<Input, "type" | "key" | "control" | "meta" | "alt">, level: number, platform: NodeJS.Platform): number | null {
  const held = platform === "darwin" ? input.meta && !input.control : input.control && !input.meta;
  const step = STEPS[input.key];
  if (input.type !== "keyDown" || !held || input.alt || step === undefined) return null;
  return step === 0 ? 0 : Math.min(LEVELS.most, Math.max(LEVELS.least, level + step * LEVELS.step));
}

/** The keys by which every browser makes a page larger and smaller: Electron has them from a menu alone, and there is none. */
export function setupZoom(contents: WebContents, platform: NodeJS.Platform = process.platform): void {
  contents.on("before-input-event", (event, input) => {
    const next = zoomAfter(input, contents.getZoomLevel(), platform);
    if (next === null) return;
    event.preventDefault();
    contents.setZoomLevel(next);
  });
}
