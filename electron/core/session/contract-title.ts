/** What the title needs of a contract as the gateway describes it. */
export interface ContractText {
  readonly symbol: string;
  /** STK, OPT, FUT, FOP, CASH, BOND, CFD, WAR, CRYPTO, FUND, IND, CMDTY, BAG … */
  readonly kind: string;
  /** yyyymmdd or yyyymm; may carry a time after it. */
  readonly expiry: string;
  readonly strike: string | null;
  readonly right: string;
  readonly localSymbol: string;
  readonly currency: string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** The exchanges' month letters, January first. */
const MONTH_LETTERS = "FGHJKMNQUVXZ";

function dayOf(expiry: string): string {
  const found = /^(\d{4})(\d{2})(\d{2})?/.exec(expiry);
  const month = MONTHS[Number(found?.[2]) - 1];
  if (found === null || month === undefined) return expiry;
  const year = (found[1] ?? "").slice(2);
  return found[3] === undefined ? `${month} ${year}` : `${Number(found[3])} ${month} ${year}`;
}

/**
 * A future is named by its contract month, which is not always the month of its last day (crude oil for January ends in December). The month letter
 * of the exchange's own symbol tells; without it, the last day must do.
 */
function contractMonth(expiry: string, localSymbol: string): string {
  const found = /^(\d{4})(\d{2})/.exec(expiry);
  const letter = /([FGHJKMNQUVXZ])(\d{1,2})$/.exec(localSymbol.trim());
  if (found === null) return expiry;
  const year = Number(found[1]);
  const month = Number(found[2]);
  const index = letter?.[1] === undefined ? -1 : MONTH_LETTERS.indexOf(letter[1]);
  if (letter?.[2] !== undefined && index >= 0) {
    const modulus = 10 ** letter[2].length;
    for (const candidate of [year, year + 1]) {
      const distance = candidate * 12 + index - (year * 12 + month - 1);
      if (candidate % modulus === Number(letter[2]) && distance >= 0 && distance <= 3) return `${MONTHS[index]} ${String(candidate).slice(2)}`;
    }
  }
  const name = MONTHS[month - 1];
  return name === undefined ? expiry : `${name} ${String(year).slice(2)}`;
}

const joined = (...parts: string[]) => parts.filter((part) => part !== "").join(" ");

/** As traders read it: "AAPL", "SPY 18 Dec 26 600 C", "ES Dec 26", "EUR.USD". Never empty for a contract that has any name. */
export function contractTitle(contract: ContractText): string {
  const { symbol, localSymbol, strike, right } = contract;
  const name = symbol !== "" ? symbol : localSymbol;
  switch (contract.kind) {
    case "OPT":
    case "FOP":
    case "WAR":
    case "IOPT":
      return joined(name, dayOf(contract.expiry), strike === null || strike === "0" ? "" : strike, right.slice(0, 1));
    case "FUT":
    case "CONTFUT":
      return joined(name, contractMonth(contract.expiry, localSymbol));
    case "CASH":
      return localSymbol.includes(".") ? localSymbol : `${name}.${contract.currency}`;
    case "CRYPTO":
      return localSymbol.includes(".") ? localSymbol : joined(name, contract.currency);
    case "BOND":
    case "BILL":
      return localSymbol !== "" ? localSymbol : joined(name, dayOf(contract.expiry));
    case "CFD":
      return `${name} CFD`;
    case "BAG":
      return `${name} combination`;
    default:
      return name;
  }
}
