import { type Description, type Parameter, type Schema, limitsOf, nameOf, typeOf } from "./document.ts";

type Schemas = Description["components"]["schemas"];

/** Deeper ones are named only. */
const deepest = 6;

function target(schema: Schema, schemas: Schemas): Schema {
  return schema.$ref === undefined ? schema : (schemas[nameOf(schema.$ref)] ?? schema);
}

/** The objects a schema leads to: itself, its items, its alternatives. */
function objectsOf(schema: Schema, schemas: Schemas): Schema[] {
  const found = target(schema, schemas);
  if (found.properties) return [found];
  if (found.items) return objectsOf(found.items, schemas);
  if (typeof found.additionalProperties === "object") return objectsOf(found.additionalProperties, schemas);
  return (found.anyOf ?? found.oneOf ?? []).flatMap((one) => objectsOf(one, schemas));
}

/** `sent`: it is the caller's, who must know what may be left out. */
type Shown = { schema: Schema; schemas: Schemas; sent: boolean };

/** The fields of what is sent or answered. Objects within can be opened. */
export function SchemaView({ schema, schemas, sent, depth = 0 }: Shown & { depth?: number }): React.ReactNode {
  const objects = objectsOf(schema, schemas);
  if (objects.length === 0)
    return (
      <p className="quiet">
        {typeOf(schema)} {limitsOf(schema)}
      </p>
    );
  return objects.map((one, index) => (
    <table className="fields" key={index}>
      <tbody>
        {Object.entries(one.properties ?? {}).map(([name, part]) => (
          <Row
            key={name}
            name={name}
            schema={part}
            schemas={schemas}
            depth={depth}
            sent={sent}
            required={sent && one.required?.includes(name) === true}
          />
        ))}
      </tbody>
    </table>
  ));
}

type RowProps = Shown & { name: string; depth: number; required: boolean };

function Row({ name, schema, schemas, sent, depth, required }: RowProps): React.ReactNode {
  const opens = depth < deepest && objectsOf(schema, schemas).length > 0;
  const about = [schema.description, limitsOf(schema)].filter(Boolean).join("; ");
  return (
    <tr>
      <th scope="row">
        <code>{name}</code>
        {required ? <span className="needed">needed</span> : null}
      </th>
      <td>
        <span className="type">{typeOf(schema)}</span>
        {about === "" ? null : <span className="about"> {about}</span>}
        {opens ? (
          <details>
            <summary>fields</summary>
            <SchemaView schema={schema} schemas={schemas} sent={sent} depth={depth + 1} />
          </details>
        ) : null}
      </td>
    </tr>
  );
}

/** The parameters of a path, a query or of headers. */
export function ParametersView({
  title,
  parameters,
}: {
  title: string;
  parameters: readonly Parameter[];
}): React.ReactNode {
  if (parameters.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <table className="fields">
        <tbody>
          {parameters.map(({ name, schema, required, description }) => (
            <Row
              key={name}
              name={name}
              schema={description === undefined ? schema : { ...schema, description }}
              schemas={{}}
              sent
              depth={deepest}
              required={required === true}
            />
          ))}
        </tbody>
      </table>
    </>
  );
}
