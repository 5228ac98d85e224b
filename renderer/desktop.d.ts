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
  showLog(): Promise<void>;
  openExternal(url: string): Promise<void>;
  onCommand(callback: (name: string) => void): () => void;
}

interface Window {
  /** absent in a plain browser */
  readonly desktop?: Desktop;
}
