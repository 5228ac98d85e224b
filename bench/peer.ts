/** The PyTorch side of the benchmark: a process that answers one JSON command a line. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export class Peer {
  private readonly child: ChildProcess;
  private readonly answers: AsyncIterator<string>;

  /**
   * @param python of the benchmark's own environment
   * @param mnist folder of the IDX files
   */
  constructor(python: string, mnist: string) {
    const script = fileURLToPath(new URL('pytorch/train.py', import.meta.url));
    this.child = spawn(python, [script, mnist], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.answers = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  /** @throws Error with what PyTorch's side said */
  async ask<Answer>(command: Record<string, unknown>): Promise<Answer> {
    this.child.stdin!.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error('The PyTorch process ended: see its output above.');
    const answer = JSON.parse(value) as Answer & { error?: string };
    if (answer.error) throw new Error(`PyTorch: ${answer.error}`);
    return answer;
  }

  end(): void {
    this.child.stdin!.end();
  }
}
