import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { formatMoney, type Money } from "../../shared/money.ts";

interface Masking {
  readonly masked: boolean;
  toggle(): void;
}
const MaskContext = createContext<Masking>({ masked: false, toggle: () => undefined });

export function useMasking(): Masking {
  return useContext(MaskContext);
}

/**
 * @param byDefault the settings' `privacy.maskAmounts`: amounts begin hidden, and hide again whenever the window loses the focus or the desktop is locked
 * @param locked the desktop is locked now: not every desktop takes the focus away for it
 */
export function MaskProvider({ byDefault, locked, children }: { byDefault: boolean; locked: boolean; children: ReactNode }) {
  const [masked, setMasked] = useState(byDefault);
  useEffect(() => setMasked(byDefault), [byDefault]);
  useEffect(() => {
    if (byDefault && locked) setMasked(true);
  }, [byDefault, locked]);
  useEffect(() => {
    if (!byDefault) return undefined;
    const hide = () => setMasked(true);
    const hideUnseen = () => {
      if (document.visibilityState === "hidden") hide();
    };
    window.addEventListener("blur", hide);
    document.addEventListener("visibilitychange", hideUnseen);
    return () => {
      window.removeEventListener("blur", hide);
      document.removeEventListener("visibilitychange", hideUnseen);
    };
  }, [byDefault]);
  const toggle = useCallback(() => setMasked((value) => !value), []);
  const value = useMemo(() => ({ masked, toggle }), [masked, toggle]);
  return <MaskContext value={value}>{children}</MaskContext>;
}

export function Amount({ money, signed = false }: { money: Money | null; signed?: boolean }) {
  const { masked } = useMasking();
  if (money === null) return <span className="amount">–</span>;
  const sign = signed && !masked ? (money.value.startsWith("-") ? "negative" : /[1-9]/.test(money.value) ? "positive" : "zero") : "zero";
  return (
    <span className="amount" data-sign={sign}>
      {formatMoney(money, { masked, signed })}
    </span>
  );
}

/** The kind letters and the last two digits stay: enough to tell accounts apart. */
export function maskAccount(id: string, masked: boolean): string {
  return masked ? `${/^[A-Z]*/.exec(id)?.[0] ?? ""}•••${id.slice(-2)}` : id;
}
