import { z } from "zod";

/**
 * Imported first by every module that makes validators: zod compiles them with `new Function`, which the window's policy forbids and
 * would report each time.
 */
if ("document" in globalThis) z.config({ jitless: true });
