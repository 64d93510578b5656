import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps, Tooltip, TooltipTrigger } from "react-aria-components";

interface Props extends Omit<ButtonProps, "className" | "style" | "children"> {
  children: ReactNode;
  look?: "primary" | "plain" | "quiet" | "danger";
  small?: boolean;
}

export function Button({ look = "plain", small = false, children, ...rest }: Props) {
  return (
    <AriaButton className={`button button-${look}${small ? " button-small" : ""}`} {...rest}>
      {children}
    </AriaButton>
  );
}

/** An icon with its name as label and tooltip. */
export function IconButton({ label, children, ...rest }: Omit<Props, "look" | "small"> & { label: string }) {
  return (
    <TooltipTrigger delay={500}>
      <AriaButton className="button button-icon" aria-label={label} {...rest}>
        {children}
      </AriaButton>
      <Tooltip className="tooltip" placement="bottom" offset={6}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}
