import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], testTimeout: number, extra: { fileParallelism?: boolean } = {}) => ({
  test: { name, include, testTimeout, hookTimeout: 60_000, globalSetup: [] as string[], ...extra },
});

/** Projects by what they need: nothing (unit, contract, walls, security), real peers (integration, ui), root and Docker (lab). */
export default defineConfig({
  test: {
    // Most tests with real peers wait for deadlines, not for the processor.
    maxWorkers: 3,
    maxConcurrency: 8,
    // In CI a test with real peers gets a second try; the reporter names those that needed it.
    retry: process.env.CI === "true" ? 1 : 0,
    pool: "forks",
    projects: [
      project("walls", ["test/walls/**/*.test.ts"], 30_000),
      project("unit", ["test/unit/**/*.test.{ts,tsx}"], 15_000),
      project("contract", ["test/contract/**/*.test.ts"], 30_000),
      project("security", ["test/security/**/*.test.ts"], 60_000),
      project("integration", ["test/integration/**/*.test.ts"], 60_000),
      project("shell", ["test/shell/**/*.test.ts"], 60_000),
      project("ui", ["test/ui/**/*.test.ts"], 90_000, { fileParallelism: false }),
      project("lab", ["test/lab/**/*.test.ts"], 180_000, { fileParallelism: false }),
    ],
  },
});
