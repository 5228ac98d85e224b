/** Labels that look wrong: what the answers speak against, what a person marked, and the errors without those. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { LabelMarks } from '../../src-core/contract/label-marks';
import { NO_MARKS } from '../../src-core/contract/label-marks';
import type { LabelledLogits } from '../../src-core/contract/rpc';
import { countErrors } from '../../src-core/evaluation/errors';
import type { Suspect } from '../../src-core/evaluation/label-issues';
import { suspectLabels } from '../../src-core/evaluation/label-issues';
import { predictions } from '../../src-core/evaluation/logits';
import { lab } from '../lab';
import type { Part } from './dataset';
import { useInspect } from './inspect';
import { useUi } from './ui';

const POLL_MILLISECONDS = 300;

export const useLabels = defineStore('labels', () => {
  const inspect = useInspect();
  const ui = useUi();

  const part = ref<Part>('test');
  const marks = shallowRef<LabelMarks>(NO_MARKS);
  /** answers to training images by networks that did not learn from them */
  const outOfSample = shallowRef<LabelledLogits>();
  /** of the cross-validation under way, 0 to 1 */
  const share = ref<number>();

  const dataset = computed(() => inspect.record?.spec.data.dataset);
  const logits = computed(() => (part.value === 'test' ? inspect.logits : outOfSample.value));
  /** the most suspicious first */
  const suspects = computed<readonly Suspect[]>(() =>
    logits.value ? suspectLabels(logits.value, logits.value.labels) : [],
  );
  const marked = computed(() => new Set(marks.value[part.value]));
  /** on all test images, and on those whose labels are not marked */
  const errors = computed(() => {
    const test = inspect.logits;
    if (!test) return undefined;
    const answers = predictions(test);
    const flagged = new Set(marks.value.test);
    const official = countErrors(answers, test.labels);
    let [wrong, images] = [0, 0];
    for (let row = 0; row < test.count; row++) {
      if (flagged.has(test.positions[row]!)) continue;
      images += 1;
      wrong += +(answers[row] !== test.labels[row]);
    }
    return { official, images: test.count, without: wrong, kept: images };
  });

  watch(
    dataset,
    async (name) => {
      marks.value = NO_MARKS;
      if (name === undefined) return;
      const found = await ui.attempt(() => lab.labelMarks(name));
      if (found && name === dataset.value) marks.value = found;
    },
    { immediate: true },
  );

  /** Reads what is kept of a cross-validation, once somebody looks at training images. */
  async function readOutOfSample(): Promise<void> {
    const run = inspect.record?.id;
    outOfSample.value = undefined;
    if (run === undefined || part.value !== 'train') return;
    const found = await ui.attempt(() => lab.outOfSample(run));
    if (run === inspect.record?.id) outOfSample.value = found;
  }
  watch([() => inspect.record?.id, part], readOutOfSample, { immediate: true });

  async function mark(position: number, wrong: boolean, of = part.value): Promise<void> {
    const name = dataset.value;
    if (name === undefined) return;
    const found = await ui.attempt(() => lab.markLabel(name, of, position, wrong));
    if (!found || name !== dataset.value) return;
    marks.value = found;
    const text = wrong ? 'is marked: its label looks wrong.' : 'is not marked any more.';
    ui.notify(`${of === 'test' ? 'Test' : 'Training'} image ${position} ${text}`, {
      action: { label: 'Undo', run: () => void mark(position, !wrong, of) },
    });
  }

  async function crossValidate(): Promise<void> {
    const run = inspect.record?.id;
    if (run === undefined) return;
    share.value = 0;
    const timer = setInterval(() => {
      lab.crossValidation().then(
        (now) => now && (share.value = now.share),
        () => undefined,
      );
    }, POLL_MILLISECONDS);
    await ui.attempt(() => lab.crossValidate(run));
    clearInterval(timer);
    share.value = undefined;
    await readOutOfSample();
  }

  async function cancel(): Promise<void> {
    await ui.attempt(() => lab.cancelCrossValidation());
  }

  return { part, marks, outOfSample, share, logits, suspects, marked, errors, mark, crossValidate, cancel };
});
