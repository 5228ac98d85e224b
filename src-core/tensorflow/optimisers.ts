/** Fused updates: one operation a parameter, in place. */
import type { OptimiserSpec } from '../contract/spec';
import type { OpAttribute, Tensor } from './engine';
import { backend, tf } from './engine';
import type { Gradient } from './fused';
import { applyProductMomentum, multipliedOut, multipliesIntoVelocity } from './fused';
import { FLOAT, assignVariable, flagAttribute, matMul, multiply } from './operations';
import { Variable } from './parameters';

/** What a schedule says of one step. */
export interface StepSettings {
  readonly learningRate: number;
  /** momentum of this step; Adam does not read it */
  readonly momentum: number;
  /** number of this update since the slots were last empty, from 1: Adam's bias correction */
  readonly updates: number;
}

export interface Optimiser {
  /** State to keep in a checkpoint beside the parameters: velocities or moments, in a fixed order. */
  readonly slots: readonly Variable[];
  /**
   * Updates every parameter, then enforces the largest norm.
   * @param gradients one for each parameter, same order and shapes
   */
  apply(gradients: readonly Gradient[], settings: StepSettings): void;
  /** Empties the slots, as building the optimiser anew would. */
  reset(): void;
  dispose(): void;
}

export interface OptimisedParameter {
  readonly variable: Variable;
  /** weights into hidden units, [inputs, units]: the largest norm applies to these */
  readonly hiddenWeight: boolean;
}

/** Numbers on the device that seldom change: uploaded again only when they do. */
class Settings {
  private readonly kept = new Map<string, { values: readonly number[]; tensor: Tensor }>();

  scalar(name: string, value: number): Tensor {
    return this.get(name, [value], []);
  }

  vector(name: string, values: readonly number[]): Tensor {
    return this.get(name, values, [values.length]);
  }

  private get(name: string, values: readonly number[], shape: number[]): Tensor {
    const known = this.kept.get(name);
    if (known && values.every((value, index) => value === known.values[index])) return known.tensor;
    known?.tensor.dispose();
    const tensor = tf.keep(tf.tensor(Float32Array.from(values), shape));
    this.kept.set(name, { values, tensor });
    return tensor;
  }

  dispose(): void {
    for (const { tensor } of this.kept.values()) tensor.dispose();
    this.kept.clear();
  }
}

function emptySlot(parameter: OptimisedParameter, slot: string): Variable {
  const { name, shape, size } = parameter.variable;
  return new Variable(`${name}/${slot}`, shape, new Float32Array(size));
}

function clear(slots: readonly Variable[]): void {
  for (const slot of slots) slot.assign(new Float32Array(slot.size));
}

/** gradient + weightDecay · parameter, as PyTorch's optimisers have it; the gradient itself where there is no decay. */
function decayed(gradient: Gradient, variable: Variable, weightDecay: number): Gradient {
  if (weightDecay === 0) return gradient;
  return tf.tidy(() => tf.add(multipliedOut(gradient), tf.mul(variable.read(), weightDecay)));
}

/**
 * Scales down the incoming weights of every unit whose squared norm is above the limit
 * (Hinton et al. 2012, arXiv 1207.0580, appendix A.1), without waiting for the device.
 * @param weight [inputs, units]
 */
function limitSquaredNorm(weight: Variable, limit: number): void {
  const scaled = tf.tidy(() => {
    const values = weight.read();
    const squaredNorms = matMul(tf.ones([1, weight.shape[0]!]), multiply(values, values));
    // A norm of exactly 0 divides to infinity, and its minimum with 1 is 1.
    const scale = tf.minimum(tf.sqrt(tf.div(limit, squaredNorms)), 1);
    return multiply(values, scale);
  });
  assignVariable(weight.resource, scaled);
  scaled.dispose();
}

abstract class FusedOptimiser<Spec extends OptimiserSpec> implements Optimiser {
  protected readonly settings = new Settings();

  constructor(
    protected readonly spec: Spec,
    protected readonly parameters: readonly OptimisedParameter[],
    readonly slots: readonly Variable[],
  ) {}

  protected abstract update(index: number, gradient: Gradient, settings: StepSettings): void;

  apply(gradients: readonly Gradient[], settings: StepSettings): void {
    this.parameters.forEach(({ variable, hiddenWeight }, index) => {
      tf.tidy(() => this.update(index, decayed(gradients[index]!, variable, this.spec.weightDecay), settings));
      if (hiddenWeight && this.spec.maxSquaredNorm !== null) limitSquaredNorm(variable, this.spec.maxSquaredNorm);
    });
  }

  reset(): void {
    clear(this.slots);
  }

  dispose(): void {
    this.settings.dispose();
    for (const slot of this.slots) slot.dispose();
  }
}

type MomentumSpec = Extract<OptimiserSpec, { kind: 'momentum' }>;
type AdamSpec = Extract<OptimiserSpec, { kind: 'adam' }>;

const NO_LOCKING = flagAttribute('use_locking', false);

/**
 * Stochastic gradient descent with momentum p and learning rate ε, in one of two forms that differ only when p or ε
 * change from step to step: v ← p·v + g, w ← w − ε·v (PyTorch), or, with the rate inside the velocity,
 * v ← p·v − ε·g, w ← w + v (arXiv 1207.0580, appendix A.1).
 */
class Momentum extends FusedOptimiser<MomentumSpec> {
  private readonly operation: string;
  private readonly attributes: readonly OpAttribute[];

  constructor(spec: MomentumSpec, parameters: readonly OptimisedParameter[]) {
    super(
      spec,
      parameters,
      parameters.map((parameter) => emptySlot(parameter, 'velocity')),
    );
    this.operation = spec.rateInVelocity ? 'ResourceApplyKerasMomentum' : 'ResourceApplyMomentum';
    this.attributes = [FLOAT, NO_LOCKING, flagAttribute('use_nesterov', spec.nesterov)];
  }

  protected update(index: number, gradient: Gradient, settings: StepSettings): void {
    const { learningRate, momentum } = settings;
    const [variable, slot] = [this.parameters[index]!.variable, this.slots[index]!];
    if (multipliesIntoVelocity(gradient)) {
      const { rateInVelocity, nesterov } = this.spec;
      const factors = rateInVelocity ? [-learningRate, 1] : [1, -learningRate];
      applyProductMomentum(gradient, {
        weight: variable.read(),
        velocity: slot.read(),
        settings: this.settings.vector('momentum of products', [momentum, ...factors, +nesterov]),
      });
      return;
    }
    backend.executeMultipleOutputs(
      this.operation,
      this.attributes,
      [
        variable.resource,
        slot.resource,
        this.settings.scalar('learningRate', learningRate),
        multipliedOut(gradient),
        this.settings.scalar('momentum', momentum),
      ],
      0,
    );
  }
}

/** Adam (Kingma and Ba 2014) with L2 weight decay in the gradient, as `torch.optim.Adam`. */
class Adam extends FusedOptimiser<AdamSpec> {
  private readonly attributes = [FLOAT, NO_LOCKING, flagAttribute('use_nesterov', false)];

  constructor(spec: AdamSpec, parameters: readonly OptimisedParameter[]) {
    super(
      spec,
      parameters,
      parameters.flatMap((parameter) => [emptySlot(parameter, 'moment1'), emptySlot(parameter, 'moment2')]),
    );
  }

  protected update(index: number, gradient: Gradient, settings: StepSettings): void {
    const { beta1, beta2, epsilon } = this.spec;
    const correction = Math.sqrt(1 - beta2 ** settings.updates);
    backend.executeMultipleOutputs(
      'ResourceApplyAdam',
      this.attributes,
      [
        this.parameters[index]!.variable.resource,
        this.slots[2 * index]!.resource,
        this.slots[2 * index + 1]!.resource,
        this.settings.scalar('beta1Power', beta1 ** settings.updates),
        this.settings.scalar('beta2Power', beta2 ** settings.updates),
        this.settings.scalar('learningRate', settings.learningRate),
        this.settings.scalar('beta1', beta1),
        this.settings.scalar('beta2', beta2),
        // TensorFlow adds ε to √v before the bias correction, PyTorch after it.
        this.settings.scalar('epsilon', epsilon * correction),
        multipliedOut(gradient),
      ],
      0,
    );
  }
}

/** The optimiser that a spec names, with empty slots. */
export function createOptimiser(spec: OptimiserSpec, parameters: readonly OptimisedParameter[]): Optimiser {
  return spec.kind === 'momentum' ? new Momentum(spec, parameters) : new Adam(spec, parameters);
}
