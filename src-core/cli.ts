/** The laboratory in a terminal: `npm run lab -- <command>`. Wiring only. */
import { Command, CommanderError, Option } from 'commander';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import packageJson from '../package.json';
import { LabError } from './contract/errors';
import { SCALES, STUDIES } from './contract/scorecard';
import { suggestion } from './contract/suggest';
import { EXPORT_FORMATS } from './experiments/export';
import type { Lab } from './lab';
import { archiveCommand, importCommand, trainArchiveCommand } from './terminal/archive-commands';
import { datasetsAdd, datasetsDelete, datasetsList, datasetsPreview } from './terminal/datasets-commands';
import { doctorCommand } from './terminal/doctor-command';
import { Output } from './terminal/output';
import { compareCommand, evaluateCommand, exportCommand, reportCommand } from './terminal/result-commands';
import { referenceText } from './terminal/reference';
import { reproduceCommand } from './terminal/reproduce-command';
import { runsDelete, runsList, runsShow } from './terminal/runs-commands';
import { studyCommand } from './terminal/study-command';
import { fieldsHelp, presetsHelp } from './terminal/spec-options';
import type { SpecOptions } from './terminal/spec-options';
import { triageCommand } from './terminal/triage-command';
import { distillCommand, resumeCommand, trainCommand } from './terminal/train-command';

interface CommonOptions {
  readonly lab: string;
  readonly json?: boolean;
}

const DEFAULT_LAB = join(homedir(), 'distill-lab');

/** TensorFlow is loaded only by the commands that compute: `doctor` must work without it. */
async function openLab(folder: string): Promise<Lab> {
  const { Lab: Loaded } = await import('./lab');
  return new Loaded(resolve(folder));
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function common(command: Command): Command {
  return command
    .option('--lab <dir>', 'lab folder, where the runs are', DEFAULT_LAB)
    .option('--json', 'one JSON value a line on standard output, for programs')
    .option('--verbose', "TensorFlow's own messages too");
}

function withSpecOptions(command: Command): Command {
  return common(command)
    .option('--set <path=value>', 'set any field of the spec; may be repeated', collect)
    .option('--seed <number>', 'seed of everything random in the run, 0 to 4294967295 (default of the spec: 1)')
    .option('--epochs <number>', 'passes over the transfer set, 1 to 100000')
    .option('--name <text>', 'name shown in lists');
}

type Action<Options> = (lab: Lab, output: Output, options: Options, ...words: string[]) => Promise<void>;

/** Runs a command's action with a lab, and turns what it throws into a sentence and an exit code. */
function act<Options>(action: Action<Options>): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<CommonOptions>();
    const words = given.slice(0, -2) as string[];
    const output = new Output(options.json === true);
    try {
      await action(await openLab(options.lab), output, options as Options, ...words);
    } catch (error) {
      process.exitCode = output.failure(error);
    }
  };
}

const program = new Command('lab')
  .description('Distill Lab: knowledge distillation on native TensorFlow')
  .version(packageJson.version)
  .showSuggestionAfterError(true)
  .showHelpAfterError('(add --help for what there is)')
  .exitOverride()
  .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 100, 120) });

withSpecOptions(program.command('train'))
  .description('train a network from a preset or a spec file')
  .argument('<spec>', 'a preset, or the path of a spec as JSON')
  .option('--recipe <name>', 'data as a recipe says that was saved in the Data view')
  .addHelpText('after', () => presetsHelp() + fieldsHelp())
  .action(act((lab, output, options: SpecOptions, spec) => trainCommand(lab, output, options, spec)));

withSpecOptions(program.command('distill'))
  .description('train a student on the soft targets of trained runs')
  .requiredOption('--teacher <run...>', 'the teacher: a run, or RUN@EPOCH; several for the mean of their distributions')
  .option('--preset <name>', "the student's preset", 'fast-student')
  .option('--recipe <name>', 'data as a recipe says that was saved in the Data view')
  .option('--temperature <number>', 'temperature T of the soft targets, 0.1 to 1000')
  .option('--soft-weight <number>', 'w in w·soft + (1−w)·hard, 0 to 1')
  .addHelpText('after', () => presetsHelp() + fieldsHelp())
  .action(act(distillCommand));

/** Where the runs of a study are trained. */
function withEngine(command: Command): Command {
  return command
    .option('--engine <engine>', 'a study: where its runs are trained, local or ray (default: local)')
    .option('--address <url>', 'ray: of the dashboard, such as http://head:8265; a token comes from RAY_AUTH_TOKEN')
    .option('--node-program <dir>', 'ray: the folder of the lab’s checkout on the nodes (default: as here)')
    .option('--node-lab <dir>', 'ray: where the nodes see the lab folder, which they share (default: as here)')
    .option('--fetch', 'ray: nodes share no folder: runs are sent to them, and their results fetched')
    .option('--cpus <number>', 'ray: CPUs for each run (default: 1)')
    .option('--gpus <number>', 'ray: GPUs for each run (default: 0)');
}

withEngine(withSpecOptions(program.command('reproduce')))
  .description(
    'run a whole reproduction: "fast" is teacher, baseline and student in minutes; the others are studies whose claims are judged over seeds. What is done is not done again.',
  )
  .argument('<study>', `which one: ${['fast', ...STUDIES].join(', ')}`)
  .option('--again', 'fast: train anew even where runs with the same spec are there already')
  .option('--scale <scale>', `a study's training: ${SCALES.join(', ')} (ten minutes, four hours, twelve, as published)`)
  .option('--claim <id>', 'a study: what this claim needs alone')
  .option('--add-seed', 'a study: one more seed for the claim, for good')
  .option(
    '--workers <number>',
    'a study: runs that train at once, 1 to 64, in a cluster to 1024 (default: one for each core)',
  )
  .option('--retry-failed', 'a study: try again what failed')
  .option('--retrain', 'a study: train teachers that were deleted anew, and what learns from them')
  .action(act(reproduceCommand));

withEngine(common(program.command('study')))
  .description('run a study: groups of runs over a grid and seeds, as a JSON file says; what is done is not done again')
  .argument('<file>', 'path of the study as JSON')
  .option('--workers <number>', 'runs that train at once, 1 to 64, in a cluster to 1024 (default: one for each core)')
  .option('--retry-failed', 'try again what failed')
  .option('--retrain', 'train teachers that were deleted anew, and what learns from them')
  .action(act(studyCommand));

common(program.command('train-archive'))
  .description('what a node of a cluster does: train the run of an archive to its end, and print it as one')
  .argument('<file>', 'path of the archive')
  .action(act(trainArchiveCommand));

common(program.command('evaluate'))
  .description('every figure of a run: errors, intervals, calibration, agreement, confusion')
  .argument('<run>', 'number, name or folder of a run, or "last"')
  .option('--checkpoint <which>', '"last", "best" or an epoch', 'last')
  .action(act(evaluateCommand));

common(program.command('resume'))
  .description('go on with a run from its last checkpoint, bit for bit')
  .argument('<run>', 'number, name or folder of a run, or "last"')
  .option('--checkpoint <which>', 'go on from another checkpoint; what came after it is trained again')
  .action(act(resumeCommand));

common(program.command('triage'))
  .description(
    'labels that look wrong: those of test images by the run’s own answers, those of training images by cross-validation; what is done of it is kept',
  )
  .argument('<run>', 'a run; for the training images one on hard labels')
  .option('--folds <number>', 'networks that are trained for it, each on all but its part, 2 to 20 (default: 5)')
  .option('--test-only', 'the test images alone, at once')
  .action(act(triageCommand));

common(program.command('compare'))
  .description('two runs on the same test images: exact McNemar test and bootstrap interval')
  .argument('<first>', 'a run')
  .argument('<second>', 'another')
  .action(act(compareCommand));

common(program.command('report'))
  .description("one self-contained HTML file on some runs, or a study's scorecard")
  .argument('<run...>', 'runs, in the order of the tables; with --scale, a study')
  .option('--scale <scale>', `the argument is a study, at this scale: ${SCALES.join(', ')}`)
  .option('--out <file>', 'where to write it (default: reports/ in the lab folder); a scorecard also as .md or .json')
  .action(act(reportCommand));

common(program.command('export'))
  .description('a network, its weights, or its curves and predictions, for other programs')
  .argument('<run>', 'a run')
  .addOption(
    new Option(
      '--format <format>',
      'onnx, tfjs: the network as ONNX or a TensorFlow.js layers model; safetensors, npz: weights; csv: curves and predictions',
    )
      .choices(EXPORT_FORMATS)
      .makeOptionMandatory(),
  )
  .option('--checkpoint <which>', '"last", "best" or an epoch', 'last')
  .option('--temperature <number>', 'onnx: also the probabilities at this temperature, 0.1 to 1000')
  .option('--out <dir>', 'folder to write to', '.')
  .action(act(exportCommand));

common(program.command('archive'))
  .description('a run and those that it learnt from as one file, for another lab')
  .argument('<run>', 'a run')
  .option('--out <file>', 'where to write it (default: the run’s folder name with the ending .distill, here)')
  .action(act(archiveCommand));

common(program.command('import'))
  .description(
    'take the runs of an archive into the lab, what is there already not again; or make a run of another program’s network, to evaluate, inspect and learn from',
  )
  .argument(
    '<file>',
    'a .distill file; or dense layers with ReLU, or the lab’s CNN, as .safetensors (PyTorch’s names too) or as the model.json of a TensorFlow.js layers model',
  )
  .option('--dataset <name>', 'a network: the data set whose images it reads (default: mnist)')
  .option('--mean <number>', 'a network: it was given (pixel − mean) / deviation, pixels from 0 to 1 (default: tried)')
  .option('--deviation <number>', 'a network: see --mean')
  .option('--name <text>', 'a network: name shown in lists (default: the file’s)')
  .option('--preview', 'a network: say what it is and write nothing')
  .action(act(importCommand));

/** `runs` alone lists runs. A list being the default, a mistyped command arrives there as its argument. */
function listing(group: Command, description: string, action: (...given: unknown[]) => Promise<void>): void {
  common(group.command('list', { isDefault: true }))
    .description(description)
    .allowExcessArguments()
    .hook('preAction', (list) => {
      const [word] = list.args;
      if (word === undefined) return;
      const names = group.commands.map((command) => command.name());
      list.error(`error: unknown command '${group.name()} ${word}'\n(${suggestion(word, names)})`);
    })
    .action(action);
}

function withSource(command: Command): Command {
  return common(command)
    .argument(
      '<source>',
      'a folder of PNG files by class, an .npz or .csv file, or IDX files: their folder, or the images',
    )
    .option('--test <source>', 'the same for test images, where they are kept apart');
}

const datasets = common(
  program.command('datasets').description('data sets of one’s own: list, look at, add and delete'),
);
listing(datasets, 'every data set of the lab', act(datasetsList));
withSource(datasets.command('preview'))
  .description('what a source holds: labels, counts, first images; nothing is written')
  .action(act(datasetsPreview));
withSource(datasets.command('add'))
  .description('make a data set of square grey images up to 64×64, in 2 to 62 classes')
  .option('--name <name>', 'its name: small letters, digits and hyphens (default: as the source is called)')
  .option(
    '--class-names <names>',
    'name of the class that each label becomes, with commas, in the order of the preview; equal names make one class, an empty one leaves a label out (default: the labels)',
  )
  .option('--test-share <share>', 'where the source has no test images: share of each class, 0.01 to 0.9', '0.15')
  .option('--seed <number>', 'where the source has no test images: seed of that split, 0 to 4294967295', '0')
  .option('--invert', 'exchange black and white: the lab’s images are light on black')
  .option('--transpose', 'exchange rows and columns, as EMNIST’s files need it')
  .action(act(datasetsAdd));
common(datasets.command('delete'))
  .description('delete a data set, after asking; runs of it keep their results')
  .argument('<name>', 'a data set')
  .option('--yes', 'do not ask')
  .action(act(datasetsDelete));

const runs = common(program.command('runs').description('list, show and delete runs'));
listing(runs, 'every run, oldest first', act(runsList));
common(runs.command('show'))
  .description('one run: spec, teachers, environment, checkpoints, epochs')
  .argument('<run>', 'a run')
  .action(act(runsShow));
common(runs.command('delete'))
  .description('delete runs, after asking')
  .argument('<run...>', 'runs')
  .option('--yes', 'do not ask')
  .action(act(runsDelete));

common(program.command('doctor'))
  .description('what is installed, which TensorFlow, which device, what is missing and the command that mends it')
  .action(async (options: CommonOptions) => {
    const output = new Output(options.json === true);
    try {
      process.exitCode = await doctorCommand(output, resolve(options.lab));
    } catch (error) {
      process.exitCode = output.failure(error);
    }
  });

program
  .command('reference')
  .description('every command and every field of a spec as Markdown')
  .action(() => void process.stdout.write(referenceText(program)));

/** A reader that goes away, such as `| head`, ends the command quietly. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  // Commander has said what was wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '');
    const output = new Output(process.argv.includes('--json'));
    if (error.exitCode !== 0) output.value({ error: { code: 'bad-input', message } });
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof LabError) {
    process.exitCode = new Output(false).failure(error);
  } else {
    throw error;
  }
}
