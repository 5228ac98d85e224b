import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.package.ts',
  outputDir: '../../../out/package-e2e',
  workers: 1,
  timeout: 240_000,
  expect: { timeout: 30_000 },
});
