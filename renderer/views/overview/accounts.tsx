import { lazy, Suspense, useState } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";
import type { AccountSnapshot, GatewaySnapshot, ServerSnapshot } from "../../../shared/snapshot.ts";
import { strings } from "../../strings.ts";
import { maskAccount, useMasking } from "../../ui/masking.tsx";
import { formatAt, formatSpan, useNow } from "../../ui/time.ts";
import { Figures } from "./figures.tsx";
import { Positions } from "./positions.tsx";

const Curve = lazy(() => import("./curve.tsx").then((module) => ({ default: module.Curve })));

export function Accounts({ server, gateway }: { server: ServerSnapshot; gateway: GatewaySnapshot }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const account = gateway.accounts.find((one) => one.id === chosen) ?? gateway.accounts[0];
  if (account === undefined) {
    return (
      <section className="panel empty-panel" aria-label={strings.money.label}>
        <h2>{strings.money.none}</h2>
        <p className="quiet">{strings.money.noneDetail}</p>
      </section>
    );
  }
  return (
    <section className="money" aria-label={strings.money.label} data-stale={account.stale}>
      <div className="money-head">
        {gateway.accounts.length > 1 ? (
          <>
            <h2 className="visually-hidden">{strings.money.label}</h2>
            <AccountPicker accounts={gateway.accounts} chosen={account.id} choose={setChosen} />
            <Base account={account} />
          </>
        ) : (
          <AccountName account={account} />
        )}
        <Age account={account} />
      </div>
      <Mismatch account={account} mode={gateway.mode} />
      <div className="money-top">
        <Figures account={account} />
        <Suspense fallback={<div className="curve-box" />}>
          <Curve server={server.id} gateway={gateway.id} account={account.id} currency={account.baseCurrency ?? "USD"} />
        </Suspense>
      </div>
      <Positions server={server.id} gateway={gateway.id} account={account} />
    </section>
  );
}

function AccountName({ account }: { account: AccountSnapshot }) {
  const { masked } = useMasking();
  return (
    <h2>
      {maskAccount(account.id, masked)} <Base account={account} />
    </h2>
  );
}

function Base({ account }: { account: AccountSnapshot }) {
  return account.baseCurrency === null ? null : <span className="quiet">{strings.money.base(account.baseCurrency)}</span>;
}

function AccountPicker({ accounts, chosen, choose }: { accounts: readonly AccountSnapshot[]; chosen: string; choose: (id: string) => void }) {
  const { masked } = useMasking();
  return (
    <RadioGroup className="segments" value={chosen} onChange={choose} orientation="horizontal">
      <Label className="visually-hidden">{strings.money.account}</Label>
      {accounts.map((account) => (
        <Radio key={account.id} value={account.id} className="segment">
          {maskAccount(account.id, masked)}
        </Radio>
      ))}
    </RadioGroup>
  );
}

/** Stale figures say so in words; dimming only repeats it. */
function Age({ account }: { account: AccountSnapshot }) {
  const now = useNow();
  if (account.at === null) return <p className="age age-stale">{strings.money.neverDetail}</p>;
  const span = formatSpan(now - account.at);
  if (account.stale) {
    return (
      <p className="age age-stale" title={strings.money.staleDetail(span)}>
        <strong>{strings.money.stale}</strong> · {strings.money.asOf(formatAt(account.at, now), span)}
      </p>
    );
  }
  return <p className="age">{strings.money.asOf(formatAt(account.at, now), span)}</p>;
}

function Mismatch({ account, mode }: { account: AccountSnapshot; mode: "paper" | "live" }) {
  if (account.kind === mode) return null;
  if (account.kind === "unknown") return <p className="quiet">{strings.money.unknownKind}</p>;
  return (
    <p className="inline-warning" role="alert">
      {strings.money.mismatch(account.kind, mode)}
    </p>
  );
}
