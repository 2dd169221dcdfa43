import type { Machine } from "@rackwright/contract";

/** What a machine is doing: its step with a bar where it knows how far, else what it waits for. */
export function Progress({ machine }: { machine: Machine }): React.ReactNode {
  if (machine.progress === null)
    return machine.waits_for === null ? null : <span className="quiet">waits for {machine.waits_for}</span>;
  const { title, percent } = machine.progress;
  return (
    <span>
      {title}
      {percent === null ? null : (
        <>
          {" "}
          <progress max={100} value={percent} aria-label={title} /> {Math.round(percent)} %
        </>
      )}
    </span>
  );
}
