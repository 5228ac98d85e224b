import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'test/e2e',
  testMatch: '**/*.e2e.ts',
  outputDir: 'out/e2e',
  // Each test trains in a core of its own: two at once would only wait for each other.
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 20_000 },
});
