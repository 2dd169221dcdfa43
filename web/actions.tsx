import { useState } from "react";
import type { ActionHint, Machine, MachineAction } from "@rackwright/contract";
import { ActionDialog, takesWords } from "./action-dialog.tsx";
import { actionWords, capital } from "./words.ts";

/** What can be asked of a machine as buttons; of everything else, why not now. */
export function Actions({
  machine,
  hints,
  onAsk,
}: {
  machine: Machine;
  hints: readonly ActionHint[];
  onAsk: (action: MachineAction, body?: Record<string, unknown>) => void;
}): React.ReactNode {
  const [open, setOpen] = useState<MachineAction | null>(null);
  const refused = hints.filter(({ allowed }) => !allowed);
  return (
    <>
      <div className="actions">
        {machine.actions.map((action) => (
          <button
            key={action}
            type="button"
            onClick={() => (takesWords(action, machine) ? setOpen(action) : onAsk(action))}
          >
            {actionWords[action]}
            {takesWords(action, machine) ? " …" : ""}
          </button>
        ))}
      </div>
      {refused.length === 0 ? null : (
        <details className="refused">
          <summary>What cannot be asked now, and why</summary>
          <dl>
            {refused.map(({ action, why }) => (
              <div key={action}>
                <dt>{actionWords[action]}</dt>
                <dd>{capital(why ?? "")}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {open === null ? null : (
        <ActionDialog
          machine={machine}
          action={open}
          onAsk={(body) => onAsk(open, body)}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}
