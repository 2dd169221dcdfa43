import { useEffect, useState } from "react";
import type { ScriptResult } from "@rackwright/contract";
import { getOutput, listResults, suppress } from "./api.ts";
import type { Session } from "./api.ts";
import { capital } from "./words.ts";

const bad = /failed|timed out/;

/** What scripts found on a machine when they ran last, with their output. */
export function Results({ session, id, changed }: { session: Session; id: string; changed: unknown }): React.ReactNode {
  const [results, setResults] = useState<readonly ScriptResult[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    listResults(id).then(
      (page) => setResults(page.items.toReversed()),
      (error: Error) => setProblem(error.message),
    );
  }, [id, changed, asked]);
  if (results.length === 0) return <p className="quiet">{problem ?? "No script ran on it yet."}</p>;
  const toggle = (one: ScriptResult): void => {
    suppress(session, one.id, !one.suppressed).then(
      () => setAsked((times) => times + 1),
      (error: Error) => setProblem(error.message),
    );
  };
  return (
    <>
      {problem === null ? null : (
        <p className="failure" role="alert">
          {problem}
        </p>
      )}
      {results.map((one) => (
        <Result key={one.id} one={one} onToggle={() => toggle(one)} />
      ))}
    </>
  );
}

function Result({ one, onToggle }: { one: ScriptResult; onToggle: () => void }): React.ReactNode {
  const [output, setOutput] = useState<string | null>(null);
  const failed = bad.test(one.status);
  const read = (open: boolean): void => {
    if (!open) return setOutput(null);
    getOutput(one.id).then(
      (text) => setOutput(text === "" ? "(it wrote nothing)" : text),
      (error: Error) => setOutput(error.message),
    );
  };
  const values = Object.entries(one.results).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return (
    <details className="result" onToggle={(event) => read(event.currentTarget.open)}>
      <summary>
        <span className={failed ? "bad" : one.status === "passed" ? "good" : "quiet"}>{capital(one.status)}</span>
        <span>
          {one.name}
          {one.device === null ? "" : ` (${one.device})`}
        </span>
        <span className="quiet">{one.type}</span>
        <span className="quiet">{one.runtime === null ? "" : `${one.runtime.toFixed(1)} s`}</span>
        <span className="quiet">
          {[...(one.suppressed ? ["does not count"] : []), ...(one.error === null ? [] : [one.error]), ...values].join(
            "; ",
          )}
        </span>
      </summary>
      <pre>{output ?? "…"}</pre>
      {failed ? (
        <p>
          <button type="button" className="plain" onClick={onToggle}>
            {one.suppressed ? "Let this failure count again" : "Let this failure not count"}
          </button>
        </p>
      ) : null}
    </details>
  );
}
