#!/usr/bin/env node
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNode } from "./node-version.mjs";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const STAMP = join(DIST, ".built");
const LOCK = join(DIST, ".building");
const SOURCES = ["electron", "renderer", "shared", "build", "package.json", "package-lock.json"];

/** One hash over every source: a build is up to date or it is not, whatever a checkout did to file times. */
function sourceHash() {
  const hash = createHash("sha256");
  const add = (path) => hash.update(relative(ROOT, path)).update("\0").update(readFileSync(path)).update("\0");
  for (const source of SOURCES) {
    const path = join(ROOT, source);
    if (!existsSync(path)) continue;
    if (/\.json$/.test(source)) add(path);
    else
      for (const entry of readdirSync(path, { recursive: true, withFileTypes: true }).sort((a, b) =>
        join(a.parentPath, a.name).localeCompare(join(b.parentPath, b.name)),
      ))
        if (entry.isFile()) add(join(entry.parentPath, entry.name));
  }
  return hash.digest("hex");
}

async function bundle(rolldown, plugins, version, { input, file, external, wrap = (code) => code }) {
  const build = await rolldown({
    input: join(ROOT, input),
    platform: "node",
    // Native parts are never built (install scripts are denied); their loaders fall back by themselves.
    external: [...external, "electron", /\.node$/, "cpu-features", "bufferutil", "utf-8-validate", "pino-pretty"],
    plugins,
    transform: { define: { "process.env.GATELIGHT_VERSION": JSON.stringify(version) } },
    logLevel: "warn",
    onLog(level, log, handler) {
      if (log.code === "EVAL" || log.code === "UNUSED_EXTERNAL_IMPORT") return;
      handler(level, log);
    },
  });
  // Names stay: they are what a stack in a problem report is read by.
  const { output } = await build.generate({
    format: "cjs",
    codeSplitting: false,
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  });
  await build.close();
  writeFileSync(join(DIST, file), wrap(ascii(output[0].code)));
}

/** One character beyond Latin-1 and V8 keeps the whole text with two bytes a character for as long as the program runs. */
const ascii = (code) => code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * A module whose body asks for Node's parts with `require`: an `import` of node:http reads every export, the one that loads all of undici among them.
 * The body is a function of its own, so that it is compiled piece by piece, and after `prelude` has run. Parts that are seldom needed (TLS takes 3 MB) are
 * loaded when one of their functions is first asked for.
 */
const moduleOf = (prelude) => (code) =>
  `const require=(load=>{
const seldom=/^(node:)?(tls|https|zlib|child_process|worker_threads|assert)$/;
const later=id=>{let part;const get=()=>part??=load(id);return new Proxy(()=>{},{get:(_,key)=>get()[key],apply:(_,self,args)=>get().apply(self,args)})};
return Object.assign(id=>seldom.test(id)?later(id):load(id),load)
})(process.getBuiltinModule("node:module").createRequire(import.meta.url));
${prelude}function gatelight(require,module,exports,__filename,__dirname){${code}
}
gatelight(require,{exports:{}},{},import.meta.filename,import.meta.dirname);
`;

/** Whether a process with this id is there. */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** One build at a time in a folder: two would pull each other's files away. @returns what lets the next one in @throws Error after two minutes */
async function turn() {
  mkdirSync(DIST, { recursive: true });
  const until = Date.now() + 120_000;
  while (Date.now() < until) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: "wx" });
      return () => rmSync(LOCK, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = existsSync(LOCK) ? Number(readFileSync(LOCK, "utf8")) : 0;
    // Left behind by a build that was killed.
    if (owner > 0 && !alive(owner)) rmSync(LOCK, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`another build holds ${LOCK}`);
}

/** Builds what is out of date. @returns whether anything was built */
export async function buildIfStale(options = {}) {
  if (!options.force && isFresh(sourceHash())) return false;
  const next = await turn();
  try {
    return await build(options);
  } finally {
    next();
  }
}

const isFresh = (hash) => existsSync(STAMP) && readFileSync(STAMP, "utf8") === hash;

async function build({ force = false, quiet = false }) {
  const hash = sourceHash();
  if (!force && isFresh(hash)) return false;
  if (!quiet) process.stderr.write("Building Gatelight …\n");
  // Called from a test, it would otherwise bundle React's development half, with the paths of this machine in it.
  process.env.NODE_ENV = "production";
  const { rolldown } = await import("rolldown");
  const { build: viteBuild } = await import("vite");
  const { cutOrders } = await import("./cut-orders.mjs");
  const { leanParts } = await import("./lean-parts.mjs");
  const version = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
  rmSync(STAMP, { force: true });
  mkdirSync(DIST, { recursive: true });
  const plugins = [cutOrders(), leanParts()];
  await Promise.all([
    bundle(rolldown, plugins, version, {
      input: "electron/cli.ts",
      file: "cli.js",
      external: [],
      wrap: moduleOf(readFileSync(join(ROOT, "build/lean-start.js"), "utf8")),
    }),
    bundle(rolldown, plugins, version, { input: "electron/main.ts", file: "main.js", external: [], wrap: moduleOf("") }),
    bundle(rolldown, [], version, { input: "electron/preload.cts", file: "preload.cjs", external: [] }),
    viteBuild({ configFile: join(ROOT, "renderer/vite.config.ts"), logLevel: "warn" }),
  ]);
  writeFileSync(STAMP, hash);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureNode(fileURLToPath(import.meta.url));
  await buildIfStale({ force: process.argv.includes("--force") });
}
