import type { ReactNode } from "react";
import {
  Button as AriaButton,
  Switch as AriaSwitch,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
  type SwitchProps,
  Text,
  TextField,
} from "react-aria-components";
import { Icon } from "./icons.tsx";

export function Switch({ children, ...rest }: Omit<SwitchProps, "className" | "style" | "children"> & { children: ReactNode }) {
  return (
    <AriaSwitch className="switch" {...rest}>
      <span className="switch-track" aria-hidden="true" />
      <span>{children}</span>
    </AriaSwitch>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What the field stands for when empty. */
  placeholder?: string;
  help?: string | undefined;
  fault?: string | undefined;
  autoFocus?: boolean;
  narrow?: boolean;
  isRequired?: boolean;
}

export function Field({ label, value, onChange, placeholder, help, fault, autoFocus = false, narrow = false, isRequired = false }: FieldProps) {
  return (
    <TextField
      className={narrow ? "field field-narrow" : "field"}
      value={value}
      onChange={onChange}
      isInvalid={fault !== undefined}
      autoFocus={autoFocus}
      isRequired={isRequired}
      validationBehavior="aria"
      autoComplete="off"
    >
      <Label>{label}</Label>
      <Input className="input" placeholder={placeholder ?? ""} spellCheck={false} />
      {help !== undefined && (
        <Text slot="description" className="help">
          {help}
        </Text>
      )}
      <FieldError className="field-error">{fault}</FieldError>
    </TextField>
  );
}

/** Digits only; empty is `undefined`. */
export function NumberField({
  value,
  onChange,
  ...rest
}: Omit<FieldProps, "value" | "onChange"> & { value: number | undefined; onChange: (value: number | undefined) => void }) {
  return (
    <Field
      {...rest}
      narrow
      value={value === undefined ? "" : String(value)}
      onChange={(text) => {
        const digits = text.replace(/\D/g, "").slice(0, 10);
        onChange(digits === "" ? undefined : Number(digits));
      }}
    />
  );
}

export interface Choice<K extends string> {
  readonly id: K;
  readonly text: string;
}

export function Choose<K extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: K;
  choices: readonly Choice<K>[];
  onChange: (value: K) => void;
}) {
  return (
    <Select
      className="field field-narrow select"
      selectedKey={value}
      onSelectionChange={(key) => {
        const found = choices.find((choice) => choice.id === key);
        if (found !== undefined) onChange(found.id);
      }}
    >
      <Label>{label}</Label>
      <AriaButton className="button button-plain select-button">
        <SelectValue className="select-value" />
        <Icon name="chevron" size={12} />
      </AriaButton>
      <Popover className="popover popover-list">
        <ListBox className="listbox" items={choices}>
          {(item) => (
            <ListBoxItem className="option" id={item.id}>
              {item.text}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
