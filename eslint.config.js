import js from '@eslint/js';
import globals from 'globals';
import vue from 'eslint-plugin-vue';
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
    allowed: [
      './',
      '../contract/',
      '../random',
      'node:',
      'fast-png',
      'fflate',
      'protobufjs',
      'valibot',
      'write-file-atomic',
    ],
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
    // A front end: it asks the lab, reads files for a person, and draws.
    files: ['src-core/terminal/**'],
    allowed: [
      './',
      '../doctor',
      '../lab',
      '../studies/',
      '../contract/',
      '../tensorflow/engine',
      '../data/',
      '../evaluation/',
      '../experiments/',
      '../../scripts/tensorflow.mjs',
      'node:',
      'ansis',
      'cli-progress',
    ],
  },
  {
    // Above the lab: what many runs are for.
    files: ['src-core/studies/**'],
    allowed: [
      './',
      '../lab',
      '../random',
      '../contract/',
      '../data/',
      '../evaluation/',
      '../experiments/',
      '../models/layout',
      'node:',
      'valibot',
    ],
  },
  {
    files: ['src-core/lab.ts'],
    allowed: ['./', 'node:'],
    never: ['./cli', './terminal/'],
  },
  {
    files: ['src-core/host.ts', 'src-core/core-functions.ts', 'src-core/event-batch.ts', 'src-core/doctor.ts'],
    allowed: ['./', '../package.json', '../scripts/tensorflow.mjs', 'node:', 'birpc'],
    never: ['./cli', './terminal/'],
  },
  {
    // Knows nothing of learning: what the core and a window say to each other passes it by.
    files: ['electron/**'],
    allowed: ['./', 'node:', 'electron', 'electron-log/', 'valibot'],
  },
  {
    // Arithmetic may be done in the window; whatever needs Node or TensorFlow is the core's.
    files: ['renderer/**'],
    allowed: [
      './',
      '../',
      'vue',
      'pinia',
      'chart.js',
      'reka-ui',
      'birpc',
      'umap-js',
      '@tanstack/vue-virtual',
      '@vue/test-utils',
    ],
    neverIn: '(?:\\.\\./)+(?:electron/|scripts/|src-core/(?!contract/|evaluation/))',
  },
];

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** A regular expression that matches whatever a room may not import. */
function forbidden({ allowed, never = [], neverIn }) {
  const allow = allowed.map(escape).join('|');
  const deny = [...never.map(escape), ...(neverIn ? [neverIn] : [])].join('|');
  return deny ? `^(?:(?:${deny})|(?!${allow}))` : `^(?!${allow})`;
}

/** Rules of eslint-plugin-vue that prettier decides. */
const FORMATTING =
  /^(?:html-indent|html-self-closing|html-closing-bracket-(?:newline|spacing)|max-attributes-per-line|(?:singleline|multiline)-html-element-content-newline|first-attribute-linebreak|script-indent)$/;

export default tseslint.config(
  { ignores: ['node_modules', 'out', 'dist', 'coverage', 'test/fixtures'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  ...vue.configs['flat/recommended'],
  // Formatting is prettier's.
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser }, globals: globals.browser },
    rules: {
      'no-undef': 'off',
      'vue/multi-word-component-names': 'off',
      ...Object.fromEntries(
        Object.keys(vue.rules)
          .filter((name) => FORMATTING.test(name))
          .map((name) => [`vue/${name}`, 'off']),
      ),
    },
  },
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
    files: ['electron/**'],
    ignores: ['electron/ipc.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "ImportDeclaration[source.value='electron'] ImportSpecifier[imported.name='ipcMain']",
          message: 'Messages of a window are checked in ipc.ts: use handle().',
        },
      ],
    },
  },
  {
    // The core runs without a window and without a desktop.
    files: ['src-core/**'],
    ignores: ['src-core/contract/**'],
    rules: { 'no-restricted-globals': ['error', 'window', 'document'] },
  },
);
