import { afterAll, beforeAll, describe, it } from "vitest";
import { buildIfStale } from "../../build/build.mjs";
import { chosen, found, noticed, type Row, refused, table } from "./catalogue.ts";
import { type Lab, startLab, whyNoLab } from "./lab.ts";
import { dataDir, Watching } from "./watching.ts";

const why = whyNoLab();
if (why !== null) console.warn(why);

/** One lab for all of it: it takes a while to start. */
describe.skipIf(why !== null)("in the lab", () => {
  let lab: Lab;
  let watching: Watching;
  const rows: Row[] = [];

  beforeAll(async () => {
    await buildIfStale({ quiet: true });
    lab = await startLab({ speed: 8, healMs: 4_000 });
    watching = await Watching.start(dataDir(lab.folder, "data", lab.settings()));
    await watching.green();
  }, 180_000);

  afterAll(async () => {
    if (rows.length > 0) console.info(`\n${table(rows)}\n`);
    await watching?.end();
    await lab?.dispose();
  }, 120_000);

  it.concurrent.each(chosen("settings"))("refused: $id → $cause", async (fault) => void rows.push(await refused(lab, fault)), 120_000);
  it.each(chosen("running"))("noticed: $id → $cause", async (fault) => void rows.push(await noticed(lab, watching, fault)), 300_000);
  it.each(chosen("fresh"))("found: $id → $cause", async (fault) => void rows.push(await found(lab, watching, fault)), 300_000);
});
