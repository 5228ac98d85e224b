// npm start: the first thing to see, on any machine.
import { runLab } from './run-lab.mjs';

await runLab(['reproduce', 'fast', ...process.argv.slice(2)]);
