import { defineConfig } from "vitest/config";

/** The suite on real Electron, apart from the others: npm run test:electron. */
export default defineConfig({
  test: { name: "electron", include: ["test/electron/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false },
});
