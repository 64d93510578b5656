import { memo, useMemo, useState } from "react";
import { Input, SearchField } from "react-aria-components";
import { type Decimal, formatDecimal } from "../../../shared/money.ts";
import type { AccountSnapshot, PositionSnapshot } from "../../../shared/snapshot.ts";
import { strings } from "../../strings.ts";
import { Icon } from "../../ui/icons.tsx";
import { Amount, useMasking } from "../../ui/masking.tsx";
import { ExportMenu } from "./export-menu.tsx";
import { COLUMNS, type Column, filterPositions, type Order, priceDigits, sortPositions, totals } from "./position-order.ts";

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
        <PositionTable shown={shown} base={account.baseCurrency} order={order} setOrder={setOrder} />
      )}
    </section>
  );
}

function PositionTable({
  shown,
  base,
  order,
  setOrder,
}: {
  shown: readonly PositionSnapshot[];
  base: string | null;
  order: Order;
  setOrder: (order: Order) => void;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="table-box" tabIndex={0} aria-label={strings.positions.table}>
      <table className="table">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <SortHeader key={column} column={column} order={order} setOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((position) => (
            <Row key={position.contractId} position={position} />
          ))}
          {shown.length === 0 && (
            <tr>
              <td colSpan={COLUMNS.length} className="quiet">
                {strings.positions.noMatch}
              </td>
            </tr>
          )}
        </tbody>
        <tfoot>
          {totals(shown, base).map((total) => (
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

const Row = memo(function Row({ position }: { position: PositionSnapshot }) {
  const { masked } = useMasking();
  const { currency } = position;
  return (
    <tr>
      <th scope="row">
        {position.title} <span className="quiet kind">{position.kind}</span>
      </th>
      <td>{masked ? "•••" : formatDecimal(position.quantity)}</td>
      <td>{formatPrice(position.price, position.kind)}</td>
      <Money value={position.value} currency={currency} />
      <td>{masked ? "•••" : formatPrice(position.averageCost, position.kind)}</td>
      <Money value={position.daily} currency={currency} signed />
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
