import { type Fault, told } from "./fault.ts";

/** The account's data: row 46. */
export const ACCOUNT_FAULTS: readonly Fault[] = [told("account-silent", "account-data-silent", { api: { accountSilent: true } })];
