import { boundViewer } from "../../../renderer/views/screen/bounded-viewer.ts";
import { CallError, createClient, enterSocket, VncChannel } from "../../../shared/rpc.ts";

/** The least a window needs to show a screen: the contract's client and noVNC. What it sees is written to data attributes. */
const body = document.body.dataset;
const params = new URLSearchParams(location.hash.slice(1));
const log: string[] = [];
const note = (line: string) => {
  log.push(line);
  body.log = JSON.stringify(log);
};
document.addEventListener("securitypolicyviolation", (event) => note(`policy: ${event.violatedDirective} ${event.blockedURI}`));

/** Through Gatelight, or (`#socket=URL`) as noVNC alone would. */
async function open(): Promise<{ channel: object; began: number; painted: () => void }> {
  const socket = params.get("socket");
  if (socket !== null) return { began: performance.now(), channel: new WebSocket(socket), painted: () => note("painted") };
  const client = createClient(await enterSocket(new WebSocket(`ws://${location.host}/link`), params.get("token") ?? ""));
  await client.ready;
  client.onProgress((progress) => note(progress.failure === null ? progress.step : `failed: ${progress.failure.kind}`));
  client.onClose((why) => note(`link closed: ${why.code}`));
  const began = performance.now();
  const opened = await client.call("screen.open", { server: "home", gateway: params.get("gateway") ?? "paper", screen: "s1" });
  return {
    began,
    channel: new VncChannel(client.attach(opened.ticket)),
    painted: () => void client.call("screen.picture", { screen: "s1", picture: "painted" }).then(() => note("painted")),
  };
}

async function show(): Promise<void> {
  const [{ default: RFB }, { began, channel, painted }] = await Promise.all([import("@novnc/novnc"), open()]);
  const target = document.querySelector<HTMLElement>("#screen");
  if (target === null) throw new Error("no place for the screen");
  const viewer = new (boundViewer(RFB))(target, channel, { shared: true });
  viewer.scaleViewport = params.get("fit") === "1";
  viewer.addEventListener("connect", () => note("connected"));
  viewer.addEventListener("desktopname", (event) => note(`name: ${event instanceof CustomEvent ? event.detail.name : ""}`));
  viewer.addEventListener("securityfailure", () => note("securityfailure"));
  viewer.addEventListener("credentialsrequired", () => note("credentialsrequired"));
  viewer.addEventListener("cliptoolong", () => note("clipboard too long"));
  viewer.addEventListener("disconnect", (event) => {
    note(`disconnected: ${event instanceof CustomEvent && event.detail.clean === true ? "clean" : "not clean"}`);
    if (viewer.fault !== "") note(viewer.fault);
  });
  const look = () => {
    const colours = countColours(document.querySelector("canvas"));
    body.colours = String(colours);
    if (colours > 1 && body.painted === undefined) {
      body.painted = String(Math.round(performance.now() - began));
      painted();
    }
    requestAnimationFrame(look);
  };
  look();
}

function countColours(canvas: HTMLCanvasElement | null): number {
  const context = canvas?.getContext("2d");
  if (canvas === null || context == null || canvas.width === 0 || canvas.height === 0) return 0;
  const { data } = context.getImageData(0, 0, canvas.width, Math.min(canvas.height, 100));
  const seen = new Set<number>();
  for (let i = 0; i < data.length; i += 4) seen.add(((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0));
  return seen.size;
}

show().catch((error: unknown) => note(`error: ${error instanceof CallError ? error.faults.join() : String(error)}`));
