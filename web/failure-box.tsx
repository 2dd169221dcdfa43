import { useEffect, useState } from "react";
import type { Explanation, Failure } from "@rackwright/contract";
import { explain } from "./api.ts";

/** Why a machine failed: the sentence, the proof, what the cause means, what to do. */
export function FailureBox({ id, failure }: { id: string; failure: Failure }): React.ReactNode {
  const [cause, setCause] = useState<Explanation["cause"]>(null);
  const { code } = failure;
  useEffect(() => {
    explain(id).then(
      (told) => setCause(told.cause?.code === code ? told.cause : null),
      () => setCause(null),
    );
  }, [id, code]);
  return (
    <section className="failure">
      <strong>{failure.message}</strong>
      {failure.evidence.length === 0 ? null : <pre>{failure.evidence.join("\n")}</pre>}
      {cause === null ? null : <p className="quiet">{cause.meaning}</p>}
      <p>
        {failure.next} {cause === null ? null : <a href={`#/failures/${code}`}>What {code} means</a>}
      </p>
    </section>
  );
}
