import RFB from "@novnc/novnc";
import { createClient, enterSocket, VncChannel } from "../../../shared/rpc.ts";

/** Shows a screen by Gatelight's path (`#token=…`) or straight over a WebSocket (`#socket=URL`), and measures what is seen. */
export interface Measured {
  readonly seconds: number;
  /** Different pictures seen. */
  readonly frames: number;
  /** From the drawing in X to the canvas, ms. */
  readonly ages: readonly number[];
  /** Changes made in X and not yet seen, at each frame of the page. */
  readonly behind: readonly number[];
}

declare global {
  interface Window {
    /** Connects. @returns ms until the first picture */
    show(): Promise<number>;
    watch(seconds: number, changesASecond: number): Promise<Measured>;
    /** @returns from a click in the page to its effect on the canvas, ms */
    click(times: number): Promise<readonly number[]>;
    hide(): void;
  }
}

const BLOCK = 16;
const params = new URLSearchParams(location.hash.slice(1));
const target = document.querySelector<HTMLElement>("#screen") ?? document.body;
target.style.cssText = "width:1280px;height:800px";

async function channel(): Promise<object> {
  const url = params.get("socket");
  if (url !== null) return new WebSocket(url);
  const client = createClient(await enterSocket(new WebSocket(`ws://${location.host}/link`), params.get("token") ?? ""));
  await client.ready;
  const opened = await client.call("screen.open", { server: "home", gateway: "paper", screen: "bench" });
  return new VncChannel(client.attach(opened.ticket));
}

const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

/** @returns the stamp's 16 bits and whether the click block is red; `null` before the picture is there */
function read(): { stamp: number; red: boolean } | null {
  const canvas = target.querySelector("canvas");
  const context = canvas?.getContext("2d");
  if (canvas === null || context == null || canvas.width < 20 * BLOCK) return null;
  const { data } = context.getImageData(0, BLOCK / 2, 18 * BLOCK, 1);
  const at = (block: number, colour: number) => data[(block * BLOCK + BLOCK / 2) * 4 + colour] ?? 0;
  let stamp = 0;
  let lit = 0;
  for (let bit = 0; bit < 16; bit += 1) {
    if (at(bit, 0) > 128) stamp |= 1 << bit;
    lit += at(bit, 0) + at(bit, 2);
  }
  return lit === 0 ? null : { stamp, red: at(17, 0) > 128 };
}

let viewer: RFB | null = null;
window.show = async () => {
  const began = performance.now();
  viewer = new RFB(target, await channel(), { shared: true });
  while (read() === null) await nextFrame();
  const tookMs = performance.now() - began;
  const warm = performance.now() + 1000;
  while (performance.now() < warm) await nextFrame();
  return tookMs;
};

window.watch = async (seconds, changesASecond) => {
  const ages: number[] = [];
  const behind: number[] = [];
  let last = -1;
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) {
    await nextFrame();
    const seen = read();
    if (seen === null) continue;
    const age = (Date.now() - seen.stamp) & 0xffff;
    behind.push(Math.floor((age * changesASecond) / 1000));
    if (seen.stamp === last) continue;
    last = seen.stamp;
    ages.push(age);
  }
  return { seconds: (performance.now() - start) / 1000, frames: ages.length, ages, behind };
};

window.click = async (times) => {
  const inputs: number[] = [];
  const canvas = target.querySelector("canvas");
  const box = canvas?.getBoundingClientRect();
  for (let i = 0; i < times && canvas !== null && box !== undefined; i += 1) {
    // At any moment between two frames, or each path would be rounded to whole frames in its own way; later than a server's own pause between two updates.
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 34));
    const before = read()?.red;
    const where = { clientX: box.left + 700, clientY: box.top + 400, button: 0, bubbles: true };
    const clicked = performance.now();
    canvas.dispatchEvent(new MouseEvent("mousedown", { ...where, buttons: 1 }));
    canvas.dispatchEvent(new MouseEvent("mouseup", { ...where, buttons: 0 }));
    while (read()?.red === before && performance.now() - clicked < 2000) await nextFrame();
    inputs.push(performance.now() - clicked);
  }
  return inputs;
};

window.hide = () => viewer?.disconnect();
document.body.dataset.ready = "yes";
