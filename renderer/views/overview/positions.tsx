import { memo, useMemo, useRef, useState } from "react";
import { Input, SearchField } from "react-aria-components";
import { type Decimal, formatDecimal } from "../../../shared/money.ts";
import type { AccountSnapshot, PositionSnapshot } from "../../../shared/snapshot.ts";
import { strings } from "../../strings.ts";
import { Icon } from "../../ui/icons.tsx";
import { Amount, useMasking } from "../../ui/masking.tsx";
import { formatAt } from "../../ui/time.ts";
import { ExportMenu } from "./export-menu.tsx";
import { FigureAge, OLD_MS } from "./figure-age.tsx";
import { COLUMNS, type Column, currencyOf, filterPositions, type Order, priceDigits, sortPositions, totals } from "./position-order.ts";
import { useWindowed } from "./windowed.ts";

export function Positions({ server, gateway, account }: { server: string; gateway: string; account: AccountSnapshot }) {
  const [filter, setFilter] = useState("");
  const [order, setOrder] = useState<Order>({ column: "value", descending: true });
  const shown = useMemo(
    () => sortPositions(filterPositions(account.positions, filter), order, account.baseCurrency),
    [account.positions, account.baseCurrency, filter, order],
  );
  return (
    <section className="positions" aria-label={strings.positions.label}>
      <div className="positions-head">
        <h3>{strings.positions.count(account.positions.length)}</h3>
        <SearchField aria-label={strings.positions.filter} value={filter} onChange={setFilter} className="search">
          <Input className="input input-small" placeholder={strings.positions.filter} />
        </SearchField>
        <ExportMenu server={server} gateway={gateway} />
      </div>
      {account.positions.length === 0 ? (
        <p className="quiet">{strings.positions.none}</p>
      ) : (
        <PositionTable shown={shown} newest={account.at ?? 0} base={account.baseCurrency} order={order} setOrder={setOrder} />
      )}
    </section>
  );
}

function PositionTable({
  shown,
  newest,
  base,
  order,
  setOrder,
}: {
  shown: readonly PositionSnapshot[];
  /** When the account's newest figure came. */
  newest: number;
  base: string | null;
  order: Order;
  setOrder: (order: Order) => void;
}) {
  const box = useRef<HTMLElement>(null);
  const sums = useMemo(() => totals(shown, base), [shown, base]);
  const { from, to, before, after, whole } = useWindowed(box, shown.length);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="table-box" tabIndex={0} aria-label={strings.positions.table} ref={box}>
      <table className="table" aria-rowcount={whole ? undefined : shown.length + 1}>
        <thead>
          <tr aria-rowindex={whole ? undefined : 1}>
            {COLUMNS.map((column) => (
              <SortHeader key={column} column={column} order={order} setOrder={setOrder} />
            ))}
          </tr>
        </thead>
        {before > 0 && <Gap height={before} />}
        <tbody>
          {shown.slice(from, to).map((position, index) => (
            <Row key={position.contractId} position={position} old={newest - position.at > OLD_MS} place={whole ? undefined : from + index + 2} />
          ))}
          {shown.length === 0 && (
            <tr>
              <td colSpan={COLUMNS.length} className="quiet">
                {strings.positions.noMatch}
              </td>
            </tr>
          )}
        </tbody>
        {after > 0 && <Gap height={after} />}
        <tfoot>
          {sums.map((total) => (
            <tr key={total.currency}>
              <th scope="row">{strings.positions.total(total.currency)}</th>
              <td />
              <td />
              <Money value={total.value} currency={total.currency} />
              <td />
              <Money value={total.daily} currency={total.currency} signed />
              <Money value={total.unrealized} currency={total.currency} signed />
            </tr>
          ))}
        </tfoot>
      </table>
    </section>
  );
}

function SortHeader({ column, order, setOrder }: { column: Column; order: Order; setOrder: (order: Order) => void }) {
  const mine = order.column === column;
  const next = { column, descending: mine ? !order.descending : column !== "title" };
  return (
    <th scope="col" aria-sort={mine ? (order.descending ? "descending" : "ascending") : "none"} data-column={column}>
      <button type="button" className="sort" onClick={() => setOrder(next)}>
        {strings.positions.columns[column]}
        {mine && <Icon name={order.descending ? "down" : "up"} size={10} />}
      </button>
    </th>
  );
}

/** Where rows are not drawn. */
function Gap({ height }: { height: number }) {
  return (
    <tbody aria-hidden="true" className="gap">
      <tr>
        <td colSpan={COLUMNS.length} style={{ height }} />
      </tr>
    </tbody>
  );
}

/** @param place of the row in the whole table, where only a part of it is drawn */
const Row = memo(function Row({ position, old, place }: { position: PositionSnapshot; old: boolean; place: number | undefined }) {
  const { masked } = useMasking();
  const { currency } = position;
  return (
    <tr aria-rowindex={place} title={strings.money.asOf(formatAt(position.at, Date.now()), "now")}>
      <th scope="row">
        {position.title} <span className="quiet kind">{position.kind}</span>
        {old && <FigureAge at={position.at} />}
      </th>
      <td>{masked ? "•••" : formatDecimal(position.quantity)}</td>
      <td>{formatPrice(position.price, position.kind)}</td>
      <Money value={position.value} currency={currency} />
      <td>{masked ? "•••" : formatPrice(position.averageCost, position.kind)}</td>
      <Money value={position.daily} currency={currencyOf(position, "daily")} signed />
      <Money value={position.unrealized} currency={currency} signed />
    </tr>
  );
});

function formatPrice(value: Decimal | null, kind: string): string {
  return value === null ? "–" : formatDecimal(value, { digits: priceDigits(value, kind) });
}

function Money({ value, currency, signed = false }: { value: Decimal | null; currency: string; signed?: boolean }) {
  return (
    <td>
      <Amount money={value === null ? null : { value, currency }} signed={signed} />
    </td>
  );
}
