/** Ctrl-C and its like, while something trains. */

/** Signals that come together are one: whoever stops a program and its parent may reach it twice. */
const TOGETHER_MILLISECONDS = 500;

/**
 * Calls `stop` at the first interruption; a second one, later on, means now, and ends the process: the last checkpoint is on disk.
 * @returns ends the listening
 */
export function onInterrupt(stop: () => void): () => void {
  let first: number | undefined;
  const interrupt = (): void => {
    if (first === undefined) {
      first = performance.now();
      stop();
    } else if (performance.now() - first > TOGETHER_MILLISECONDS) process.exit(130);
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  };
}
