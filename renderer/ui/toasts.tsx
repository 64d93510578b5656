import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { strings } from "../strings.ts";
import { IconButton } from "./button.tsx";
import { Icon } from "./icons.tsx";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: "info" | "error";
}
type Show = (text: string, kind?: Toast["kind"]) => void;
const ToastContext = createContext<Show>(() => undefined);

/** Errors stay until dismissed; the rest leaves by itself. */
const INFO_MS = 6000;

export function useToast(): Show {
  return useContext(ToastContext);
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const next = useRef(1);
  const drop = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback<Show>((text, kind = "info") => {
    const id = next.current;
    next.current += 1;
    setToasts((all) => [...all.filter((toast) => toast.text !== text).slice(-3), { id, text, kind }]);
  }, []);
  const list = useMemo(() => toasts.map((toast) => <ToastLine key={toast.id} toast={toast} drop={drop} />), [toasts, drop]);
  return (
    <ToastContext value={show}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {list}
      </div>
    </ToastContext>
  );
}

function ToastLine({ toast, drop }: { toast: Toast; drop: (id: number) => void }) {
  useEffect(() => {
    if (toast.kind === "error") return undefined;
    const timer = setTimeout(() => drop(toast.id), INFO_MS);
    return () => clearTimeout(timer);
  }, [toast, drop]);
  return (
    <div className={`toast toast-${toast.kind}`}>
      <span>{toast.text}</span>
      <IconButton label={strings.dismiss} onPress={() => drop(toast.id)}>
        <Icon name="close" size={12} />
      </IconButton>
    </div>
  );
}
