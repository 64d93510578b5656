/** IBKR's data farms, as the gateway names them. */
export interface Farm {
  readonly name: string;
  readonly kind: "market-data" | "history" | "sec-def";
}
export const FARMS: readonly Farm[] = [
  { name: "usfarm.nj", kind: "market-data" },
  { name: "eufarm", kind: "market-data" },
  { name: "usfuture", kind: "market-data" },
  { name: "ushmds", kind: "history" },
  { name: "secdefil", kind: "sec-def" },
];

export function farmNotice(farm: Farm, ok: boolean): [number, string] {
  if (farm.kind === "market-data")
    return ok ? [2104, `Market data farm connection is OK:${farm.name}`] : [2103, `Market data farm connection is broken:${farm.name}`];
  if (farm.kind === "history") return ok ? [2106, `HMDS data farm connection is OK:${farm.name}`] : [2105, `HMDS data farm connection is broken:${farm.name}`];
  return ok ? [2158, `Sec-def data farm connection is OK:${farm.name}`] : [2157, `Sec-def data farm connection is broken:${farm.name}`];
}
