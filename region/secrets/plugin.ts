import {
  AliasNode,
  ColumnNode,
  type ColumnUpdateNode,
  InsertQueryNode,
  type KyselyPlugin,
  type OperationNode,
  PrimitiveValueListNode,
  ReferenceNode,
  type RootOperationNode,
  TableNode,
  UpdateQueryNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
} from "kysely";
import type { SecretBox } from "./box.ts";
import { openValue, sealValue, sealedNames, shapeOf } from "./columns.ts";

/**
 * Seals secrets on their way into the database and opens them on their way out, so that nobody who writes a query needs to
 * think of it. It sees values of `insert` and `update` queries; what is written by SQL of one's own is sealed at the next
 * start of a region.
 */
export function sealing(box: SecretBox): KyselyPlugin {
  return {
    transformQuery: ({ node }) => {
      if (InsertQueryNode.is(node)) return sealInsert(box, node);
      if (UpdateQueryNode.is(node)) return sealUpdate(box, node);
      return node;
    },
    transformResult: async ({ result }) => {
      // Every row of a result has the same columns.
      const names = Object.keys(result.rows[0] ?? {}).filter((name) => sealedNames.has(name));
      for (const row of result.rows) for (const name of names) row[name] = openValue(box, name, row[name]);
      return result;
    },
  };
}

function tableName(node: OperationNode | undefined): string | null {
  if (node === undefined) return null;
  if (AliasNode.is(node)) return tableName(node.node);
  return TableNode.is(node) ? node.table.identifier.name : null;
}

function columnName(node: OperationNode): string | null {
  if (ReferenceNode.is(node)) return columnName(node.column);
  return ColumnNode.is(node) ? node.column.name : null;
}

function sealInsert(box: SecretBox, node: InsertQueryNode): RootOperationNode {
  const table = tableName(node.into);
  if (table === null || node.columns === undefined) return node;
  const shapes = node.columns.map((column) => {
    const name = columnName(column);
    return name === null ? undefined : { name, shape: shapeOf(table, name) };
  });
  if (!shapes.some((one) => one?.shape !== undefined)) return node;
  const sealed = (value: unknown, index: number): unknown => {
    const { name, shape } = shapes[index] ?? {};
    return name === undefined || shape === undefined ? value : sealValue(box, name, shape, value);
  };
  const { values, onConflict } = node;
  return {
    ...node,
    ...(values !== undefined &&
      ValuesNode.is(values) && {
        values: ValuesNode.create(
          values.values.map((row) =>
            PrimitiveValueListNode.is(row)
              ? PrimitiveValueListNode.create(row.values.map(sealed))
              : ValueListNode.create(
                  row.values.map((part, index) =>
                    ValueNode.is(part) ? ValueNode.create(sealed(part.value, index)) : part,
                  ),
                ),
          ),
        ),
      }),
    ...(onConflict?.updates !== undefined && {
      onConflict: { ...onConflict, updates: sealUpdates(box, table, onConflict.updates) },
    }),
  };
}

function sealUpdate(box: SecretBox, node: UpdateQueryNode): RootOperationNode {
  const table = tableName(node.table);
  if (table === null || node.updates === undefined) return node;
  return { ...node, updates: sealUpdates(box, table, node.updates) };
}

function sealUpdates(box: SecretBox, table: string, updates: readonly ColumnUpdateNode[]): ColumnUpdateNode[] {
  return updates.map((update) => {
    const name = columnName(update.column);
    const shape = name === null ? undefined : shapeOf(table, name);
    if (name === null || shape === undefined || !ValueNode.is(update.value)) return update;
    return { ...update, value: ValueNode.create(sealValue(box, name, shape, update.value.value)) };
  });
}
