import { useId, useLayoutEffect, useRef } from "react";
import { TextObject } from "./text";
import type { Confirm } from "./types";

/** ConfirmDialog asks once more. The browser's own modal dialog keeps the focus inside and closes on Escape. */
export function ConfirmDialog({ confirm, onClose }: { confirm: Confirm; onClose: (agreed: boolean) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // A layout effect, because closing gives the focus back only while the dialog is still in the page.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      role="dialog"
      aria-modal="true"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onCancel={(e) => {
        e.preventDefault();
        onClose(false);
      }}
      onMouseDown={(e) => {
        if (e.target === e.currentTarget) {
          onClose(false);
        }
      }}
    >
      <div className="dialog">
        <h2 id={`${id}-title`}>{confirm.title.text}</h2>
        <p id={`${id}-text`}>
          <TextObject text={confirm.text} />
        </p>
        <div className="dialog-buttons">
          <button type="button" className="slack-button" autoFocus onClick={() => onClose(false)}>
            {confirm.deny.text}
          </button>
          <button type="button" className={`slack-button ${confirm.style ?? "primary"}`} onClick={() => onClose(true)}>
            {confirm.confirm.text}
          </button>
        </div>
      </div>
    </dialog>
  );
}
