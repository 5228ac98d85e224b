/** Chart.js by parts: drawn once a frame from typed buffers, coloured by the tokens of the theme. */
import {
  Chart,
  Interaction,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
} from 'chart.js';
import type {
  ChartConfiguration,
  ChartDataset,
  InteractionItem,
  InteractionModeFunction,
  Plugin,
  Point,
} from 'chart.js';
import { onBeforeUnmount, onMounted, watch } from 'vue';
import type { Ref, WatchSource } from 'vue';
import { logTicks } from '../../src-core/evaluation/log-ticks';
import { figure } from '../format';
import { fontFamily, token } from '../styles/token';
import { chartSvg } from './chart-svg';
import type { Series } from './series';
import { bandOf, bandRange, decimate, placeText } from './series';

declare module 'chart.js' {
  interface InteractionModeMap {
    /** of every line the point nearest to the pointer's x */
    eachNearest: InteractionModeFunction;
  }
}

Interaction.modes.eachNearest = (chart, event) => {
  const scale = chart.scales['x'];
  const area = chart.chartArea;
  const { x } = event;
  if (!scale || x === null || x < area.left || x > area.right) return [];
  const wanted = scale.getValueForPixel(x);
  if (wanted === undefined) return [];
  return chart.getSortedVisibleDatasetMetas().flatMap(({ index: datasetIndex, data }): InteractionItem[] => {
    const points = chart.data.datasets[datasetIndex]!.data as { readonly x: number }[];
    let index = -1;
    let nearest = Infinity;
    for (let at = 0; at < points.length; at++) {
      const distance = Math.abs(points[at]!.x - wanted);
      if (distance < nearest) [index, nearest] = [at, distance];
    }
    const element = data[index];
    return element ? [{ datasetIndex, index, element }] : [];
  });
};

Chart.register(LinearScale, LineController, LineElement, LogarithmicScale, PointElement, Tooltip);

export interface ChartOptions {
  readonly series: () => readonly Series[];
  readonly title: () => string;
  readonly xTitle: () => string;
  readonly log: () => boolean;
  /** whether the x axis is logarithmic */
  readonly logX: () => boolean;
  /** names of the series that are switched off */
  readonly hidden: () => ReadonlySet<string>;
  /** what makes a redraw necessary */
  readonly changed: WatchSource;
}

const DASHES = [4, 3];
const BAND_OPACITY = 0.18;
/** Size of an exported picture's plot, in its own units. */
const PICTURE = { width: 800, height: 420 };

function lineWidth(series: Series): number {
  return series.faint ? 1 : 1.5;
}

/** Wide enough for its numbers, so that charts beside each other and the same chart later do not jump. */
const AXIS_WIDTH = 44;

function configuration(log: boolean, logX: boolean, xTitle: () => string): ChartConfiguration<'line'> {
  const font = { family: fontFamily(), size: 11 };
  return {
    type: 'line',
    data: { datasets: [] },
    options: {
      parsing: false,
      normalized: true,
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: 'eachNearest', intersect: false },
      scales: {
        x: {
          type: logX ? 'logarithmic' : 'linear',
          ticks: {
            font,
            maxTicksLimit: 8,
            maxRotation: 0,
            callback: (value) => figure(+value),
            // Epochs are whole.
            ...(xTitle() === 'epoch' ? { precision: 0 } : {}),
          },
          grid: { display: false },
          ...(logX
            ? {
                afterBuildTicks: (scale) => {
                  scale.ticks = logTicks(scale.min, scale.max).map((value) => ({ value }));
                },
              }
            : {}),
        },
        y: {
          type: log ? 'logarithmic' : 'linear',
          ticks: { font, maxTicksLimit: 6, callback: (value) => (Number.isFinite(+value) ? figure(+value) : '') },
          border: { display: false },
          ...(log
            ? {
                afterBuildTicks: (scale) => {
                  scale.ticks = logTicks(scale.min, scale.max).map((value) => ({ value }));
                },
              }
            : {}),
          afterFit: (scale) => {
            scale.width = Math.max(scale.width, AXIS_WIDTH);
          },
        },
      },
      plugins: {
        tooltip: {
          animation: false,
          callbacks: {
            title: (items) => placeText(xTitle(), items[0]?.parsed.x ?? undefined),
            label: (item) => `${item.dataset.label}: ${figure(item.parsed.y ?? NaN)}`,
          },
        },
      },
    },
  };
}

export function useChart(canvas: Readonly<Ref<HTMLCanvasElement | null>>, options: ChartOptions) {
  let chart: Chart<'line'> | undefined;
  let frame = 0;
  const dark = window.matchMedia('(prefers-color-scheme: dark)');

  /** Brings a chart's lines up to date; a line that was there stays the same object, which spares Chart.js work. */
  function fill(into: Chart<'line'>): void {
    const log = options.log();
    const hidden = options.hidden();
    const before = into.data.datasets;
    into.data.datasets = options.series().map((series, at) => {
      const data: Point[] = [];
      if (!hidden.has(series.name)) {
        for (const row of decimate(series, Math.max(1, into.width), log)) {
          data.push({ x: series.x[row]!, y: series.y[row]! });
        }
      }
      const colour = token(`--${series.colour}`);
      const pointRadius = data.length === 1 ? 2.5 : 0;
      // Chart.js keeps the radius that a line's points were made with.
      const same = before[at]?.label === series.name && before[at].pointRadius === pointRadius;
      const dataset: ChartDataset<'line'> = same ? before[at]! : { data };
      return Object.assign(dataset, {
        label: series.name,
        data,
        borderColor: colour,
        backgroundColor: colour,
        borderWidth: lineWidth(series),
        borderDash: series.dashed ? DASHES : [],
        pointRadius,
        pointHoverRadius: 3,
        // Lines of references lie behind.
        order: series.faint ? 1 : 0,
      });
    });
    const { scales, plugins } = into.options;
    const range = bandRange(shown(), log);
    Object.assign(scales!['y']!, { suggestedMin: range?.low, suggestedMax: range?.high });
    for (const axis of ['x', 'y'] as const) {
      const scale = scales![axis]!;
      scale.ticks!.color = token('--faint');
      scale.grid!.color = token('--line');
    }
    Object.assign(plugins!.tooltip!, {
      backgroundColor: token('--raised'),
      borderColor: token('--edge'),
      borderWidth: 1,
      titleColor: token('--ink'),
      bodyColor: token('--ink'),
    });
    into.update('none');
  }

  function bandIn(within: Chart<'line'>, series: Series): (readonly [x: number, y: number])[] {
    const [x, y] = [within.scales['x']!, within.scales['y']!];
    const place = (at: number, value: number) => [x.getPixelForValue(at), y.getPixelForValue(value)] as const;
    const log = options.log();
    return bandOf(series, decimate(series, Math.max(1, within.width), log), place, within.chartArea.bottom, log);
  }

  const shown = (): Series[] => options.series().filter(({ name }) => !options.hidden().has(name));

  /** Deviations, behind the lines. */
  const bands: Plugin<'line'> = {
    id: 'bands',
    beforeDatasetsDraw(drawn) {
      const { ctx, chartArea } = drawn;
      ctx.save();
      ctx.beginPath();
      ctx.rect(chartArea.left, chartArea.top, chartArea.width, chartArea.height);
      ctx.clip();
      ctx.globalAlpha = BAND_OPACITY;
      for (const series of shown()) {
        const outline = bandIn(drawn, series);
        if (outline.length === 0) continue;
        ctx.beginPath();
        for (const [x, y] of outline) ctx.lineTo(x, y);
        ctx.closePath();
        ctx.fillStyle = ctx.strokeStyle = token(`--${series.colour}`);
        ctx.fill();
        ctx.stroke();
      }
      ctx.restore();
    },
  };

  function draw(): void {
    frame = 0;
    if (chart) fill(chart);
  }

  /** Many changes in a frame are one drawing. */
  function redraw(): void {
    if (frame === 0) frame = requestAnimationFrame(draw);
  }

  function build(): void {
    chart?.destroy();
    chart = canvas.value
      ? new Chart(canvas.value, {
          ...configuration(options.log(), options.logX(), options.xTitle),
          plugins: [bands],
        })
      : undefined;
    draw();
  }

  onMounted(() => {
    build();
    dark.addEventListener('change', redraw);
  });
  onBeforeUnmount(() => {
    cancelAnimationFrame(frame);
    dark.removeEventListener('change', redraw);
    chart?.destroy();
    chart = undefined;
  });
  watch(options.changed, redraw);
  watch(options.hidden, redraw, { deep: true });
  watch(options.log, build);

  /** The chart as a document of its own, in the window's colours, whatever its size on the screen. */
  function svg(): string {
    const { width, height } = PICTURE;
    const config = configuration(options.log(), options.logX(), options.xTitle);
    Object.assign(config.options!, { responsive: false, devicePixelRatio: 1 });
    const sheet = Object.assign(document.createElement('canvas'), { width, height: height - 24 });
    const drawn = new Chart(sheet, config);
    try {
      fill(drawn);
      const { chartArea, scales } = drawn;
      const [x, y] = [scales['x']!, scales['y']!];
      const ticksOf = (scale: typeof x) =>
        scale.ticks
          .filter(({ label }) => label !== '' && label !== undefined)
          .map(({ value, label }) => ({ at: scale.getPixelForValue(value), text: String(label) }));
      return chartSvg({
        title: options.title(),
        xTitle: options.xTitle(),
        width,
        height,
        area: chartArea,
        xTicks: ticksOf(x),
        yTicks: ticksOf(y),
        lines: shown().map((series) => ({
          name: series.name,
          colour: token(`--${series.colour}`),
          width: lineWidth(series),
          dashed: series.dashed === true,
          band: bandIn(drawn, series),
          points: Array.from(decimate(series, width, options.log()), (row) => [
            x.getPixelForValue(series.x[row]!),
            y.getPixelForValue(series.y[row]!),
          ]),
        })),
        colours: { surface: token('--surface'), ink: token('--ink'), faint: token('--faint'), line: token('--line') },
      });
    } finally {
      drawn.destroy();
    }
  }

  return { svg };
}
