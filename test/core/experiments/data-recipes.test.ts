import fc from 'fast-check';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkRecipeName, recipeOf } from '../../../src-core/contract/data-recipe';
import { LabError } from '../../../src-core/contract/errors';
import { parseDataSpec } from '../../../src-core/contract/spec';
import { deleteRecipe, findRecipe, listRecipes, saveRecipe } from '../../../src-core/experiments/data-recipes';
import { expectLabError, rejectionOf } from '../lab-error';

let lab: string;
beforeEach(() => (lab = mkdtempSync(join(tmpdir(), 'distill-lab-recipes-'))));
afterEach(() => rmSync(lab, { recursive: true, force: true }));

const without3 = { classes: [0, 1, 2, 4, 5, 6, 7, 8, 9], jitter: { pixels: 2 }, noise: 0.1 };

function thrown(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe('data recipes', () => {
  it('come back as they were, by their names, without what belongs to the network', async () => {
    await saveRecipe(lab, ' without 3 (+-2) ', { ...without3, normalisation: 'symmetric' });
    await saveRecipe(lab, 'Ziffern alle', {});
    const { recipes, damaged } = listRecipes(lab);
    expect(damaged).toEqual([]);
    expect(recipes.map(({ name }) => name)).toEqual(['without 3 (+-2)', 'Ziffern alle']);
    expect(recipes[0]!.data).toEqual(recipeOf(parseDataSpec(without3)));
    expect(recipes[0]!.data).not.toHaveProperty('normalisation');
    expect(findRecipe(lab, 'WITHOUT 3 (+-2)')).toEqual(recipes[0]!.data);
  });

  it('are replaced whole, and deleted', async () => {
    await saveRecipe(lab, 'one', without3);
    await saveRecipe(lab, 'one', { share: 0.5 });
    expect(listRecipes(lab).recipes).toEqual([{ name: 'one', data: recipeOf(parseDataSpec({ share: 0.5 })) }]);
    deleteRecipe(lab, 'one');
    expect(listRecipes(lab).recipes).toEqual([]);
    expectLabError(
      thrown(() => deleteRecipe(lab, 'one')),
      'not-found',
      'one',
    );
  });

  it('that are damaged stand beside the others with the reason', async () => {
    await saveRecipe(lab, 'good', without3);
    for (const [name, text] of Object.entries({
      torn: '{"format":1,"da',
      other: '[]',
      older: '{"format":7,"data":{}}',
      wrong: '{"format":1,"data":{"share":7}}',
    })) {
      writeFileSync(join(lab, 'recipes', `${name}.json`), text);
    }
    const { recipes, damaged } = listRecipes(lab);
    expect(recipes.map(({ name }) => name)).toEqual(['good']);
    expect(damaged.map(({ file }) => file)).toEqual(
      ['older', 'other', 'torn', 'wrong'].map((name) => join('recipes', `${name}.json`)),
    );
    for (const { reason } of damaged) expect(reason.length).toBeGreaterThan(5);
    expectLabError(
      thrown(() => findRecipe(lab, 'wrong')),
      'damaged-file',
      'wrong.json',
      'data.share',
    );
  });

  it('are found nearly: an unknown name is answered with the nearest', async () => {
    expectLabError(
      thrown(() => findRecipe(lab, 'one')),
      'not-found',
      'Data view',
    );
    await saveRecipe(lab, 'without 3', without3);
    expectLabError(
      thrown(() => findRecipe(lab, 'witout 3')),
      'not-found',
      'Did you mean "without 3"?',
    );
  });

  it('are refused with data that are none, or a name that stands there with other capitals', async () => {
    expectLabError(await rejectionOf(saveRecipe(lab, 'one', { share: 2 })), 'bad-input', 'share');
    await saveRecipe(lab, 'one', {});
    expectLabError(await rejectionOf(saveRecipe(lab, 'One', {})), 'bad-input', '“one”');
    expect(readdirSync(join(lab, 'recipes'))).toEqual(['one.json']);
  });

  it('cannot be written where a file stands in the place of their folder', async () => {
    writeFileSync(join(lab, 'recipes'), '');
    expectLabError(await rejectionOf(saveRecipe(lab, 'one', {})), 'storage', 'recipes');
  });
});

describe('a recipe’s name', () => {
  it.each([
    '',
    ' ',
    '.',
    '..',
    '../x',
    '/etc/x',
    'a/b',
    'a\\b',
    '.hidden',
    'a\u0000b',
    'a\nb',
    'x'.repeat(61),
    'a:b',
    'dot.',
    '<b>',
  ])('%j is refused, and nothing is written', async (name) => {
    expectLabError(await rejectionOf(saveRecipe(lab, name, {})), 'bad-input');
    expect(existsSync(join(lab, 'recipes'))).toBe(false);
  });

  it('of any text leads nowhere but into the folder, or is refused', () => {
    mkdirSync(join(lab, 'recipes'));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (text) => {
        const name = thrown(() => checkRecipeName(text));
        if (name instanceof LabError) return;
        expect(dirname(join(lab, 'recipes', `${String(name)}.json`))).toBe(join(lab, 'recipes'));
        expect(String(name)).not.toMatch(/^\.|[/\\:\p{Cc}\p{Cf}]/u);
      }),
    );
  });
});
