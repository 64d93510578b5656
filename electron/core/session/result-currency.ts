import Big from "big.js";
import type { Decimal } from "../../../shared/money.ts";

/** Nearer to one than this, a rate tells nothing. */
const CLEAR = "0.03";

/**
 * In which currency the results of single positions are told. IBKR documents it nowhere (tws-api/pnl.html: as the portfolio window shows them), so the value
 * beside them decides: it is the portfolio's own, or that in the account's base currency.
 * @param told the value in the result's message @param listed the same position's value in the portfolio, in the contract's currency; may be some minutes older
 * @param rate base currency for one unit of the contract's @returns `null` where the two cannot be told apart
 */
export function resultCurrency(told: Decimal, listed: Decimal, rate: Decimal): "contract" | "base" | null {
  const [inContract, inBase] = [new Big(listed), new Big(listed).times(rate)];
  const apart = inContract.minus(inBase).abs();
  if (apart.lte(inContract.abs().times(CLEAR))) return null;
  const isNear = (value: Big) => value.minus(told).abs().times(4).lte(apart);
  return isNear(inContract) ? "contract" : isNear(inBase) ? "base" : null;
}
