/** The reference page, made of what the program itself reads: its commands, presets and the schema of a spec. */
import { specFields } from '../contract/fields';
import { PRESETS } from '../experiments/presets';

/** The parts of the program's commands that this page reads. */
interface Command {
  readonly name: () => string;
  readonly usage: () => string;
  readonly description: () => string;
  readonly registeredArguments: readonly { readonly name: () => string; readonly description: string }[];
  readonly options: readonly {
    readonly flags: string;
    readonly long?: string | undefined;
    readonly description: string;
    readonly defaultValue?: unknown;
    readonly argChoices?: readonly string[] | undefined;
  }[];
  readonly commands: readonly Command[];
}

/** Text outside of code. */
function prose(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('*', '\\*');
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase();
  return `${first}${prose(text.slice(1))}${text.endsWith('.') ? '' : '.'}`;
}

/** Of every command; said once. */
const COMMON = ['--lab', '--json', '--verbose'];

/** Markdown reads a bar as the end of a cell, and much else as its own. */
function cell(text: string): string {
  const parts = text.replaceAll('|', '\\|').split('`');
  return parts.map((part, at) => (at % 2 === 1 ? part : prose(part))).join('`');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const lines = [header, header.map(() => '---'), ...rows.map((row) => row.map(cell))];
  return [...lines.map((line) => `| ${line.join(' | ')} |`), ''];
}

/** @param above the commands that it stands under */
function commandText(command: Command, above: string): string[] {
  const name = `${above} ${command.name()}`.trim();
  const shown = command.options.filter(({ long }) => !COMMON.includes(long ?? ''));
  return [
    `### ${name}`,
    '',
    `\`npm run lab -- ${name} ${command.usage()}\``,
    '',
    sentence(command.description()),
    '',
    ...table(
      ['argument', 'what it is'],
      command.registeredArguments.map((argument) => [`\`${argument.name()}\``, argument.description]),
    ),
    ...table(
      ['option', 'what it does'],
      shown.map((option) => {
        const standard = option.defaultValue;
        const known = typeof standard === 'string' && standard !== '';
        const choices = option.argChoices ? ` (${option.argChoices.join(', ')})` : '';
        return [`\`${option.flags}\``, `${option.description}${choices}${known ? `; ${standard} if not given` : ''}`];
      }),
    ),
    ...command.commands.flatMap((below) => commandText(below, name)),
  ];
}

/** Markdown. */
export function referenceText(program: Command): string {
  const commands = program.commands.filter((command) => command.name() !== 'reference');
  return [
    '# Reference',
    '',
    'Made by `npm run lab -- reference` of what the program itself reads; a test keeps it so.',
    '',
    '## Commands',
    '',
    'Each also has `--help`, `--lab DIR` (the lab folder, where the runs are), `--json` (one JSON value a line on standard output, for programs) and `--verbose` (TensorFlow’s own messages too). Exit codes: 0 done, 2 bad input, 3 not found, 4 damaged file, 5 incompatible, 6 locked, 7 storage, 8 loss not finite, 9 engine, 130 interrupted.',
    '',
    ...commands.flatMap((command) => commandText(command, '')),
    '## Presets',
    '',
    ...table(
      ['preset', 'what it is'],
      PRESETS.map(({ name, note, needsTeacher }) => [`\`${name}\``, needsTeacher ? `${note} (distill)` : note]),
    ),
    '## Fields of a spec',
    '',
    'A spec is one JSON object; `--set path=value` sets a field of a preset. Where a field is of one kind of its parent alone, that stands in its row.',
    '',
    ...table(
      ['field', 'what it says', 'range', 'unit', 'if not given', 'kind'],
      specFields().map(({ path, description, unit, range, default: standard, kind }) => [
        `\`${path}\``,
        description,
        range ?? '',
        unit ?? '',
        standard === undefined ? '' : `\`${standard}\``,
        kind ?? '',
      ]),
    ),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}
