import { LabError } from '../src-core/contract/errors';

/** A call whose core ended before it answered: it was perhaps not carried out, and the next core can be asked. */
export class CoreLost extends LabError {
  constructor() {
    super('engine', 'The core has stopped.', 'It starts again by itself: try once more in a moment.');
  }
}
