/** What can be taken out of a run besides pictures: checkpoint, weights, curves and predictions, its report. */
import type { CheckpointReference } from '../../src-core/contract/rpc';
import { lab } from '../lab';
import { useRuns } from '../stores/runs';
import { useUi } from '../stores/ui';
import type { MenuItem } from '../ui/Menu.vue';

const FORMATS = [
  { id: 'onnx', label: 'Network as ONNX…' },
  { id: 'tfjs', label: 'Network for TensorFlow.js…' },
  { id: 'safetensors', label: 'Weights as safetensors…' },
  { id: 'npz', label: 'Weights as NPZ…' },
  { id: 'csv', label: 'Curves and predictions as CSV…' },
] as const;

/** @returns a function that gives a checkpoint's commands */
export function useRunFiles() {
  const runs = useRuns();
  const ui = useUi();

  async function saveCheckpoint(reference: CheckpointReference): Promise<void> {
    const file = await window.desktop?.saveFile({
      title: 'Save checkpoint',
      defaultPath: `${reference.run}-${reference.checkpoint}.safetensors`,
      filters: [{ name: 'Checkpoint', extensions: ['safetensors'] }],
    });
    if (file !== undefined) await runs.saveCheckpoint(reference, file);
  }

  async function exportRun(reference: CheckpointReference, format: (typeof FORMATS)[number]['id']): Promise<void> {
    const folder = await window.desktop?.chooseFolder({ title: 'Export into a folder' });
    if (folder === undefined) return;
    const files = await ui.attempt(() => lab.exportRun(reference, format, folder));
    if (files) ui.notify(`Saved ${files.join(' and ')}`);
  }

  async function report(run: string): Promise<void> {
    const path = await ui.attempt(() => lab.report([run]));
    if (path !== undefined) ui.notify(`Report written to ${path}`);
  }

  return (reference: CheckpointReference): MenuItem[] => [
    { label: 'Checkpoint to resume from…', act: () => saveCheckpoint(reference) },
    ...FORMATS.map(({ id, label }) => ({ label, act: () => exportRun(reference, id) })),
    { label: 'Report (HTML)', act: () => report(reference.run) },
  ];
}
