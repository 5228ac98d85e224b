/** Two runs on the same images: McNemar's test and the paired bootstrap, in plain sentences. */
import type { Comparison } from './report-figures';
import { label, pairMark } from './report-labels';
import { markup, nameOf } from './report-markup';
import type { Markup } from './report-markup';
import { count, decimal, plural, significant } from './report-numbers';

/** "p = 0.0021" */
function pValue(p: number): string {
  return p >= 0.9995 ? 'p\u00a0=\u00a01' : `p\u00a0=\u00a0${significant(p)}`;
}

/** One sentence: how many errors fewer or more, and whether chance alone could do that. */
export function conclusion({ first, second, bootstrap, p }: Comparison): Markup {
  const { difference, low, high } = bootstrap;
  const [one, other] = [nameOf(first.run.name), nameOf(second.run.name)];
  const size = Math.abs(difference);
  const mark = pairMark(first, second);
  if (difference === 0) return markup`${one} makes as many errors as ${other} (${pValue(p)}).${mark}`;
  // Said as a positive number of errors, whichever way the difference points.
  const [from, to] = difference < 0 ? [-high, -low] : [low, high];
  const interval = markup`95${'\u202f'}% interval ${decimal(from, 0)} to ${decimal(to, 0)}`;
  const chance =
    p < 0.05
      ? markup`chance alone would rarely do that (${pValue(p)})`
      : markup`one pair of runs cannot tell that from chance (${pValue(p)})`;
  return markup`${one} makes <strong>${count(size)} ${plural(size, 'error')} ${difference < 0 ? 'fewer' : 'more'}</strong>
than ${other} (${interval}): ${chance}.${mark}`;
}

function comparisonFigure(comparison: Comparison): Markup {
  const { first, second, discordance, bootstrap } = comparison;
  const { bothRight, onlyFirstWrong, onlySecondWrong, bothWrong } = discordance;
  const [one, other] = [nameOf(first.run.name), nameOf(second.run.name)];
  return markup`<div class="comparison"><h3>${label(first.run)} against ${label(second.run)}</h3>
<p>${conclusion(comparison)} Only ${one} is wrong on <span class="together">b = ${count(onlyFirstWrong)}</span> ${plural(onlyFirstWrong, 'image')},
only ${other} on <span class="together">c = ${count(onlySecondWrong)}</span>; the other images cannot tell the two apart.</p>
<table class="two-by-two"><thead><tr><td></td><th scope="col">${other} right</th>
<th scope="col">${other} wrong</th></tr></thead><tbody>
<tr><th scope="row">${one} right</th><td>${count(bothRight)}</td>
<td class="counts">c = ${count(onlySecondWrong)}</td></tr>
<tr><th scope="row">${one} wrong</th><td class="counts">b = ${count(onlyFirstWrong)}</td><td>${count(bothWrong)}</td></tr>
</tbody></table>
<p class="small">Paired bootstrap of ${count(bootstrap.resamples)} resamples, seed ${bootstrap.seed}.</p></div>`;
}

export function significance(compared: readonly Comparison[]): Markup {
  return markup`<section aria-labelledby="significance"><h2 id="significance">Is the difference real?</h2>
<p class="lead">McNemar’s exact test (Dietterich 1998) on the same images; the interval of the difference is the paired
bootstrap’s. Neither sees the spread between seeds: repeat with other seeds before a small difference is believed.</p>
<div class="comparisons">${compared.map(comparisonFigure)}</div></section>`;
}
