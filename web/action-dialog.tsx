import { useEffect, useRef, useState } from "react";
import type { Machine, MachineAction } from "@rackwright/contract";
import { listImages } from "./api.ts";
import { actionWords } from "./words.ts";

/** Whether an action is asked about first: it takes options, or ends what a machine is used for. */
export function takesWords(action: MachineAction, { status }: Machine): boolean {
  if (["deploy", "release", "test", "mark_broken"].includes(action)) return true;
  return status === "deployed" && ["power_off", "power_cycle", "rescue_mode"].includes(action);
}

const names = (text: string): string[] => text.split(",").flatMap((one) => one.trim() || []);

/** What the form says, as the action's route takes it. */
export function bodyFrom(action: MachineAction, form: FormData): Record<string, unknown> {
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const comment = text("comment") === "" ? {} : { comment: text("comment") };
  if (action === "deploy")
    return {
      ...comment,
      image: text("image"),
      ephemeral: form.has("memory"),
      ...(text("user_data") !== "" && { user_data: text("user_data") }),
    };
  if (action === "release") return { ...comment, ...erasings[text("erase")] };
  if (action === "test" && names(text("scripts")).length > 0)
    return { ...comment, testing_scripts: names(text("scripts")) };
  return comment;
}

/** What becomes of the disks, by the choice of the form. */
const erasings: Readonly<Record<string, Record<string, boolean>>> = {
  no: { erase: false, quick_erase: false, secure_erase: false },
  all: { erase: true, quick_erase: false, secure_erase: false },
  quick: { quick_erase: true, secure_erase: false },
  secure: { quick_erase: false, secure_erase: true },
};

/** Asks how an action shall be done, and whether. */
export function ActionDialog({
  machine,
  action,
  onAsk,
  onClose,
}: {
  machine: Machine;
  action: MachineAction;
  onAsk: (body: Record<string, unknown>) => void;
  onClose: () => void;
}): React.ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const power = action.startsWith("power_");
  return (
    <dialog ref={dialog} onClose={onClose} aria-label={`${actionWords[action]} ${machine.hostname}`}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onAsk(bodyFrom(action, new FormData(event.currentTarget)));
          onClose();
        }}
      >
        <h2>
          {actionWords[action]}: {machine.hostname}
        </h2>
        {machine.status === "deployed" && action !== "deploy" ? (
          <p>It is deployed{machine.owner === null ? "" : ` for ${machine.owner}`}: whatever runs on it stops.</p>
        ) : null}
        {action === "deploy" ? <DeployFields /> : null}
        {action === "release" ? (
          <label>
            Disks
            <select name="erase">
              <option value="">as the settings say</option>
              <option value="no">leave them as they are</option>
              <option value="quick">erase the beginning and end of each</option>
              <option value="secure">secure erase where the disk has it, else all of it</option>
              <option value="all">overwrite all of each</option>
            </select>
          </label>
        ) : null}
        {action === "test" ? (
          <label>
            Testing scripts, names or tags with commas between
            <input name="scripts" placeholder="those tagged commissioning" />
          </label>
        ) : null}
        {power ? null : (
          <label>
            Why, for the events
            <input name="comment" maxLength={2000} />
          </label>
        )}
        <p className="actions">
          <button type="submit">{actionWords[action]}</button>
          <button type="button" className="plain" onClick={onClose}>
            Cancel
          </button>
        </p>
      </form>
    </dialog>
  );
}

function DeployFields(): React.ReactNode {
  const [images, setImages] = useState<readonly string[]>(["debian-12"]);
  useEffect(() => {
    listImages().then(
      ({ items }) => setImages(items.filter(({ kind }) => kind === "deployable").map(({ name }) => name)),
      () => undefined,
    );
  }, []);
  return (
    <>
      <label>
        Image
        <select name="image">
          {images.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label className="check">
        <input type="checkbox" name="memory" /> run it from memory and leave the disks alone
      </label>
      <label>
        Cloud-init user data
        <textarea name="user_data" rows={4} placeholder="#cloud-config" />
      </label>
    </>
  );
}
