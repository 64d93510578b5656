import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chosen, FULL, found, noticed, type Row, refused, table } from "./catalogue.ts";
import { type Lab, startLab, whyNoLab } from "./lab.ts";
import { keepsOutOfTheQueue, quietCost, retriesSlowly } from "./politeness.ts";
import { CASES, cures, neverTwice, readBack } from "./repairs.ts";
import { dataDir, Watching } from "./watching.ts";

const why = whyNoLab();
if (why !== null) console.warn(why);

/** One lab for all of it: it takes a while to start. */
describe.skipIf(why !== null)("in the lab", () => {
  let lab: Lab;
  let watching: Watching;
  const rows: Row[] = [];
  const early = new Map<string, Promise<() => Row>>();

  beforeAll(async () => {
    lab = await startLab({ speed: 8, healMs: 4_000 });
    watching = new Watching(dataDir(lab.folder, "data", lab.settings()));
    await watching.start();
    // These look at nothing that the others change: they run while the first of the others are at it.
    for (const fault of chosen("refused")) early.set(fault.id, settle(refused(lab, fault)));
  }, 180_000);

  // What the lab does in minutes befalls a gateway in years: after a few restarts a watcher rightly grows suspicious, after a few failures slow.
  let faults = 0;
  const another = async () => {
    if (faults++ % (FULL ? 1 : 3) === 0 && faults > 1) await watching.start();
    await watching.green();
  };

  afterAll(async () => {
    if (rows.length > 0) console.info(`\n${table(rows)}\n`);
    await watching?.end();
    await lab?.dispose();
  }, 120_000);

  it.each(chosen("running"))(
    "noticed: $id → $cause",
    async (fault) => {
      // Those who look already must not meet a server that goes away.
      if (fault.wholeServer === true) await Promise.all(early.values());
      await another();
      rows.push(await noticed(lab, watching, fault));
    },
    300_000,
  );
  it.each(chosen("refused"))(
    "refused: $id → $cause",
    async (fault) => {
      const begun = early.get(fault.id);
      early.delete(fault.id);
      rows.push(begun === undefined ? await refused(lab, fault) : (await begun)());
    },
    120_000,
  );
  it.each(chosen("fresh"))(
    "found: $id → $cause",
    async (fault) => {
      await watching.start();
      await watching.green();
      rows.push(await found(lab, watching, fault));
    },
    300_000,
  );

  if (suite("politeness")) {
    it("a quiet while costs the server next to nothing", async () => {
      const cost = await quietCost(lab, watching, FULL ? 61_000 : 20_000);
      console.info(`${cost.commands} commands, ${cost.fresh} processes, ${cost.cpuPercent.toFixed(2)} % of a core in ${cost.seconds.toFixed(0)} s`);
      expect(cost.commands).toBeLessThanOrEqual(1);
      expect(cost.fresh).toBeLessThanOrEqual(3);
      expect(cost.cpuPercent).toBeLessThan(1);
    }, 180_000);
    it("no connection of ours joins an accept queue", () => keepsOutOfTheQueue(lab, watching), 240_000);
    if (FULL) it("a gateway that closes on us is asked ever more seldom, by one connection at a time", () => retriesSlowly(lab, watching), 240_000);
  }

  if (suite("repairs")) {
    it.each(CASES.filter((one) => FULL || one.always === true))(
      "repair: $repair cures $cause",
      async (one) => {
        await another();
        await cures(lab, watching, one);
      },
      300_000,
    );
    if (FULL)
      it("two who want the same repair at once: it runs once", async () => {
        await watching.start();
        await neverTwice(lab, watching);
      }, 300_000);
    it("the line falls in the middle of a repair: read back, not repeated", () => readBack(lab, watching), 300_000);
  }
});

/** GATELIGHT_LAB_ONLY names faults, or "politeness" or "repairs", for one who works on them. */
function suite(name: string): boolean {
  const only = process.env.GATELIGHT_LAB_ONLY;
  return only === undefined || only.split(",").includes(name);
}

/** A result that waits for its asker, good or bad, without being a loose rejection meanwhile. */
const settle = (row: Promise<Row>): Promise<() => Row> =>
  row.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
