import { afterAll, beforeAll, describe, it } from "vitest";
import { found, noticed, type Row, refused, table } from "./catalogue.ts";
import type { Fault } from "./faults.ts";
import { type Lab, startLab, whyNoLab } from "./lab.ts";
import type { Part } from "./parts.ts";
import { dataDir, Watching } from "./watching.ts";

/** One lab for all of it: it takes a while to start. */
export function inTheLab({ faults, tests, anewAfter }: Part): void {
  const why = whyNoLab();
  if (why !== null) console.warn(why);
  const seenBy = (kind: Fault["seen"]) => faults.filter((fault) => fault.seen === kind);

  describe.skipIf(why !== null)("in the lab", () => {
    let lab: Lab;
    let watching: Watching;
    const rows: Row[] = [];
    const early = new Map<string, Promise<() => Row>>();

    beforeAll(async () => {
      lab = await startLab({ speed: 8, healMs: 4_000 });
      watching = new Watching(dataDir(lab.folder, "data", lab.settings()));
      await watching.start();
      for (const fault of seenBy("refused")) early.set(fault.id, settle(refused(lab, fault)));
    }, 180_000);

    /** What the watcher has seen, or `null` when it was left in the middle of it. */
    let seen: number | null = 0;
    /** Green, and a watcher that has not seen much yet: after a few restarts it rightly grows suspicious, after a few failures slow. */
    const undisturbed = async (work: () => Promise<void>) => {
      if (seen === null || seen >= anewAfter) {
        await watching.start();
        seen = 0;
      }
      const before: number = seen;
      seen = null;
      try {
        await watching.green();
        await work();
      } catch (error) {
        // Where a second try is given, the reporter does not tell why it was needed.
        console.warn(error instanceof Error ? error.message : error);
        throw error;
      }
      seen = before + 1;
    };

    afterAll(async () => {
      if (rows.length > 0) console.info(`\n${table(rows)}\n`);
      await watching?.end();
      await lab?.dispose();
    }, 120_000);

    // All of them at once, and before any other: they must not meet a server that goes away.
    it.each(seenBy("refused"))(
      "refused: $id → $cause",
      async (fault) => {
        const begun = early.get(fault.id);
        early.delete(fault.id);
        rows.push(begun === undefined ? await refused(lab, fault) : (await begun)());
      },
      120_000,
    );
    it.each(seenBy("running"))("noticed: $id → $cause", (fault) => undisturbed(async () => void rows.push(await noticed(lab, watching, fault))), 300_000);
    it.each(seenBy("fresh"))("found: $id → $cause", (fault) => undisturbed(async () => void rows.push(await found(lab, watching, fault))), 600_000);
    for (const { name, run, timeout } of tests) it(name, () => undisturbed(() => run(lab, watching)), timeout);
  });
}

/** A result that waits for its asker, good or bad, without being a loose rejection meanwhile. */
const settle = (row: Promise<Row>): Promise<() => Row> =>
  row.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
