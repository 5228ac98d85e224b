/** The channels between a window's preload script and the shell: the one list that both sides use. */
import * as v from 'valibot';

const text = v.pipe(v.string(), v.maxLength(4096));

const FileOptions = v.object({
  title: v.optional(text),
  defaultPath: v.optional(text),
  filters: v.optional(v.array(v.object({ name: text, extensions: v.array(text) }))),
});

export type FileOptions = v.InferInput<typeof FileOptions>;

/** With `contents`, the shell writes them to the file that was chosen; without, the caller writes it. */
const SaveOptions = v.object({ ...FileOptions.entries, contents: v.optional(v.instance(Uint8Array)) });

export type SaveOptions = v.InferInput<typeof SaveOptions>;

/** What each channel takes; a payload of another shape is refused. */
export const payloads = {
  'open-file': FileOptions,
  'save-file': SaveOptions,
  'choose-folder': FileOptions,
  'open-external': text,
  'can-set-up': v.undefined(),
  'set-up': v.undefined(),
} as const;

export type Channel = keyof typeof payloads;
export type Payload<Name extends Channel> = v.InferOutput<(typeof payloads)[Name]>;

/** What a channel gives back. */
export interface Results {
  'open-file': string | undefined;
  'save-file': string | undefined;
  'choose-folder': string | undefined;
  'open-external': undefined;
  'can-set-up': boolean;
  /** why it failed, in the script's own words; undefined when it did not */
  'set-up': string | undefined;
}

/** Pages outside that a window may ask the system's browser to open. */
export const EXTERNAL_HOSTS: readonly string[] = ['arxiv.org', 'github.com', 'www.tensorflow.org', 'yann.lecun.com'];

/** Sent to the window without an answer. */
export const COMMAND_CHANNEL = 'command';
/** a run archive that was double-clicked or named on the command line: its path */
export const ARCHIVE_CHANNEL = 'open-archive';
/** each line that set-up says */
export const SET_UP_CHANNEL = 'set-up-line';
export const PORT_CHANNEL = 'core-port';
export const LOST_CHANNEL = 'core-lost';
/** Sent by the window, whose listeners are there: it wants a port to the core, for the reason that it gives. */
export const WANTED_CHANNEL = 'core-wanted';
export const WantedReason = v.pipe(v.string(), v.maxLength(200));
