// npm run pictures [-- --lab DIR]: the README's pictures of the built application, in docs/images.
import { driveWindow } from './drive.mjs';

await driveWindow('test/e2e/pictures.ts', process.argv.slice(2));
