/** The scorecard as one self-contained page. */
import type { Scorecard } from '../contract/scorecard';

export function renderScorecard(scorecard: Scorecard): string {
  return `<!doctype html><title>${scorecard.name}</title>`;
}
