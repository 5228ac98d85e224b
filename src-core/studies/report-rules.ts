/** What the style sheet of a scorecard has beside that of a report. */
/** Seconds that a frame stays, and how many such the last one does. */
const SECONDS = 0.8;
const HOLD = 3;

export function scorecardRules(): string {
  return `
.scores .claim th{padding-top:14px;font-weight:600}
.scores thead th{white-space:nowrap}
.scores .claim a{text-decoration:none}
.scores .claim a:hover{text-decoration:underline}
.scores .seeds{display:inline-block;max-width:190px;white-space:normal;font-size:12px;color:var(--secondary)}
.results.scores .below{max-width:52ch}
.judged{white-space:nowrap;font-weight:500}
.judged::before{display:inline-block;width:1.2em;text-align:left}
.judged.agrees{color:var(--link)}.judged.agrees::before{content:'✓'}
.judged.differs{color:var(--mark)}.judged.differs::before{content:'✗'}
.judged.cannot-tell,.judged.not-run{color:var(--secondary)}
.judged.cannot-tell::before{content:'?'}.judged.not-run::before{content:'–'}
article{padding:20px 0}
article+article{border-top:1px solid var(--line)}
article .drawing{display:block}
h4{font-size:13px;font-weight:600;margin:0 0 10px}
blockquote{margin:0 0 10px;padding-left:12px;border-left:3px solid var(--line);max-width:76ch}
.notes,.relations{margin:0 0 12px;padding-left:18px;max-width:80ch;color:var(--secondary)}
.relations{list-style:none;margin-top:14px;padding:0;color:var(--ink)}
.relations li{margin-top:6px}
.relations .below{display:block;padding-left:16px;font-size:12px;color:var(--secondary)}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(460px,100%),1fr));gap:28px 40px;margin:20px 0 8px}
.pictures figure{min-width:0}
.runs th{text-align:left}
.runs td{text-align:left}
.made dd{overflow-wrap:anywhere}
section>p+p,section>ul,section>dl{margin-top:8px}
@media print{article,.pictures figure{break-inside:avoid}.frames input,.frames .small{display:none}}
@media (max-width:860px){.results.scores .claim th{padding:0}.scores td:empty{display:none}}`;
}

/**
 * One frame of several in turn, by its place; the chosen one where one is chosen; the last where nothing may move.
 * @param counts how many frames the pictures have
 */
export function framesStyle(counts: readonly number[]): string {
  const rules = counts.flatMap((count) => {
    const whole = count + HOLD - 1;
    const share = (slots: number): string => ((100 * slots) / whole).toFixed(3);
    const last = `.n${count} .play:checked~svg .f${count - 1}`;
    return [
      `@keyframes turn-${count}{0%{opacity:1}${share(1)}%,to{opacity:0}}`,
      `@keyframes last-${count}{0%{opacity:1}${share(HOLD)}%,to{opacity:0}}`,
      `.n${count}{--whole:${whole}}`,
      `.n${count} .play:checked~svg .frame{animation:turn-${count} calc(${SECONDS}s*var(--whole)) step-end infinite;
  animation-delay:calc(${SECONDS}s*(var(--place) - var(--whole)))}`,
      `${last}{opacity:1;animation-name:last-${count}}`,
    ];
  });
  const places = Array.from({ length: Math.max(0, ...counts) }, (_, index) => [
    `.f${index}{--place:${index}}`,
    `.at-${index}:checked~svg .f${index}{opacity:1}`,
  ]);
  return `.frames{display:flex;flex-wrap:wrap;align-items:center;gap:2px 1px}
.frames .break{flex-basis:100%;height:10px}
.frames input{margin:0;width:13px;height:13px;accent-color:var(--link)}
.frames .small{margin:0 6px}
.frames .frame{opacity:0}
${[...rules, ...places.flat()].join('\n')}
@media print{.frames .play:checked~svg .frame{animation:none}}
@media (prefers-reduced-motion:reduce){.frames .play:checked~svg .frame{animation:none}}`;
}
