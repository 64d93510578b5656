import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const ROOT = import.meta.dirname;

/** The window's bundle: static files only, fit for a policy without inline script or style. */
export const rendererConfig = defineConfig({
  root: ROOT,
  base: "./",
  publicDir: false,
  plugins: [react()],
  build: {
    outDir: resolve(ROOT, "../dist/renderer"),
    emptyOutDir: true,
    target: "chrome140",
    // An inlined asset would be a data: URL, which the policy allows for images alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
});

// Vite reads its configuration from the default export.
export default rendererConfig;
