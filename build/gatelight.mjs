#!/usr/bin/env node
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ensureNode } from "./node-version.mjs";

ensureNode(fileURLToPath(import.meta.url));
const { buildIfStale } = await import("./build.mjs");
await buildIfStale();
await import(pathToFileURL(join(import.meta.dirname, "../dist/cli.js")).href);
