import RFB from "@novnc/novnc";
import { createClient, enterSocket, VncChannel } from "../../../shared/rpc.ts";

/** Shows a screen by Gatelight's path (`#token=…`) or straight over a WebSocket (`#socket=URL`), and measures what is seen. */
export interface Measured {
  readonly firstPictureMs: number;
  readonly seconds: number;
  /** Different pictures seen. */
  readonly frames: number;
  /** From the drawing in X to the canvas, ms. */
  readonly ages: readonly number[];
  /** From a click in the page to its effect on the canvas, ms. */
  readonly inputs: readonly number[];
}
declare global {
  interface Window {
    measure(seconds: number, clicks: number): Promise<Measured>;
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

window.measure = async (seconds, clicks) => {
  const began = performance.now();
  const viewer = new RFB(target, await channel(), { shared: true });
  while (read() === null) await nextFrame();
  const firstPictureMs = performance.now() - began;
  const warm = performance.now() + 1500;
  while (performance.now() < warm) await nextFrame();

  const ages: number[] = [];
  let last = -1;
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) {
    await nextFrame();
    const seen = read();
    if (seen === null || seen.stamp === last) continue;
    last = seen.stamp;
    ages.push((Date.now() - seen.stamp) & 0xffff);
  }
  const took = (performance.now() - start) / 1000;

  const inputs: number[] = [];
  const canvas = target.querySelector("canvas");
  const box = canvas?.getBoundingClientRect();
  for (let i = 0; i < clicks && canvas !== null && box !== undefined; i += 1) {
    const before = read()?.red;
    const where = { clientX: box.left + 700, clientY: box.top + 400, button: 0, bubbles: true };
    const clicked = performance.now();
    canvas.dispatchEvent(new MouseEvent("mousedown", { ...where, buttons: 1 }));
    canvas.dispatchEvent(new MouseEvent("mouseup", { ...where, buttons: 0 }));
    while (read()?.red === before && performance.now() - clicked < 2000) await nextFrame();
    inputs.push(performance.now() - clicked);
    for (let wait = 0; wait < 3 + (i % 4); wait += 1) await nextFrame();
  }
  viewer.disconnect();
  return { firstPictureMs, seconds: took, frames: ages.length, ages, inputs };
};
document.body.dataset.ready = "yes";
