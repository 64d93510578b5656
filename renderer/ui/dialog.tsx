import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  title: string;
  children: ReactNode;
  onClose: () => void;
  /** Wide for commands and forms. */
  wide?: boolean;
  alert?: boolean;
  /** Not left by a click beside it. */
  sticky?: boolean;
}

/** Modal: takes the focus, keeps it, gives it back. Esc closes. */
export function Dialog({ title, children, onClose, wide = false, alert = false, sticky = false }: Props) {
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      isDismissable={!sticky}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal className={wide ? "modal modal-wide" : "modal"}>
        <AriaDialog className="dialog" role={alert ? "alertdialog" : "dialog"}>
          <Heading slot="title" className="dialog-title">
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
