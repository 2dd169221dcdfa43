import { useEffect, useRef } from "react";
import type { Description, Operation } from "./document.ts";
import { ParametersView, SchemaView } from "./schema.tsx";

type Props = {
  operation: Operation;
  schemas: Description["components"]["schemas"];
  open: boolean;
  onToggle: (open: boolean) => void;
};

/** One operation: a line, and all about it once it is opened. */
export function OperationView({ operation, schemas, open, onToggle }: Props): React.ReactNode {
  const { id, method, path, summary } = operation;
  const place = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (location.hash === `#${id}`) place.current?.scrollIntoView();
  }, [id]);
  return (
    <details
      id={id}
      ref={place}
      className="operation"
      open={open}
      onToggle={(event) => onToggle(event.currentTarget.open)}
    >
      <summary>
        <span className={`method ${method.toLowerCase()}`}>{method}</span>
        <code>{path}</code>
        <span className="about">{summary}</span>
      </summary>
      {open ? <Body operation={operation} schemas={schemas} /> : null}
    </details>
  );
}

function Body({ operation, schemas }: Pick<Props, "operation" | "schemas">): React.ReactNode {
  const { parameters, body, answers, id } = operation;
  const within = (place: string) => parameters.filter((one) => one.in === place);
  return (
    <div className="body">
      <p className="quiet">
        <a href={`#${id}`}>Link to this</a>
        {operation.open ? " · answers strangers, too" : ""}
      </p>
      <pre>{callOf(operation)}</pre>
      <ParametersView title="Path" parameters={within("path")} />
      <ParametersView title="Query" parameters={within("query")} />
      <ParametersView title="Headers" parameters={within("header")} />
      {body === null ? null : (
        <>
          <h4>Body</h4>
          <SchemaView schema={body} schemas={schemas} sent />
        </>
      )}
      {answers.map(({ status, type, schema }) => (
        <section key={`${status} ${type}`}>
          <h4>
            Answer {status} <span className="quiet">{type}</span>
          </h4>
          {schema === null ? null : <SchemaView schema={schema} schemas={schemas} sent={false} />}
        </section>
      ))}
    </div>
  );
}

/** The call as a command, to begin with. */
function callOf({ method, path, body, open }: Operation): string {
  const parts = [`curl${method === "GET" ? "" : ` -X ${method}`} ${location.origin}${path}`];
  if (!open) parts.push(`-H "Authorization: Bearer $RACKWRIGHT_API_KEY"`);
  if (body !== null) {
    const needed = Object.fromEntries((body.required ?? []).map((name) => [name, "…"]));
    parts.push(`-H 'content-type: application/json' -d '${JSON.stringify(needed)}'`);
  }
  return parts.join(" \\\n  ");
}
