import { useEffect, useState } from "react";
import type { CauseDescription } from "@rackwright/contract";
import { listFailures } from "./api.ts";

/** The failure catalogue, all of it or one cause. */
export function FailuresPage({ open }: { open: string | undefined }): React.ReactNode {
  const [causes, setCauses] = useState<readonly CauseDescription[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    listFailures().then(
      (page) => setCauses(page.items),
      (error: Error) => setProblem(error.message),
    );
  }, []);
  const shown = open === undefined ? causes : causes.filter(({ code }) => code === open);
  return (
    <>
      {open === undefined ? (
        <h1>What can fail, and what to do</h1>
      ) : (
        <p>
          <a href="#/failures">← All failures</a>
        </p>
      )}
      {problem === null ? null : <p className="failure">{problem}</p>}
      {shown.map((cause) => (
        <section key={cause.code}>
          <h2>
            <a href={`#/failures/${cause.code}`}>{cause.code}</a>
          </h2>
          <p>
            <strong>{cause.title}.</strong> {cause.meaning}
          </p>
          <p className="quiet">Evidence: {cause.evidence}</p>
          <p>{cause.next}</p>
        </section>
      ))}
    </>
  );
}
