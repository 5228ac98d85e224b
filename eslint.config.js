import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** The arrows of docs/architecture.md: which folder may import what. */
const rooms = [
  {
    files: ['src-core/contract/**'],
    allowed: ['./', 'valibot', 'birpc'],
  },
  {
    files: ['src-core/evaluation/**'],
    allowed: ['./', '../contract/', '../random'],
  },
  {
    files: ['src-core/tensorflow/**'],
    allowed: ['./', '../contract/', '../random', 'node:', '@tensorflow/tfjs-node-gpu'],
  },
  {
    files: ['src-core/data/**'],
    allowed: ['./', '../contract/', '../random', 'node:', 'fflate', 'valibot', 'write-file-atomic'],
  },
  {
    files: ['src-core/models/**'],
    allowed: ['./', '../contract/', '../random', '../tensorflow/'],
  },
  {
    files: ['src-core/distillation/**'],
    allowed: ['./', '../contract/', '../tensorflow/'],
  },
  {
    files: ['src-core/training/**'],
    allowed: [
      './',
      '../contract/',
      '../random',
      '../tensorflow/',
      '../data/',
      '../models/',
      '../distillation/',
      '../evaluation/',
      'node:',
    ],
  },
  {
    files: ['src-core/experiments/**'],
    allowed: [
      './',
      '../contract/',
      '../random',
      '../tensorflow/',
      '../data/',
      '../models/',
      '../distillation/',
      '../training/',
      '../evaluation/',
      '../../package.json',
      'node:',
      'fast-png',
    ],
  },
  {
    files: ['src-core/lab.ts'],
    allowed: ['./', 'node:'],
    never: ['./cli', './terminal/'],
  },
];

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** A regular expression that matches whatever a room may not import. */
function forbidden({ allowed, never = [] }) {
  const allow = allowed.map(escape).join('|');
  const deny = never.map(escape).join('|');
  return deny ? `^(?:(?:${deny})|(?!${allow}))` : `^(?!${allow})`;
}

export default tseslint.config(
  { ignores: ['node_modules', 'out', 'dist', 'coverage', 'test/fixtures'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      // An index that was just checked, or that a loop's bound proves, is asserted: the arithmetic stays readable.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
    },
  },
  { files: ['**/*.mjs', '**/*.js'], languageOptions: { globals: globals.node } },
  ...rooms.map((room) => ({
    files: room.files,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: forbidden(room),
              message: 'The arrows of docs/architecture.md do not allow this import here.',
            },
          ],
        },
      ],
    },
  })),
  {
    // The core runs without a window and without a desktop.
    files: ['src-core/**'],
    ignores: ['src-core/contract/**'],
    rules: { 'no-restricted-globals': ['error', 'window', 'document'] },
  },
);
