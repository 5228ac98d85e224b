// npm start: the window; without a display, the first thing to see in a terminal.
const args = process.argv.slice(2);
const linuxWithoutDisplay = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;

if (linuxWithoutDisplay) {
  process.stderr.write('There is no display for a window: the fast reproduction runs in this terminal.\n');
  const { runLab } = await import('./run-lab.mjs');
  await runLab(['reproduce', 'fast', ...args]);
} else {
  const { openWindow } = await import('./window.mjs');
  await openWindow(args);
}
