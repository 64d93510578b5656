import { useRef } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { useSnapshot } from "../../api/link-context.tsx";
import { useGateway, useSelection } from "../../selection.tsx";
import { strings } from "../../strings.ts";
import { LightShape } from "../../ui/light-shape.tsx";
import { ModeBadge } from "../../ui/mode-badge.tsx";
import { ScreenPanel } from "./screen-panel.tsx";

/** A tab a gateway. A screen once opened stays open behind the others until its tab's "Close" is pressed. */
export function ScreenView({ shown }: { shown: boolean }) {
  const snapshot = useSnapshot();
  const { server, gateway } = useGateway();
  const { select } = useSelection();
  const seen = useRef(new Set<string>());
  const current = `${server.id}/${gateway.id}`;
  if (shown) seen.current.add(current);
  const all = (snapshot?.servers ?? []).flatMap((one) => one.gateways.map((two) => ({ key: `${one.id}/${two.id}`, server: one, gateway: two })));
  return (
    <Tabs
      className="screen-view"
      selectedKey={current}
      onSelectionChange={(key) => {
        const found = all.find((entry) => entry.key === key);
        if (found !== undefined && shown) select(found.server.id, found.gateway.id, "screen");
      }}
    >
      <TabList className="tabs" aria-label={strings.screen.tabs}>
        {all.map((entry) => (
          <Tab key={entry.key} id={entry.key} className="tab">
            <LightShape state={entry.gateway.lights.screen.state} size={12} />
            {entry.gateway.name}
            <ModeBadge mode={entry.gateway.mode} />
          </Tab>
        ))}
      </TabList>
      {all.map((entry) => (
        <TabPanel key={entry.key} id={entry.key} className="tab-panel" shouldForceMount={seen.current.has(entry.key)}>
          {/* Whose mode is set anew is another gateway: what was unlocked as paper is locked as live. */}
          <ScreenPanel key={entry.gateway.mode} server={entry.server} gateway={entry.gateway} />
        </TabPanel>
      ))}
    </Tabs>
  );
}
