import { useState } from "react";
import { formatDecimal, multiplyDecimals } from "../../../shared/money.ts";
import { type AccountSnapshot, FIGURES, type Figure, type FigureName } from "../../../shared/snapshot.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { Amount, useMasking } from "../../ui/masking.tsx";
import { formatAt } from "../../ui/time.ts";
import { FigureAge, OLD_MS } from "./figure-age.tsx";

const FIRST: readonly FigureName[] = ["NetLiquidation", "DailyPnL", "BuyingPower", "ExcessLiquidity", "Cushion"];
const SIGNED: ReadonlySet<FigureName> = new Set(["DailyPnL", "UnrealizedPnL", "RealizedPnL"]);

/** Every figure tells when it came; one that is older than the rest says so beside it. */
const toldAt = (at: number) => strings.money.asOf(formatAt(at, Date.now()), "now");

export function Figures({ account }: { account: AccountSnapshot }) {
  const [all, setAll] = useState(false);
  const rest = FIGURES.filter((name) => !FIRST.includes(name));
  return (
    <div className="figures">
      <dl className="figures-first">
        {FIRST.map((name) => (
          <FigureLine key={name} name={name} account={account} />
        ))}
      </dl>
      {all && (
        <dl className="figures-rest">
          {rest.map((name) => (
            <FigureLine key={name} name={name} account={account} />
          ))}
          {account.cash.map((cash) => (
            <div className="figure" key={cash.currency} title={toldAt(cash.at)}>
              <dt>{strings.money.cash(cash.currency)}</dt>
              <dd>
                <Amount money={cash} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <Button look="quiet" small onPress={() => setAll(!all)} aria-expanded={all}>
        {all ? strings.money.less : strings.money.all}
      </Button>
    </div>
  );
}

function FigureLine({ name, account }: { name: FigureName; account: AccountSnapshot }) {
  const figure = account.figures[name];
  return (
    <div className="figure" data-name={name} title={figure === undefined ? undefined : toldAt(figure.at)}>
      <dt>{strings.figures[name]}</dt>
      <dd>
        <FigureValue name={name} figure={figure} />
        {figure !== undefined && account.at !== null && account.at - figure.at > OLD_MS && <FigureAge at={figure.at} />}
      </dd>
    </div>
  );
}

function FigureValue({ name, figure }: { name: FigureName; figure: Figure | undefined }) {
  const { masked } = useMasking();
  if (figure === undefined) return <span className="amount">–</span>;
  if (name === "Cushion") return <span className="amount">{masked ? "•••" : `${formatDecimal(multiplyDecimals(figure.value, "100"), { digits: 0 })} %`}</span>;
  return <Amount money={figure} signed={SIGNED.has(name)} />;
}
