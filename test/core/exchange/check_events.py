"""Reads a run's event file with TensorBoard's own reader; prints what it found."""

import io
import json
import sys

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata as hparams

events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0, "tensors": 0})
events.Reload()
scalars = {tag: [[e.step, e.value, e.wall_time] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
images = {}
for tag in events.Tags()["images"]:
    last = events.Images(tag)[-1]
    picture = Image.open(io.BytesIO(last.encoded_image_string)).convert("RGB")
    cell = picture.width // 10
    images[tag] = {
        "steps": [e.step for e in events.Images(tag)],
        "size": picture.size,
        # Of each cell its middle: how far from white.
        "cells": [255 - picture.getpixel((x * cell + cell // 2, y * cell + cell // 2))[0] for y in range(10) for x in range(10)],
    }
content = events.SummaryMetadata(hparams.SESSION_START_INFO_TAG).plugin_data.content
start = hparams.parse_session_start_info_plugin_data(content)
given = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
text = events.Tensors("spec")[0].tensor_proto.string_val[0].decode()
print(json.dumps({"scalars": scalars, "images": images, "hparams": given, "started": start.start_time_secs, "text": text}))
