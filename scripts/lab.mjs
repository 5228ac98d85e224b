// npm run lab -- …
import { runLab } from './run-lab.mjs';

await runLab(process.argv.slice(2));
