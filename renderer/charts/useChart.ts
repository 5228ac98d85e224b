/** Chart.js by parts: drawn once a frame from typed buffers, coloured by the tokens of the theme. */
import {
  Chart,
  Decimation,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
} from 'chart.js';
import type { ChartDataset, Point } from 'chart.js';
import { onBeforeUnmount, onMounted, watch } from 'vue';
import type { Ref, WatchSource } from 'vue';

Chart.register(Decimation, Legend, LinearScale, LineController, LineElement, LogarithmicScale, PointElement, Tooltip);

export interface Series {
  readonly name: string;
  /** a CSS token without its dashes, such as "student-stroke" */
  readonly colour: string;
  readonly x: ArrayLike<number>;
  /** NaN where there is no value */
  readonly y: ArrayLike<number>;
  readonly dashed?: boolean;
  /** a reference: thin and without hover */
  readonly faint?: boolean;
}

export interface ChartOptions {
  readonly series: () => readonly Series[];
  readonly xTitle: string;
  readonly log: () => boolean;
  /** what makes a redraw necessary */
  readonly changed: WatchSource;
}

function points({ x, y }: Series, log: boolean): Point[] {
  const list: Point[] = [];
  for (let row = 0; row < x.length; row++) {
    const value = y[row]!;
    if (Number.isFinite(value) && (!log || value > 0)) list.push({ x: x[row]!, y: value });
  }
  return list;
}

export function useChart(canvas: Readonly<Ref<HTMLCanvasElement | null>>, options: ChartOptions) {
  let chart: Chart<'line'> | undefined;
  let frame = 0;
  const hidden = new Set<string>();
  const dark = window.matchMedia('(prefers-color-scheme: dark)');

  function token(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  function dataset(series: Series): ChartDataset<'line'> {
    return {
      label: series.name,
      data: points(series, options.log()),
      borderColor: token(series.colour),
      backgroundColor: token(series.colour),
      borderWidth: series.faint ? 1 : 1.5,
      borderDash: series.dashed || series.faint ? [4, 3] : [],
      pointRadius: series.x.length === 1 ? 2.5 : 0,
      pointHitRadius: series.faint ? 0 : 6,
      hidden: hidden.has(series.name),
    };
  }

  function draw(): void {
    frame = 0;
    if (!chart) return;
    chart.data.datasets = options.series().map(dataset);
    const { scales, plugins } = chart.options;
    for (const axis of ['x', 'y'] as const) {
      const scale = scales![axis]!;
      scale.ticks!.color = token('faint');
      scale.grid!.color = token('line');
    }
    plugins!.legend!.labels!.color = token('secondary');
    chart.update('none');
  }

  /** Many changes in a frame are one drawing. */
  function redraw(): void {
    if (frame === 0) frame = requestAnimationFrame(draw);
  }

  function build(): void {
    chart?.destroy();
    if (!canvas.value) return;
    const font = { family: getComputedStyle(document.body).fontFamily, size: 11 };
    chart = new Chart(canvas.value, {
      type: 'line',
      data: { datasets: [] },
      options: {
        parsing: false,
        normalized: true,
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: 'nearest', axis: 'x', intersect: false },
        scales: {
          x: { type: 'linear', ticks: { font, maxTicksLimit: 8 }, grid: { display: false } },
          y: {
            type: options.log() ? 'logarithmic' : 'linear',
            ticks: { font, maxTicksLimit: 6 },
            grid: {},
            border: { display: false },
          },
        },
        plugins: {
          decimation: { enabled: true, algorithm: 'min-max' },
          legend: {
            align: 'start',
            labels: { boxWidth: 14, boxHeight: 1, font },
            onClick: (_event, item) => {
              const name = item.text;
              if (!hidden.delete(name)) hidden.add(name);
              redraw();
            },
          },
          tooltip: {
            animation: false,
            callbacks: {
              title: (items) => `${options.xTitle} ${Number((items[0]?.parsed.x ?? 0).toFixed(2))}`,
              label: (item) => `${item.dataset.label}: ${Number((item.parsed.y ?? 0).toPrecision(4))}`,
            },
          },
        },
      },
    });
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
  watch(options.log, build);

  /** The picture as it stands, on the surface's colour. */
  function png(): Promise<Blob | null> {
    const source = canvas.value;
    if (!source) return Promise.resolve(null);
    const copy = document.createElement('canvas');
    copy.width = source.width;
    copy.height = source.height;
    const context = copy.getContext('2d')!;
    context.fillStyle = token('surface');
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(source, 0, 0);
    return new Promise((resolve) => copy.toBlob(resolve));
  }

  return { png };
}
