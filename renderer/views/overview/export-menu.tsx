import { memo } from "react";
import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { messageOf } from "../../api/errors.ts";
import { useCall } from "../../api/link-context.tsx";
import { strings } from "../../strings.ts";
import { saveFile } from "../../ui/clipboard.ts";
import { Icon } from "../../ui/icons.tsx";
import { useToast } from "../../ui/toasts.tsx";

const WHAT = ["positions", "summary", "curve"] as const;

export const ExportMenu = memo(function ExportMenu({ server, gateway }: { server: string; gateway: string }) {
  const call = useCall();
  const toast = useToast();
  const save = (key: string | number) => {
    const what = WHAT.find((one) => one === key);
    if (what === undefined) return;
    call("export.csv", { server, gateway, what }).then(
      ({ name, text }) => saveFile(name, text),
      (error) => toast(messageOf(error), "error"),
    );
  };
  return (
    <MenuTrigger>
      <AriaButton className="button button-quiet button-small">
        {strings.money.exportCsv}
        <Icon name="chevron" size={10} />
      </AriaButton>
      <Popover className="popover popover-list" placement="bottom end">
        <Menu className="menu" onAction={save} aria-label={strings.money.exportCsv}>
          {WHAT.map((what) => (
            <MenuItem key={what} id={what} className="option">
              {strings.money.exports[what]}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
});
