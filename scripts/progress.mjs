// One line a stage on stderr; on a terminal the line carries a bar and is rewritten in place. For a program that reads
// along, a line for every per cent.

/**
 * @typedef {object} Stage
 * @property {(fraction: number) => void} update
 * @property {(note?: string) => void} done
 */

/**
 * @typedef {object} Progress
 * @property {(title: string) => Stage} stage
 * @property {(line: string) => void} say
 * @property {(line: string) => void} detail only with --verbose
 */

/**
 * @param {{ stream?: NodeJS.WriteStream, verbose?: boolean, percent?: boolean }} [options]
 * @returns {Progress}
 */
export function createProgress({ stream = process.stderr, verbose = false, percent: everyPercent = false } = {}) {
  const terminal = Boolean(stream.isTTY);
  const clear = '\r\u001b[K';
  /** @param {string} line */
  const say = (line) => void stream.write(`${terminal ? clear : ''}${line}\n`);
  return {
    say,
    detail: (line) => void (verbose && say(`  ${line}`)),
    stage(title) {
      const begin = Date.now();
      let shown = -1;
      stream.write(terminal ? `${title} …` : `${title}\n`);
      return {
        update(fraction) {
          const percent = Math.floor(100 * Math.min(1, Math.max(0, fraction)));
          if (percent === shown || !(terminal || everyPercent)) return;
          shown = percent;
          if (!terminal) return void stream.write(`${title} ${percent} %\n`);
          const filled = Math.round(percent / 5);
          const bar = '█'.repeat(filled) + '░'.repeat(20 - filled);
          stream.write(`${clear}${title} ${bar} ${String(percent).padStart(3)} %`);
        },
        done(note = '') {
          const seconds = ((Date.now() - begin) / 1000).toFixed(1);
          if (terminal) say(`${title} ${note || 'done'}, ${seconds} s`);
          else if (verbose) say(`  ${note || 'done'}, ${seconds} s`);
        },
      };
    },
  };
}
