/** Data recipes in the lab folder: recipes/NAME.json. */
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DataRecipe, RecipeList } from '../contract/data-recipe';
import { checkRecipeName, parseRecipeFile, recipeOf } from '../contract/data-recipe';
import { LabError, messageOf } from '../contract/errors';
import { parseDataSpec } from '../contract/spec';
import { suggestion } from '../contract/suggest';
import { makeFolder, storageError, writeAtomically } from '../data/atomic-write';

const ENDING = '.json';

function folderOf(lab: string): string {
  return join(lab, 'recipes');
}

/** Names as the files have them, sorted. */
function namesIn(folder: string): string[] {
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw storageError(error, folder);
  }
  const names = files.filter((file) => file.endsWith(ENDING) && !file.startsWith('.'));
  return names.map((file) => file.slice(0, -ENDING.length)).sort((first, second) => first.localeCompare(second));
}

function read(folder: string, name: string): DataRecipe {
  const text = readFileSync(join(folder, `${name}${ENDING}`), 'utf8');
  let contents: unknown;
  try {
    contents = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  return parseRecipeFile(contents);
}

/** Every recipe, and what else lies among them. */
export function listRecipes(lab: string): RecipeList {
  const folder = folderOf(lab);
  const recipes = [];
  const damaged = [];
  for (const name of namesIn(folder)) {
    try {
      recipes.push({ name: checkRecipeName(name), data: read(folder, name) });
    } catch (error) {
      damaged.push({ file: join('recipes', `${name}${ENDING}`), reason: messageOf(error) });
    }
  }
  return { recipes, damaged };
}

/**
 * @param name as it is called, or with other capitals
 * @throws LabError `not-found` with the nearest name, or `damaged-file`
 */
export function findRecipe(lab: string, name: string): DataRecipe {
  const folder = folderOf(lab);
  const names = namesIn(folder);
  const found = names.find((other) => other.toLowerCase() === name.trim().normalize('NFC').toLowerCase());
  if (found === undefined) {
    const remedy = names.length === 0 ? 'There are none yet: save one in the Data view.' : suggestion(name, names);
    throw new LabError('not-found', `There is no recipe “${name}”.`, remedy);
  }
  try {
    return read(folder, found);
  } catch (error) {
    throw new LabError(
      'damaged-file',
      `The recipe ${join(folder, `${found}${ENDING}`)} cannot be read: ${messageOf(error).replace(/\.$/, '')}.`,
      'Save it again, or delete the file.',
      { cause: error },
    );
  }
}

/**
 * Keeps a recipe, in the place of the one of that name.
 * @throws LabError `bad-input` for a name that cannot be one or stands there with other capitals, or `storage`
 */
export async function saveRecipe(lab: string, name: string, data: unknown): Promise<void> {
  const kept = checkRecipeName(name);
  const folder = folderOf(lab);
  const alike = namesIn(folder).find((other) => other !== kept && other.toLowerCase() === kept.toLowerCase());
  if (alike !== undefined) {
    throw new LabError('bad-input', `There is a recipe “${alike}”, and names differ in more than capitals.`);
  }
  const recipe = recipeOf(parseDataSpec(data));
  makeFolder(folder);
  await writeAtomically(join(folder, `${kept}${ENDING}`), `${JSON.stringify({ format: 1, data: recipe }, null, 2)}\n`);
}

/** @throws LabError `not-found` or `storage` */
export function deleteRecipe(lab: string, name: string): void {
  const folder = folderOf(lab);
  if (!namesIn(folder).includes(name)) throw new LabError('not-found', `There is no recipe “${name}”.`);
  try {
    rmSync(join(folder, `${name}${ENDING}`));
  } catch (error) {
    throw storageError(error, folder);
  }
}
