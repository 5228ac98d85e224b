"""Runs exported networks with onnxruntime and with numpy on all test images; prints how far their logits are off."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

folder = Path(sys.argv[1])
about = json.loads((folder / "about.json").read_text())
side = about["side"]
images = np.fromfile(folder / "images.bin", np.uint8).reshape(-1, 1, side, side).astype(np.float32)
logits = np.load(folder / "logits.npy")


def distance(found):
    """Largest difference of a logit, and images whose prediction differs."""
    return {
        "logits": float(np.abs(found - logits).max()),
        "predictions": int((found.argmax(1) != logits.argmax(1)).sum()),
        "images": len(found),
    }


def windows(x, kernel, stride):
    """[n, side, side, channels] -> [n, out, out, kernel * kernel * channels], in the order of the weights."""
    view = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(1, 2))[:, ::stride, ::stride]
    return view.transpose(0, 1, 2, 4, 5, 3).reshape(*view.shape[:3], -1)


def forward(weights, x):
    """A network from its arrays alone, in numpy: [n, 1, side, side] grey values -> logits."""
    x = x.transpose(0, 2, 3, 1) / 255
    if about["normalisation"] == "symmetric":
        x = 2 * x - 1
    if "convolution1/weight" in weights:
        x = np.pad(x, ((0, 0), (4, 4), (4, 4), (0, 0)))
        for name, stride in (("convolution1", 1), ("convolution2", 2)):
            weight = weights[f"{name}/weight"]
            found = windows(x, weight.shape[0], stride) @ weight.reshape(-1, weight.shape[3])
            x = np.maximum(found + weights[f"{name}/bias"], 0)
        half = x.shape[1] // 2
        x = x[:, : 2 * half, : 2 * half].reshape(len(x), half, 2, half, 2, -1).max((2, 4))
    x = x.reshape(len(x), -1)
    layer = 1
    while f"hidden{layer}/weight" in weights:
        x = np.maximum(x @ weights[f"hidden{layer}/weight"] + weights[f"hidden{layer}/bias"], 0)
        layer += 1
    return x @ weights["output/weight"] + weights["output/bias"]


def in_parts(weights):
    return np.concatenate([forward(weights, part) for part in np.array_split(images, 50)])


def as_torch(weights):
    """The arrays as a PyTorch module of convolutions and linear layers has them, under names as it gives them."""
    arrays = {}
    layers = [name.removesuffix("/weight") for name in weights if name.endswith("/weight")]
    for at, name in enumerate(sorted(layers)):
        weight = weights[f"{name}/weight"]
        if weight.ndim == 4:
            weight = weight.transpose(3, 2, 0, 1)
        elif name == "hidden1" and "convolution2/weight" in weights:
            # Images are flattened channel by channel there.
            channels = weights["convolution2/weight"].shape[3]
            pooled = round((weight.shape[0] // channels) ** 0.5)
            weight = weight.reshape(pooled, pooled, channels, -1).transpose(2, 0, 1, 3).reshape(weight.shape).T
        else:
            weight = weight.T
        arrays[f"net.{2 * at}.weight"] = np.ascontiguousarray(weight)
        arrays[f"net.{2 * at}.bias"] = weights[f"{name}/bias"]
    return arrays


result = {}
for file in sorted(folder.glob("*.onnx")):
    onnx.checker.check_model(str(file), full_check=True)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    outputs = dict(zip(names, session.run(names, {"digits": images})))
    result["onnx"] = distance(outputs["logits"])
    model = onnx.load(str(file))
    result["opset"] = model.opset_import[0].version
    result["metadata"] = {entry.key: entry.value for entry in model.metadata_props}
    tempered = np.exp((logits - logits.max(1, keepdims=True)) / about["temperature"])
    tempered /= tempered.sum(1, keepdims=True)
    result["probabilities"] = float(np.abs(outputs["probabilities"] - tempered).max())
for file in folder.glob("*.safetensors"):
    result["safetensors"] = distance(in_parts(load_file(file)))
    with safe_open(file, "numpy") as opened:
        result["words"] = opened.metadata()
    save_file(as_torch(load_file(file)), folder / "torch")
for file in folder.glob("*.npz"):
    result["npz"] = distance(in_parts(dict(np.load(file))))
print(json.dumps(result))
