import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { type Description, operationsOf, search } from "./document.ts";
import { OperationView } from "./operation.tsx";

async function readDescription(): Promise<Description> {
  const answer = await fetch("/api/v1/openapi.json");
  if (!answer.ok) throw new Error(`The region answered ${answer.status}.`);
  return (await answer.json()) as Description;
}

/** The API, made from the description the region itself serves: every operation, to be searched and opened. */
export function ReferencePage(): React.ReactNode {
  const [description, setDescription] = useState<Description | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    readDescription().then(setDescription, (error: Error) => setProblem(error.message));
  }, []);
  return (
    <>
      <header>
        <a className="brand" href="/">
          <img src="/icon.svg" alt="" width="28" height="28" /> Rackwright
        </a>
        <span className="quiet">API {description?.info.version}</span>
        <span className="grow" />
        <a href="/api/v1/openapi.json">openapi.json</a>
      </header>
      <main className="reference">
        {problem === null ? null : <p className="failure">{problem}</p>}
        {description === null ? <p className="quiet centre">Loading …</p> : <Found description={description} />}
      </main>
    </>
  );
}

function Found({ description }: { description: Description }): React.ReactNode {
  const [text, setText] = useState("");
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set([location.hash.slice(1)]));
  useEffect(() => {
    const follow = (): void => setOpened((before) => new Set([...before, location.hash.slice(1)]));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const operations = useMemo(() => operationsOf(description), [description]);
  const wanted = useDeferredValue(text);
  const found = useMemo(() => search(operations, wanted), [operations, wanted]);
  const groups = [...Map.groupBy(found, ({ group }) => group)];
  const toggle = (id: string) => (open: boolean) =>
    setOpened((before) => {
      const after = new Set(before);
      if (open) after.add(id);
      else after.delete(id);
      return after;
    });
  return (
    <>
      <div className="bar">
        <h1>API reference</h1>
        <input
          type="search"
          aria-label="Search the API"
          placeholder="Search paths, summaries and fields"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <p>{description.info.description}</p>
      <p className="quiet" role="status">
        {found.length === operations.length
          ? `${operations.length} operations`
          : `${found.length} of ${operations.length} operations`}
      </p>
      <nav aria-label="Groups" className="groups">
        {groups.map(([group, all]) => (
          <a key={group} href={`#group-${group}`}>
            {group} <span className="quiet">{all.length}</span>
          </a>
        ))}
      </nav>
      {groups.map(([group, all]) => (
        <section key={group} id={`group-${group}`}>
          <h2>{group}</h2>
          {all.map((operation) => (
            <OperationView
              key={operation.id}
              operation={operation}
              schemas={description.components.schemas}
              open={opened.has(operation.id)}
              onToggle={toggle(operation.id)}
            />
          ))}
        </section>
      ))}
      {found.length === 0 ? <p className="empty">Nothing has these words.</p> : null}
    </>
  );
}
