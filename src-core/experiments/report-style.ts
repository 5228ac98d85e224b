/** The style sheet of a report: tokens of both themes, then one block for each kind of thing in it. */
import { DARK, HEAT_LEVELS, LIGHT, ROLES, heat } from './report-palette';
import type { Role, Theme } from './report-palette';

/** Nothing may be loaded or run: a page is all there is. */
export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The theme's colours by the names of their custom properties. */
function tokensOf(theme: Theme): Readonly<Record<string, string>> {
  const { fill, stroke, markSurface, ...plain } = theme;
  const roles = ROLES.flatMap((role) => [
    [`${role}-fill`, fill[role]],
    [`${role}-stroke`, stroke[role]],
  ]);
  return { ...plain, 'mark-surface': markSurface, ...(Object.fromEntries(roles) as Record<string, string>) };
}

function tokens(theme: Theme): string {
  return Object.entries(tokensOf(theme))
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

function heatRules(theme: Theme, roles: readonly Role[] = ROLES): string {
  return roles
    .flatMap((role) =>
      Array.from({ length: HEAT_LEVELS }, (_, index) => {
        const { background, ink } = heat(theme, role, index + 1);
        const level = `.${role} .heat-${index + 1}`;
        return `${level}{background:${background};color:${ink}}.${role} rect.heat-${index + 1}{fill:${background}}`;
      }),
    )
    .join('');
}

/** Rules of drawings: in a page their colours are custom properties, in a file of its own the colours themselves. */
function drawingRules(colour: (token: string) => string): string {
  const ofRoles = ROLES.map((role) => {
    const [fill, stroke] = [colour(`${role}-fill`), colour(`${role}-stroke`)];
    return `.drawing .${role}.curve,.drawing .${role}.spread,.legend .${role}{stroke:${stroke}}
.drawing .${role}.band,.drawing .${role}.point,.drawing .${role}.bar{fill:${fill}}`;
  });
  return `.drawing{max-width:100%;height:auto;overflow:visible;font:11.5px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;
  font-variant-numeric:tabular-nums}
.drawing text{fill:currentColor;color:${colour('secondary')};unicode-bidi:isolate}
.drawing text.tick{color:${colour('faint')}}
.drawing text.strong{color:${colour('ink')};font-weight:600}
.drawing text.small{font-size:9.5px}
.drawing .rule{stroke:${colour('line')};stroke-width:1}
.drawing .band{opacity:.2}
.drawing .spread{fill:none;stroke-width:1.2;opacity:.75}
.drawing .missing{fill:none;stroke:${colour('faint')};stroke-dasharray:3 3}
.drawing .none{fill:${colour('raised')}}
.drawing text.place{paint-order:stroke;stroke:${colour('surface')};stroke-width:4px}
.drawing line.place{stroke:${colour('faint')};stroke-dasharray:2 2}
.drawing line.tuned{stroke:${colour('mark')}}
.drawing text.tuned{color:${colour('mark')};font-weight:600}
.curve{fill:none;stroke-width:1.6;stroke-linejoin:round}
${ofRoles.join('\n')}`;
}

/** The style of a drawing that stands alone: not everything that shows SVG knows custom properties. */
export function drawingStyle(theme: Theme): string {
  const colours = tokensOf(theme);
  return `${drawingRules((token) => colours[token]!)}\n${heatRules(theme, ['student', 'teacher'])}`;
}

const RULES = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--surface);color:var(--ink);font:13px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;
  font-variant-numeric:tabular-nums;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main,.top{max-width:1152px;margin:0 auto;padding:0 24px}
.top{padding-top:32px}
h1{font-size:18px;line-height:1.35;font-weight:600;margin:0;overflow-wrap:anywhere}
h2{font-size:15px;line-height:1.4;font-weight:600;margin:0 0 4px}
h3{font-size:13px;font-weight:600;margin:0 0 8px;overflow-wrap:anywhere}
p{margin:0;max-width:76ch}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:2px}
.quiet{color:var(--secondary)}
.together{white-space:nowrap}
.unit{display:inline-block;max-width:100%}
.small{font-size:12px;color:var(--faint)}
.group{margin-left:.18em}
section{padding:28px 0;border-top:1px solid var(--line)}
section.first{border-top:0;padding-top:20px}
section>p.lead{color:var(--secondary);margin-bottom:16px}
nav{margin-top:12px}
nav ul{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:0;padding:0}
nav a{color:var(--secondary);text-decoration:none}
nav a:hover{color:var(--link);text-decoration:underline}
figure{margin:0}
figcaption{color:var(--secondary);margin-top:8px;max-width:76ch}

.key{display:inline-block;width:9px;height:9px;margin-right:7px;background:var(--fill)}
.teacher{--fill:var(--teacher-fill);--stroke:var(--teacher-stroke)}
.student{--fill:var(--student-fill);--stroke:var(--student-stroke)}
.baseline{--fill:var(--baseline-fill);--stroke:var(--baseline-stroke)}
.other{--fill:var(--other-fill);--stroke:var(--other-stroke)}
.student>.key,.key.student{border-radius:50%}
.baseline>.key,.key.baseline{transform:rotate(45deg) scale(.85)}
.other>.key,.key.other{clip-path:polygon(50% 0,100% 100%,0 100%)}

.mark{display:inline-block;padding:0 6px;border-radius:4px;background:var(--mark-surface);color:var(--mark);
  font-size:11.5px;line-height:18px;font-weight:500;white-space:nowrap;text-decoration:none;vertical-align:1px}
.mark.validation{background:var(--raised);color:var(--secondary)}

.headline{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:24px 32px;margin:0;padding:0;list-style:none}
.headline .who{color:var(--secondary);overflow-wrap:anywhere}
.headline .number{font-size:46px;line-height:1.15;font-weight:600;letter-spacing:-.02em}
.headline .of{font-weight:500}
.verdict{margin-top:20px;font-size:14px}
.verdict p+p{margin-top:6px}

.strip{margin-top:24px}
.strip .row{display:grid;grid-template-columns:minmax(88px,200px) 1fr minmax(36px,max-content);gap:12px;align-items:center;min-height:26px}
.strip .name{display:flex;gap:4px;white-space:nowrap}
.strip .name>:first-child{overflow:hidden;text-overflow:ellipsis}
.strip .track{position:relative;height:18px}
.strip .track::before{content:'';position:absolute;left:0;right:0;top:8.5px;border-top:1px solid var(--line)}
.strip .bar{position:absolute;top:6px;height:6px;border-radius:3px;background:var(--fill);opacity:.38}
.strip .dot{position:absolute;top:4.5px;margin:0 0 0 -4.5px}
.strip .value{text-align:right;font-weight:600}
.strip .ticks{position:relative;height:18px}
.strip .ticks span{position:absolute;transform:translateX(-50%);font-size:12px;color:var(--faint)}
.strip .ticks span:first-child{transform:none}

.results{width:100%;border-collapse:collapse}
.results th{font-weight:400;color:var(--faint);font-size:12px;text-align:right;vertical-align:bottom;padding:4px 0 6px 16px}
.results th:first-child,.results tbody th{text-align:left;padding-left:0}
.results tbody th{color:var(--ink);font-size:13px;font-weight:500;overflow-wrap:anywhere;vertical-align:top}
.results td,.results tbody th{border-top:1px solid var(--line);padding-top:8px;padding-bottom:8px}
.results td{text-align:right;padding-left:16px;white-space:nowrap;vertical-align:top}
.results .below{display:block;font-size:12px;color:var(--faint)}
.results strong{font-weight:600}

.comparisons{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(400px,100%),1fr));gap:24px 40px}
.two-by-two{border-collapse:collapse;margin:8px 0 4px}
.two-by-two th{font-weight:400;color:var(--faint);font-size:12px;text-align:right;padding:3px 14px 3px 0}
.two-by-two tbody th{text-align:left}
.two-by-two td{text-align:right;padding:3px 14px 3px 0}
.two-by-two td.counts{font-weight:600}

.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:0 40px}
.charts figure{display:grid;grid-row:span 4;grid-template-rows:subgrid;gap:0;margin-bottom:20px}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;margin:0 0 10px;padding:0;list-style:none}
.legend svg{width:26px;height:9px;margin-right:7px;vertical-align:0;overflow:visible}
.charts .drawing{width:100%;max-width:440px}
details.data{margin-top:8px}
summary{cursor:pointer;color:var(--secondary)}
summary:hover{color:var(--ink)}
.scroll{overflow:auto;max-height:340px;margin-top:8px}
.epochs{border-collapse:collapse;font-size:12px}
.epochs th,.epochs td{text-align:right;padding:2px 14px 2px 0;white-space:nowrap}
.epochs th{font-weight:400;color:var(--faint);position:sticky;top:0;background:var(--surface);vertical-align:bottom}

.matrices{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(330px,100%),1fr));gap:32px 40px}
.matrix{border-collapse:separate;border-spacing:2px;table-layout:fixed;width:100%;max-width:420px}
.matrix th,.matrix td{height:28px;padding:0;text-align:center;font-size:12px;border-radius:3px;font-weight:400}
.matrix th.sum{width:38px}
.matrix th{color:var(--secondary)}
.matrix td{background:var(--raised)}
.matrix .diagonal{background:transparent}
.matrix .sum{background:transparent;color:var(--faint)}
.matrix .total{background:transparent;font-weight:600}
.matrix caption{caption-side:top;text-align:left;padding-bottom:4px;color:var(--faint);font-size:12px}

.digits{display:grid;grid-template-columns:repeat(auto-fill,minmax(58px,1fr));gap:8px 6px;list-style:none;margin:0;padding:0}
.digits li{text-align:center;font-size:11.5px;line-height:1.35;break-inside:avoid}
.digits .sure{color:var(--faint);margin-left:4px}
.digits b{font-weight:600}
.tile{display:block;width:56px;aspect-ratio:1;margin:0 auto 2px;border-radius:3px;background-color:#000;background-repeat:no-repeat;image-rendering:pixelated}
.tile.large{width:84px;margin:0;border-radius:4px}
.run+.run,.group-of-digits+.group-of-digits{margin-top:28px}
.run>p,.group-of-digits>p{color:var(--secondary);margin-bottom:12px}

.targets{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(256px,100%),1fr));gap:28px 32px;list-style:none;margin:0;padding:0}
.targets li{break-inside:avoid}
.targets .head{display:flex;gap:12px;align-items:center;margin-bottom:8px}
.targets .head p{color:var(--secondary);font-size:12px}
.targets .head b{color:var(--ink);font-size:13px;font-weight:600}
.targets table{width:100%;border-collapse:collapse;font-size:12px}
.targets th,.targets td{padding:0;height:21px;font-weight:400;text-align:right;color:var(--secondary);padding-left:8px;white-space:nowrap}
.targets thead th{color:var(--faint);height:18px;white-space:nowrap}
.targets th:first-child{text-align:left;padding:0 8px 0 0}
.targets .bars{width:99%;padding-left:0;text-align:left}
.targets .bars span{display:block;height:6px;min-width:1px;border-radius:1px;background:var(--fill)}
.targets .bars span+span{margin-top:1px}
.targets tr.label th,.targets tr.label td{color:var(--ink);font-weight:600}

.spec{border-top:1px solid var(--line);padding:8px 0}
.spec:last-of-type{border-bottom:1px solid var(--line)}
.spec summary{color:var(--ink);overflow-wrap:anywhere}
pre{margin:8px 0 0;padding:12px;background:var(--raised);border-radius:6px;overflow:auto;
  font:12px/1.5 ui-monospace,'SF Mono','Cascadia Mono',Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
.spec ul{margin:8px 0 0;padding-left:18px;color:var(--secondary)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:0}
dt{font-weight:500}
dd{margin:0;color:var(--secondary);max-width:70ch}
footer{max-width:1152px;margin:0 auto;padding:16px 24px 40px;color:var(--faint);font-size:12px}

@media (max-width:860px){
  .results thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
  .results,.results tbody{display:block}
  .results tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:10px 16px;padding:12px 0;border-top:1px solid var(--line)}
  .results tbody th{grid-column:1/-1;border:0;padding:0}
  .results td{border:0;padding:0;text-align:left;white-space:normal}
  .results td::before{content:attr(data-label);display:block;font-size:12px;color:var(--faint)}
}
@media (max-width:520px){
  main,.top,footer{padding-left:16px;padding-right:16px}
  .headline{grid-template-columns:1fr;gap:16px}
  .matrix{border-spacing:1px}
  .matrix th,.matrix td{height:25px;font-size:11.5px}
  .strip .row{grid-template-columns:1fr minmax(36px,max-content);gap:0 12px}
  .strip .name{grid-column:1/-1}
  .strip .row+.row{margin-top:4px}
  dl{grid-template-columns:1fr;gap:0}
  dd{margin-bottom:8px}
}
@media print{
  :root{--surface:#fff}
  body{font-size:9.5pt}
  main,.top,footer{max-width:none;padding-left:0;padding-right:0}
  nav,details.data{display:none}
  section{padding:14pt 0}
  p{orphans:3;widows:3}
  .comparison,.targets li,.strip,.headline,.results tr,.charts figure,.matrices figure{break-inside:avoid}
  h2,h3,.lead{break-after:avoid;break-inside:avoid}
  .headline{grid-template-columns:repeat(3,1fr);gap:12pt}
  .charts,.matrices,.targets{grid-template-columns:repeat(3,1fr);gap:14pt}
  .matrix{border-spacing:1px}
  .matrix th,.matrix td{height:13pt;font-size:7pt}
  .matrix th.sum{width:20pt}
  .digits{grid-template-columns:repeat(auto-fill,minmax(42pt,1fr))}
  .tile{width:34pt}
}
`;

/** Paper is white, whatever the screen was. */
export function styleSheet(): string {
  return [
    `:root{color-scheme:light dark;${tokens(LIGHT)}}`,
    heatRules(LIGHT),
    RULES.trim(),
    drawingRules((token) => `var(--${token})`),
    `@media screen and (prefers-color-scheme:dark){:root{${tokens(DARK)}}${heatRules(DARK)}}`,
  ].join('\n');
}
