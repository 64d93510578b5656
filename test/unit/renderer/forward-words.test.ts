import { expect, test } from "vitest";
import { dataSize } from "../../../renderer/data-size.ts";
import { settingsStrings } from "../../../renderer/settings-strings.ts";

test("a tunnel for other programs shows its open connections and its bytes both ways", () => {
  const forward = { state: "listening", localPort: 4001, detail: "", connections: 1, bytesIn: 12_345_678, bytesOut: 950 } as const;
  const { state } = settingsStrings.forwards;
  expect(state(forward)).toBe("Listening on 127.0.0.1:4001: 1 open connection, 12 MB received, 950 B sent.");
  expect(state({ ...forward, connections: 0 })).toContain(": 0 open connections,");
  expect(state({ ...forward, state: "failed", localPort: null, detail: "Port 4001 is already in use by ssh (process 7)." })).toBe(
    "Failed: Port 4001 is already in use by ssh (process 7).",
  );
});

test("sizes have two figures at least and no more than three", () => {
  expect([0, 999, 999.6, 1_000, 9_949, 9_950, 999_499, 999_500, 1_234_567, 5e12, 5e15].map((bytes) => dataSize(bytes, "en-US"))).toEqual([
    ...["0 B", "999 B", "1.0 kB", "1.0 kB", "9.9 kB", "10 kB", "999 kB", "1.0 MB", "1.2 MB", "5.0 TB", "5,000 TB"],
  ]);
  expect(dataSize(1_234_567, "de-DE")).toBe("1,2 MB");
});
