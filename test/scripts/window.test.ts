import { describe, expect, it } from 'vitest';
import { windowArguments } from '../../scripts/window.mjs';

describe('the arguments of the window', () => {
  it('take --lab DIR as Chromium reads it, and leave the others as they are', () => {
    expect(windowArguments(['--verbose', '--lab', '/my lab', '--x'])).toEqual(['--verbose', '--lab=/my lab', '--x']);
    expect(windowArguments(['--lab=/a'])).toEqual(['--lab=/a']);
    expect(windowArguments([])).toEqual([]);
    expect(windowArguments(['--lab'])).toEqual(['--lab']);
  });
});
