import { registerHooks } from "node:module";

/** A preload for Node (--import): whoever asks for Electron gets the stand-in. For the built program, which knows nothing of test runners. */
const STAND_IN = new URL("./electron-stand-in.ts", import.meta.url).href;
registerHooks({
  resolve: (name, context, next) => (name === "electron" ? { url: STAND_IN, format: "module-typescript", shortCircuit: true } : next(name, context)),
});
