// A set-up failure that names what is missing and the exact command that brings it.
import { existsSync, readFileSync } from 'node:fs';

export class SetUpError extends Error {
  /**
   * @param {string} what what is wrong, in one or two sentences
   * @param {string} [remedy] a command to run, or what to do
   * @param {string} [detail] the last lines of what a program said
   */
  constructor(what, remedy, detail) {
    super(what);
    this.name = 'SetUpError';
    this.what = what;
    this.remedy = remedy;
    this.detail = detail;
  }
}

/** @param {unknown} error */
export function explain(error) {
  if (!(error instanceof SetUpError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = [`Set-up stopped: ${error.what}`];
  if (error.detail)
    lines.push(
      ...error.detail
        .trimEnd()
        .split('\n')
        .slice(-15)
        .map((line) => `  | ${line}`),
    );
  if (error.remedy) lines.push(`What to do: ${error.remedy}`);
  return lines.join('\n');
}

const packagesOf = {
  debian: {
    command: 'apt-get install -y',
    before: 'apt-get update',
    python: 'python3',
    pip: 'python3-pip',
    compiler: 'g++',
  },
  fedora: { command: 'dnf install -y', before: '', python: 'python3', pip: 'python3-pip', compiler: 'gcc-c++' },
  suse: { command: 'zypper install -y', before: '', python: 'python3', pip: 'python3-pip', compiler: 'gcc-c++' },
  arch: { command: 'pacman -S --needed', before: '', python: 'python', pip: 'python-pip', compiler: 'gcc' },
};

/**
 * The command that installs what is missing on this system.
 * @param {Array<'python' | 'pip' | 'compiler'>} parts
 * @param {{ platform?: string, osRelease?: string, root?: boolean }} [system]
 */
export function installCommand(parts, system = {}) {
  const platform = system.platform ?? process.platform;
  if (platform === 'darwin') return parts.includes('compiler') ? 'xcode-select --install' : 'brew install python3';
  if (platform === 'win32') return 'winget install Python.Python.3.11 Microsoft.VisualStudio.2022.BuildTools';
  const release = system.osRelease ?? (existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '');
  const names = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].map((match) => match[1]).join(' ');
  const family = /fedora|rhel|centos/.test(names)
    ? 'fedora'
    : /suse/.test(names)
      ? 'suse'
      : /arch/.test(names)
        ? 'arch'
        : 'debian';
  const chosen = packagesOf[family];
  const sudo = (system.root ?? process.getuid?.() === 0) ? '' : 'sudo ';
  const install = `${sudo}${chosen.command} ${parts.map((part) => chosen[part]).join(' ')}`;
  return chosen.before ? `${sudo}${chosen.before} && ${install}` : install;
}
