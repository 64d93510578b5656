import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Simulator } from "../../../electron/simulator/simulator.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** What this process holds after a collection. */
export interface Size {
  /** Minutes since the start. */
  readonly minute: number;
  /** MB in use, without compiled code and the simulator's records. */
  readonly heap: number;
  /** MB of compiled code: the longer a program runs, the more of it is compiled for speed. */
  readonly code: number;
  /** MB of buffers outside the heap. */
  readonly buffers: number;
  readonly handles: number;
  readonly parts: Readonly<Record<string, number>>;
}

/** The simulator and the test share a process: its record of commands and the simulated containers' logs are not the product's. */
function recordsOf(simulator: Simulator): number {
  const logs = [...simulator.stage.home.engine.containers.values()].flatMap((container) => container.log.entries.map(({ text }) => text));
  return [...logs, ...simulator.truth().commands].reduce((sum, text) => sum + text.length + 80, 0);
}

export function measure(simulator: Simulator, minute: number): Size {
  collect();
  const parts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) parts[name] = (parts[name] ?? 0) + 1;
  const { heapUsed, external } = process.memoryUsage();
  const code = getHeapSpaceStatistics()
    .filter((space) => /^(code|trusted)_/.test(space.space_name))
    .reduce((sum, space) => sum + space.space_used_size, 0);
  return {
    minute,
    heap: (heapUsed - code - recordsOf(simulator)) / 1e6,
    code: code / 1e6,
    buffers: external / 1e6,
    handles: Object.values(parts).reduce((sum, count) => sum + count, 0),
    parts,
  };
}

export const sizeLine = ({ minute, heap, code, buffers, handles, parts }: Size) =>
  `minute ${minute.toFixed(1).padStart(5)}: heap ${heap.toFixed(1)} MB and ${code.toFixed(1)} MB of code, buffers ${buffers.toFixed(1)} MB, handles ${handles} ${JSON.stringify(parts)}`;

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/**
 * What grew between the second quarter of a long course and its last: by then the first of everything has been loaded, compiled and filled. Medians, since
 * what is measured stands in the middle of some trouble.
 */
export function growth(sizes: readonly Size[]): { heap: number; buffers: number; handles: number } {
  const quarter = Math.floor(sizes.length / 4);
  const [early, late] = [sizes.slice(quarter, 2 * quarter), sizes.slice(-quarter)];
  const grown = (of: (size: Size) => number) => median(late.map(of)) - median(early.map(of));
  return { heap: grown((size) => size.heap), buffers: grown((size) => size.buffers), handles: grown((size) => size.handles) };
}
