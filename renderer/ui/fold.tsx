import type { ReactNode } from "react";
import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import { Icon } from "./icons.tsx";

/** Something that few need, folded away. */
export function Fold({ label, open = false, children }: { label: string; open?: boolean; children: ReactNode }) {
  return (
    <Disclosure className="fold" defaultExpanded={open}>
      <Heading level={3}>
        <AriaButton slot="trigger" className="fold-trigger">
          <Icon name="chevron" size={12} />
          {label}
        </AriaButton>
      </Heading>
      <DisclosurePanel className="fold-panel">{children}</DisclosurePanel>
    </Disclosure>
  );
}
