/**
 * TensorBoard's event files: records of TFRecord framing around Event messages, written with protobufjs from the part of
 * the public schemas that they need (tensorflow/core/util/event.proto, framework/summary.proto, Apache-2.0, and
 * tensorboard/plugins/hparams/plugin_data.proto), with their field numbers.
 */
import protobuf from 'protobufjs/light';

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id });

const map = (type: string, id: number) => ({ keyType: 'string', type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: field('double', 1),
        step: field('int64', 2),
        fileVersion: field('string', 3),
        summary: field('Summary', 5),
      },
    },
    Summary: { fields: { value: repeated('Value', 1) } },
    Value: {
      oneofs: { content: { oneof: ['simpleValue', 'image', 'tensor'] } },
      fields: {
        tag: field('string', 1),
        simpleValue: field('float', 2),
        image: field('Image', 4),
        tensor: field('Tensor', 8),
        metadata: field('Metadata', 9),
      },
    },
    Image: {
      fields: {
        height: field('int32', 1),
        width: field('int32', 2),
        colorspace: field('int32', 3),
        encodedImageString: field('bytes', 4),
      },
    },
    Tensor: {
      fields: { dtype: field('int32', 1), tensorShape: field('Shape', 2), stringVal: repeated('bytes', 8) },
    },
    Shape: { fields: { dim: repeated('Dim', 2) } },
    Dim: { fields: { size: field('int64', 1) } },
    Metadata: { fields: { pluginData: field('PluginData', 1) } },
    PluginData: { fields: { pluginName: field('string', 1), content: field('bytes', 2) } },
    HParams: { fields: { version: field('int32', 1), sessionStartInfo: field('SessionStart', 3) } },
    SessionStart: {
      fields: { hparams: map('HParam', 1), startTimeSecs: field('double', 5) },
    },
    HParam: {
      oneofs: { kind: { oneof: ['numberValue', 'stringValue', 'boolValue'] } },
      fields: { numberValue: field('double', 2), stringValue: field('string', 3), boolValue: field('bool', 4) },
    },
  },
});

const Event = root.lookupType('Event');
const HParams = root.lookupType('HParams');

/** TensorFlow's number for text in a tensor. */
const DT_STRING = 7;
const RGBA = 4;

export type TensorboardValue =
  | { readonly tag: string; readonly scalar: number }
  /** a PNG with an alpha channel */
  | { readonly tag: string; readonly png: Uint8Array; readonly width: number; readonly height: number }
  /** Markdown */
  | { readonly tag: string; readonly text: string }
  /** what the run was started with */
  | { readonly hyperparameters: Readonly<Record<string, number | string | boolean>> };

export interface TensorboardEvent {
  /** seconds since 1970 */
  readonly wallTime: number;
  readonly step: number;
  readonly values: readonly TensorboardValue[];
}

const CASTAGNOLI = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC-32C, turned and shifted as TFRecord has it (tensorflow/core/lib/hash/crc32c.h). */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CASTAGNOLI[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Length, its check, the message, its check. */
function framed(message: Uint8Array): Uint8Array {
  const record = new Uint8Array(message.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(message.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(message, 12);
  view.setUint32(12 + message.length, maskedCrc(message), true);
  return record;
}

function valueOf(value: TensorboardValue, wallTime: number): object {
  if ('scalar' in value) return { tag: value.tag, simpleValue: value.scalar };
  if ('png' in value) {
    const { tag, png, width, height } = value;
    return { tag, image: { width, height, colorspace: RGBA, encodedImageString: png } };
  }
  if ('text' in value) {
    const tensor = {
      dtype: DT_STRING,
      tensorShape: { dim: [{ size: 1 }] },
      stringVal: [new TextEncoder().encode(value.text)],
    };
    return { tag: value.tag, tensor, metadata: { pluginData: { pluginName: 'text' } } };
  }
  const hparams = Object.fromEntries(
    Object.entries(value.hyperparameters).map(([name, given]) => [
      name,
      typeof given === 'number'
        ? { numberValue: given }
        : typeof given === 'boolean'
          ? { boolValue: given }
          : { stringValue: given },
    ]),
  );
  const content = HParams.encode(
    HParams.fromObject({ version: 0, sessionStartInfo: { hparams, startTimeSecs: wallTime } }),
  ).finish();
  return { tag: '_hparams_/session_start_info', metadata: { pluginData: { pluginName: 'hparams', content } } };
}

/** The record that an event file begins with. */
export function encodeFileVersion(wallTime: number): Uint8Array {
  return framed(Event.encode(Event.fromObject({ wallTime, fileVersion: 'brain.Event:2' })).finish());
}

export function encodeEvent({ wallTime, step, values }: TensorboardEvent): Uint8Array {
  const value = values.map((one) => valueOf(one, wallTime));
  return framed(Event.encode(Event.fromObject({ wallTime, step, summary: { value } })).finish());
}
