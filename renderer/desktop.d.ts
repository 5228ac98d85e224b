/** What the preload script puts on the window. */
interface DesktopFileOptions {
  readonly title?: string;
  readonly defaultPath?: string;
  readonly filters?: readonly { readonly name: string; readonly extensions: readonly string[] }[];
}

interface Desktop {
  readonly platform: string;
  openFile(options: DesktopFileOptions): Promise<string | undefined>;
  /** with `contents`, writes them to the file that is chosen */
  saveFile(options: DesktopFileOptions & { readonly contents?: Uint8Array }): Promise<string | undefined>;
  chooseFolder(options: DesktopFileOptions): Promise<string | undefined>;
  openExternal(url: string): Promise<void>;
  /** a port to the core comes as a message of type "core-port"; the reason goes into the log */
  askForCore(reason: string): void;
  /** whether `setUp` can do anything: a packaged application has no set-up */
  canSetUp(): Promise<boolean>;
  /** sets TensorFlow up and starts the core anew; why it failed, undefined when it did not */
  setUp(): Promise<string | undefined>;
  onSetUpLine(callback: (line: string) => void): () => void;
  onCommand(callback: (name: string) => void): () => void;
  /** run archives that were double-clicked or named on the command line */
  onArchive(callback: (file: string) => void): () => void;
}

interface Window {
  /** absent in a plain browser */
  readonly desktop?: Desktop;
}
