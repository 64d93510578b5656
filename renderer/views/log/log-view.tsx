import { useCallback, useEffect, useRef, useState } from "react";
import { Input, SearchField } from "react-aria-components";
import type { LogLine } from "../../../shared/contract.ts";
import type { GatewaySnapshot } from "../../../shared/snapshot.ts";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { useGateway } from "../../selection.tsx";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { copyText } from "../../ui/clipboard.ts";
import { Switch } from "../../ui/fields.tsx";
import { ModeBadge } from "../../ui/mode-badge.tsx";
import { useToast } from "../../ui/toasts.tsx";

const LINES = 500;
/** Each look is a `docker logs` on the server: no oftener than this. */
const FOLLOW_MS = 3000;

export function LogView() {
  const { server, gateway } = useGateway();
  return <Log key={`${server.id}/${gateway.id}`} server={server.id} gateway={gateway} />;
}

function Log({ server, gateway }: { server: string; gateway: GatewaySnapshot }) {
  const [filter, setFilter] = useState("");
  const [follow, setFollow] = useState(true);
  const { lines, truncated, fault, load } = useLog(server, gateway.id, follow);
  const toast = useToast();
  const shown = (lines ?? []).filter((line) => line.text.toLowerCase().includes(filter.toLowerCase()));
  const copy = () =>
    copyText(shown.map((line) => line.text).join("\n")).then(
      () => toast(strings.copied),
      (error) => toast(messageOf(error), "error"),
    );
  return (
    <div className="view log-view">
      <header className="view-head">
        <h1>{strings.log.title(gateway.container)}</h1>
        <ModeBadge mode={gateway.mode} />
        <SearchField aria-label={strings.log.filter} value={filter} onChange={setFilter} className="search">
          <Input className="input input-small" placeholder={strings.log.filter} />
        </SearchField>
        <Switch isSelected={follow} onChange={setFollow}>
          {strings.log.follow}
        </Switch>
        <Button small onPress={copy} isDisabled={shown.length === 0}>
          {strings.copy}
        </Button>
        {!follow && (
          <Button small onPress={load}>
            {strings.log.reload}
          </Button>
        )}
      </header>
      {fault !== null && (
        <p className="inline-error" role="alert">
          {fault}
        </p>
      )}
      {truncated && <p className="quiet">{strings.log.truncated(LINES)}</p>}
      <Lines lines={lines === null ? null : shown} follow={follow} />
    </div>
  );
}

function useLog(server: string, gateway: string, follow: boolean) {
  const call = useCall();
  const [lines, setLines] = useState<readonly LogLine[] | null>(null);
  const [truncated, setTruncated] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const load = useCallback(async () => {
    try {
      const answer = await call("log.tail", { server, gateway, lines: LINES });
      setLines(answer.lines);
      setTruncated(answer.truncated);
      setFault(null);
    } catch (error) {
      setFault(messageOf(error));
      setLines((before) => before ?? []);
    }
  }, [call, server, gateway]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const round = async () => {
      await load();
      if (!stopped && follow) timer = setTimeout(round, FOLLOW_MS);
    };
    void round();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [load, follow]);
  return { lines, truncated, fault, load };
}

function Lines({ lines, follow }: { lines: readonly LogLine[] | null; follow: boolean }) {
  const box = useRef<HTMLElement>(null);
  const last = lines?.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new last line is what scrolls
  useEffect(() => {
    if (follow && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, last]);
  if (lines === null) return <p className="quiet">{strings.loading}</p>;
  if (lines.length === 0) return <p className="quiet">{strings.log.none}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="log-lines" ref={box} tabIndex={0} aria-label={strings.log.lines}>
      <ol>
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: log lines repeat and have no name of their own
          <li key={index} data-source={line.source} data-phase={line.phase !== null}>
            {line.phase !== null && <span className="log-phase">{line.phase}</span>}
            <span className="log-text">{line.text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
