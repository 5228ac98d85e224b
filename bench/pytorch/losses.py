"""The losses of given batches from given weights, to hold against the lab's own to four digits."""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from networks import mlp, objective, quick_sgd


def train(command: dict) -> list[float]:
    """Plain training, no dropout and no shuffling; the loss of each step, before its update."""
    network = load_network(read_weights(Path(command["weights"])))
    optimizer = quick_sgd(network, command["learningRate"], command["momentum"])
    with np.load(command["batches"], allow_pickle=False) as batches:
        images = torch.from_numpy(batches["images"].astype(np.float32, copy=False))
        labels = torch.from_numpy(batches["labels"].astype(np.int64))
        teacher_logits = None
        if "teacherLogits" in batches:
            teacher_logits = torch.from_numpy(batches["teacherLogits"].astype(np.float32, copy=False))
    steps = command.get("steps")
    steps = len(images) if steps is None else steps
    if steps > len(images):
        raise ValueError(f"{steps} steps asked for, but {len(images)} batches given")

    seen = []
    for step in range(steps):
        logits = network(images[step].flatten(1))
        if teacher_logits is None:
            loss = F.cross_entropy(logits, labels[step])
        else:
            loss = objective(
                logits, labels[step], teacher_logits[step], command["temperature"], command["softWeight"]
            )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        seen.append(loss.item())
    return seen


def load_network(weights: dict[str, Tensor]) -> torch.nn.Sequential:
    """Weights by the lab's names and [in, out] layout, turned round for PyTorch's [out, in]."""
    names = []
    while f"hidden{len(names) + 1}/weight" in weights:
        names.append(f"hidden{len(names) + 1}")
    names.append("output")
    widths = [weights[f"{name}/weight"].shape[0] for name in names] + [weights["output/weight"].shape[1]]
    network = mlp(widths)
    linears = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    with torch.no_grad():
        for name, linear in zip(names, linears, strict=True):
            linear.weight.copy_(weights[f"{name}/weight"].T)
            linear.bias.copy_(weights[f"{name}/bias"])
    return network


def read_weights(path: Path) -> dict[str, Tensor]:
    """The float32 tensors of an npz archive or a safetensors file."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            return {name: torch.from_numpy(archive[name]) for name in archive.files}
    content = path.read_bytes()
    header_end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:header_end])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = entry["data_offsets"]
        values = np.frombuffer(content[header_end + start : header_end + end], "<f4")
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors
