/** The spec's fields as a list, read from the schema: for help texts, forms and reference pages. */
import type * as v from 'valibot';
import type { FieldNotes } from './spec';
import { RunSpecSchema } from './spec';

export interface FieldDescription extends FieldNotes {
  /** dotted, such as "data.jitter.pixels" */
  readonly path: string;
  readonly description: string;
  /** as JSON; absent where a value must be given */
  readonly default?: string;
  /** the kind for which the field exists, where its parent is one of several kinds */
  readonly kind?: string;
}

/** The parts of valibot's schemas that this walk reads. */
interface Walked {
  readonly type: string;
  readonly wrapped?: Walked;
  readonly default?: unknown;
  readonly entries?: Readonly<Record<string, Walked>>;
  readonly options?: readonly Walked[];
  readonly literal?: string;
  readonly pipe?: readonly { readonly type: string; readonly description?: string; readonly metadata?: FieldNotes }[];
}

function walk(schema: Walked, path: string, kind: string | undefined, preset: string | undefined): FieldDescription[] {
  if (schema.wrapped) {
    return walk(schema.wrapped, path, kind, schema.default === undefined ? preset : shownDefault(schema.default));
  }
  if (schema.type === 'variant' && schema.options) {
    const kinds = schema.options.map((option) => option.entries!['kind']!.literal!);
    return [
      { path: `${path}.kind`, description: 'which of these', range: kinds.join(' | '), ...given(preset) },
      ...schema.options.flatMap((option, index) =>
        Object.entries(option.entries!)
          .filter(([name]) => name !== 'kind')
          .flatMap(([name, entry]) => walk(entry, `${path}.${name}`, kinds[index], undefined)),
      ),
    ];
  }
  if (schema.entries) {
    return Object.entries(schema.entries).flatMap(([name, entry]) =>
      walk(entry, path === '' ? name : `${path}.${name}`, kind, undefined),
    );
  }
  const items = schema.pipe ?? [];
  const description = items.find((item) => item.type === 'description')?.description ?? '';
  const notes = items.find((item) => item.type === 'metadata')?.metadata ?? {};
  return [{ path, description, ...notes, ...given(preset), ...(kind === undefined ? {} : { kind }) }];
}

/** A default as JSON; of an object only its kind, as its fields have defaults of their own. */
function shownDefault(value: unknown): string | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return JSON.stringify(isObject ? (value as { kind?: string }).kind : value);
}

function given(value: string | undefined): { default?: string } {
  return value === undefined ? {} : { default: value };
}

/** Every field that a spec may have, in the schema's order. */
export function specFields(): FieldDescription[] {
  return walk(RunSpecSchema as v.GenericSchema as unknown as Walked, '', undefined, undefined);
}
