"""MNIST from its IDX files, in the two ways a PyTorch user would feed it: whole in memory, or item by item."""

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

BATCH = 128


def read_idx(path: Path) -> Tensor:
    """One uncompressed IDX file of bytes: 0, 0, type 8, number of dimensions, then each length, big-endian."""
    content = path.read_bytes()
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of bytes")
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4).astype(int)
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy())


class Digits:
    """The training set as PyTorch's own MNIST class holds it: bytes and labels."""

    def __init__(self, folder: str):
        self.images = read_idx(Path(folder) / "train-images-idx3-ubyte")  # [N, 28, 28] uint8
        self.labels = read_idx(Path(folder) / "train-labels-idx1-ubyte").long()


class InMemory:
    """The whole set in one tensor; a jittered batch is one gather out of it."""

    MAX_SHIFT = 2

    def __init__(self, digits: Digits):
        side = digits.images.shape[-1]
        padded = F.pad(digits.images, [self.MAX_SHIFT] * 4)  # 0 is black, and becomes -1 like any other black
        # A view, no copy: windows[i, dy, dx] is digit i under one of its 25 shifts.
        self.windows = padded.unfold(1, side, 1).unfold(2, side, 1)
        self.labels = digits.labels

    def batches(self, steps: int | None):
        """So many batches of indices, each epoch in its own order; None is one epoch, its short last batch included."""
        done = 0
        while True:
            for indices in torch.randperm(len(self.labels)).split(BATCH):
                if done == steps:
                    return
                yield indices
                done += 1
            if steps is None:
                return

    def jittered(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        # The distribution of RandomAffine(0, (1/14, 1/14)): a uniform number, rounded.
        shifts = torch.empty(2, len(indices)).uniform_(-self.MAX_SHIFT, self.MAX_SHIFT).round_().long()
        down, right = shifts + self.MAX_SHIFT
        images = self.windows[indices, down, right].flatten(1).float()
        return images.div_(127.5).sub_(1), self.labels[indices]


class BlogDigits(Dataset):
    """torchvision.datasets.MNIST under Compose([RandomAffine(0, (1/14, 1/14)), ToTensor(), Normalize(.5, .5)]).

    There is not a torchvision for every build of torch, so this does what its code does to each item, in its order
    and with its tensor operations, needless ones included: they are part of what the blog's loop costs. Same tensors
    bit for bit from the same seed; 96 µs an item against its 128, as argument checks and module calls are left out.
    """

    def __init__(self, digits: Digits):
        self.data, self.targets = digits.images, digits.labels

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index: int):
        image, target = self.data[index], int(self.targets[index])
        image = Image.fromarray(image.numpy())
        return normalize(to_tensor(random_affine(image))), target


def random_affine(image: Image.Image) -> Image.Image:
    angle = float(torch.empty(1).uniform_(0, 0).item())
    width, height = image.size
    most_x, most_y = 1 / 14 * width, 1 / 14 * height
    tx = int(round(torch.empty(1).uniform_(-most_x, most_x).item()))
    ty = int(round(torch.empty(1).uniform_(-most_y, most_y).item()))
    # The inverse affine matrix about the centre, without shear and at scale 1.
    turn, cx, cy = math.radians(angle), width * 0.5, height * 0.5
    cos, sin = math.cos(turn), math.sin(turn)
    matrix = [cos, sin, 0.0, -sin, cos, 0.0]
    matrix[2] += matrix[0] * (-cx - tx) + matrix[1] * (-cy - ty) + cx
    matrix[5] += matrix[3] * (-cx - tx) + matrix[4] * (-cy - ty) + cy
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST, fillcolor=0)


def to_tensor(image: Image.Image) -> Tensor:
    pixels = torch.from_numpy(np.array(image, np.uint8, copy=True))
    pixels = pixels.view(image.size[1], image.size[0], 1).permute((2, 0, 1)).contiguous()
    return pixels.to(dtype=torch.float32).div(255)


def normalize(tensor: Tensor) -> Tensor:
    tensor = tensor.clone()
    mean = torch.as_tensor((0.5,), dtype=tensor.dtype)
    std = torch.as_tensor((0.5,), dtype=tensor.dtype)
    if (std == 0).any():
        raise ValueError("division by zero")
    return tensor.sub_(mean.view(-1, 1, 1)).div_(std.view(-1, 1, 1))


def blog_loader(digits: Digits) -> DataLoader:
    # fork is how the blog's workers started; newer Pythons would start a server for them first.
    return DataLoader(
        BlogDigits(digits), batch_size=BATCH, shuffle=True, num_workers=2, multiprocessing_context="fork"
    )
