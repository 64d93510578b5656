#!/usr/bin/env node
// Draws every picture of Gatelight from the shapes below: npx node build/make-icons.mjs (needs Chromium).
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const BUILD = import.meta.dirname;

// ── the program's icon: a gate with a lit lantern in it ──────────────────────────────────────────────────────────────

/** @param {{ tile: boolean, bold: boolean, pad: number }} look `bold`: for 16 to 32 pixels, fewer and thicker strokes */
function gate({ tile, bold, pad }) {
  const stroke = bold ? 52 : 36;
  const ground = tile
    ? `<rect width="512" height="512" rx="116" fill="url(#night)"/><rect x="3" y="3" width="506" height="506" rx="113" fill="none" stroke="#ffffff" stroke-opacity=".14" stroke-width="6"/>`
    : "";
  const bars = bold ? "" : `<path d="M186 410V300M326 410V300" stroke="#8ea3c7" stroke-width="14" stroke-linecap="round" opacity=".75"/>`;
  const chain = bold ? "" : `<path d="M256 132v46" stroke="#e8eefb" stroke-width="12" stroke-linecap="round"/>`;
  const light = bold ? { y: 262, r: 74 } : { y: 244, r: 60 };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-pad} ${-pad} ${512 + 2 * pad} ${512 + 2 * pad}">
  <defs>
    <linearGradient id="night" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#2b3f6b"/><stop offset="1" stop-color="#101a30"/></linearGradient>
    <linearGradient id="stone" gradientUnits="userSpaceOnUse" x1="0" y1="100" x2="0" y2="440"><stop offset="0" stop-color="#ffffff"/><stop offset="1" stop-color="#c3d0e8"/></linearGradient>
    <radialGradient id="glow" cx=".5" cy=".5" r=".5"><stop offset="0" stop-color="#5dffab" stop-opacity=".75"/><stop offset="1" stop-color="#5dffab" stop-opacity="0"/></radialGradient>
    <radialGradient id="flame" cx=".42" cy=".36" r=".75"><stop offset="0" stop-color="#e9fff3"/><stop offset=".4" stop-color="#4df09c"/><stop offset="1" stop-color="#12a866"/></radialGradient>
    <linearGradient id="beam" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#5dffab" stop-opacity=".5"/><stop offset="1" stop-color="#5dffab" stop-opacity=".08"/></linearGradient>
    <clipPath id="arch"><path d="M140 420V232a116 116 0 0 1 232 0v188z"/></clipPath>
  </defs>
  ${ground}
  <g clip-path="url(#arch)">
    <rect x="140" y="100" width="232" height="330" fill="#0b1326"/>
    <path d="M226 ${light.y + 20}L130 424h252L286 ${light.y + 20}z" fill="url(#beam)"/>
    <circle cx="256" cy="${light.y}" r="150" fill="url(#glow)"/>
    ${bars}
  </g>
  ${chain}
  <circle cx="256" cy="${light.y}" r="${light.r}" fill="url(#flame)"/>
  <path d="M140 420V232a116 116 0 0 1 232 0v188" fill="none" stroke="url(#stone)" stroke-width="${stroke}" stroke-linecap="round" stroke-linejoin="round"/>
  <path d="M92 ${bold ? 424 : 420}H420" stroke="url(#stone)" stroke-width="${stroke}" stroke-linecap="round"/>
</svg>`;
}

// ── tray pictures: one shape a state, in a field of 32 × 32 ──────────────────────────────────────────────────────────

const PALM =
  "M10.2 17.2V8.6a1.9 1.9 0 0 1 3.8 0V5.9a1.9 1.9 0 0 1 3.8 0v2a1.9 1.9 0 0 1 3.8 0v3.2a1.8 1.8 0 0 1 3.6 0v8.4c0 5-3.6 8.9-8.5 8.9-3.4 0-5.8-1.5-7.6-4.4l-4-6.5c-1.3-2.1 1.3-3.9 2.9-2.2z";
/** `fill` in the ground colour where the shape is hollow. */
const SHAPES = {
  up: { solid: `<circle cx="16" cy="16" r="12.6"/>`, line: "" },
  connecting: { solid: `<path d="M16 4.2a11.8 11.8 0 0 0 0 23.6z"/>`, line: `<circle cx="16" cy="16" r="11.2"/>` },
  degraded: { solid: `<path d="M16 2.2 29.8 16 16 29.8 2.2 16z"/>`, line: "" },
  down: { solid: `<path d="M16 4.2 29.4 27.4H2.6z"/>`, line: "" },
  off: { solid: "", line: `<circle cx="16" cy="16" r="11"/>` },
  "needs-you": { solid: `<path d="${PALM}"/>`, line: "" },
  unknown: { solid: `<circle cx="16" cy="25.6" r="2.7"/>`, line: `<path d="M10.2 11.4a5.9 5.9 0 1 1 8.9 5.1c-2 1.2-3.1 2.2-3.1 4.5"/>` },
};
const ON_DARK = { up: "#3ddc84", connecting: "#58b6ff", degraded: "#ffb02e", down: "#ff6257", off: "#aeb6c2", "needs-you": "#c58bff", unknown: "#d5dae2" };
const ON_LIGHT = { up: "#12783f", connecting: "#0a63a8", degraded: "#9a5b00", down: "#c02622", off: "#59626e", "needs-you": "#7a3bb8", unknown: "#454d59" };
/** Between the two, for bars whose colour is not known; the rims do the rest. */
const ON_ANY = { up: "#1fae62", connecting: "#1f8be0", degraded: "#f29a0c", down: "#e8382f", off: "#808a97", "needs-you": "#9a55e0", unknown: "#6d7785" };

function drawn(state, colour, extra = 0, opacity = 1) {
  const { solid, line } = SHAPES[state];
  const width = state === "unknown" ? 4.4 : 3.4;
  const outline = extra === 0 ? "" : `stroke="${colour}" stroke-width="${extra}" stroke-linejoin="round"`;
  return `<g opacity="${opacity}"><g fill="${colour}" ${outline}>${solid}</g><g fill="none" stroke="${colour}" stroke-width="${width + extra}" stroke-linecap="round">${line}</g></g>`;
}
const tray = (inner) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${inner}</svg>`;
/** A dark rim around a white one around the colour: one of them stands out against any bar. */
const rimmed = (state) =>
  tray(
    `<g transform="translate(16 16) scale(.9) translate(-16 -16)">${drawn(state, "#10151c", 5.6, 0.55)}${drawn(state, "#ffffff", 3.4)}${drawn(state, ON_ANY[state])}</g>`,
  );

// ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** @param {{ size: number, png: Buffer }[]} images */
function ico(images) {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  for (const [index, { size, png }] of images.entries()) {
    const at = 6 + 16 * index;
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...images.map(({ png }) => png)]);
}

/** @param {[string, Buffer][]} parts */
function icns(parts) {
  const blocks = parts.map(([type, png]) => {
    const head = Buffer.alloc(8);
    head.write(type, 0, "ascii");
    head.writeUInt32BE(png.length + 8, 4);
    return Buffer.concat([head, png]);
  });
  const head = Buffer.alloc(8);
  head.write("icns", 0, "ascii");
  head.writeUInt32BE(8 + blocks.reduce((sum, block) => sum + block.length, 0), 4);
  return Buffer.concat([head, ...blocks]);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage();
async function png(svg, size) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>html,body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  return page.screenshot({ omitBackground: true });
}

const icons = join(BUILD, "icons");
const trays = join(BUILD, "tray");
for (const folder of [icons, trays]) mkdirSync(folder, { recursive: true });
const save = (folder, name, data) => writeFileSync(join(folder, name), data);

const icon = (size) => gate({ tile: true, bold: size <= 32, pad: 0 });
save(icons, "gatelight.svg", icon(512));
for (const size of [16, 24, 32, 48, 64, 128, 256, 512]) save(icons, `${size}x${size}.png`, await png(icon(size), size));
const wide = [];
for (const size of [16, 20, 24, 32, 40, 48, 64, 128, 256]) wide.push({ size, png: await png(icon(size), size) });
save(icons, "icon.ico", ico(wide));
// macOS leaves a tenth of the field around an icon free.
const mac = async (size, drawnAt) => png(gate({ tile: true, bold: drawnAt <= 32, pad: 62 }), size);
const blocks = [];
for (const [type, size, at] of [
  ["ic11", 32, 16],
  ["ic12", 64, 32],
  ["ic07", 128, 128],
  ["ic13", 256, 128],
  ["ic08", 256, 256],
  ["ic14", 512, 256],
  ["ic09", 512, 512],
  ["ic10", 1024, 512],
])
  blocks.push([type, await mac(size, at)]);
save(icons, "icon.icns", icns(blocks));

for (const state of Object.keys(SHAPES)) {
  save(trays, `${state}.png`, await png(rimmed(state), 24));
  save(trays, `${state}@2x.png`, await png(rimmed(state), 48));
  save(trays, `${state}Template.png`, await png(tray(drawn(state, "#000000")), 16));
  save(trays, `${state}Template@2x.png`, await png(tray(drawn(state, "#000000")), 32));
  for (const [bar, colours] of [
    ["dark", ON_DARK],
    ["light", ON_LIGHT],
  ]) {
    const images = [];
    for (const size of [16, 20, 24, 32, 48]) images.push({ size, png: await png(tray(drawn(state, colours[state])), size) });
    save(trays, `${state}-${bar}.ico`, ico(images));
  }
}
await browser.close();
