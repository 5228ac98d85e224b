/** Ctrl-C and its like, while something trains. */

/**
 * Calls `stop` at the first interruption; a second one means now, and ends the process: the last checkpoint is on disk.
 * @returns ends the listening
 */
export function onInterrupt(stop: () => void): () => void {
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts += 1;
    if (interrupts > 1) process.exit(130);
    stop();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  };
}
