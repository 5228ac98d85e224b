"""PyTorch at the same work as the lab, for `npm run bench`: python train.py MNIST-FOLDER [--threads N].

What was tried to make it fast (2 cores of an AMD EPYC with AVX-512; the teacher's step in memory, ms, best round):
- dropout: nn.Dropout 17.7 (its bernoulli_ is slow on AMD), masks from rand_like 14.8, random bits 13.7 (BitDropout, as
  in the lab), no dropout at all 12.6. So BitDropout, and nn.Dropout as a kind of its own.
- jitter of a batch: gather by an index tensor 0.25, take 0.16, window view of the padded bytes 0.12 (used); the set
  kept as normalised floats 0.10, for four times the memory: left.
- SGD: fused 13.7, foreach 14.2; keeping the gradients instead of set_to_none: 0.8 more.
- no gain: in-place ReLU, weights stored [in, out], malloc thresholds, OpenMP's spin count, reading no loss each step.
- the blog's loop: 35 to 39 as it is, 27 to 31 with --threads 1: then its workers do not fight OpenMP.
"""

import sys

sys.dont_write_bytecode = True  # this folder is a source tree

import argparse
import json
import os
import platform
import time
import traceback
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import losses
from data import Digits, InMemory, blog_loader
from networks import BitDropout, has_fused_sgd, objective, quick_sgd, student, teacher

WARM_UP_STEPS = 20

# Trains for so many steps (None: one epoch), returns how many they were and the last loss. Networks live on in it.
Trainer = Callable[[int | None], tuple[int, float]]


class BadCommand(Exception):
    pass


def in_memory(memory: InMemory, step: Callable[[Tensor, Tensor], Tensor]) -> Trainer:
    def train(steps: int | None) -> tuple[int, float]:
        done, loss = 0, torch.tensor(0.0)
        for indices in memory.batches(steps):
            loss = step(*memory.jittered(indices))
            done += 1
        return done, loss.item()

    return train


def teacher_in_memory(memory: InMemory, dropout: type[nn.Module]) -> Trainer:
    network = teacher(dropout)
    optimizer = quick_sgd(network, 0.01)

    def step(images: Tensor, labels: Tensor) -> Tensor:
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return in_memory(memory, step)


def student_in_memory(memory: InMemory, live_teacher: bool) -> Trainer:
    network = student()
    optimizer = quick_sgd(network, 0.001)
    guide = teacher(nn.Dropout).eval()

    def step(images: Tensor, labels: Tensor) -> Tensor:
        if live_teacher:
            with torch.no_grad():
                teacher_logits = guide(images)
            loss = objective(network(images), labels, teacher_logits, temperature=20, soft_weight=0.7)
        else:
            loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return in_memory(memory, step)


def teacher_as_in_the_blog(digits: Digits) -> Trainer:
    """The loop that the blog ran: workers that shift images one by one, default SGD, the loss read at every step."""
    network = teacher(nn.Dropout)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)

    def train(steps: int | None) -> tuple[int, float]:
        done, value = 0, 0.0
        while True:
            loader = iter(blog_loader(digits))  # dropping it ends its workers, so that none works on past this call
            for inputs, labels in loader:
                if done == steps:
                    return done, value
                inputs = torch.flatten(inputs, start_dim=1)
                optimizer.zero_grad()
                loss = criterion(network(inputs), labels.long())
                loss.backward()
                optimizer.step()
                value = loss.item()
                done += 1
            if steps is None:
                return done, value

    return train


class Bench:
    def __init__(self, folder: str):
        digits = Digits(folder)
        memory = InMemory(digits)
        self.kinds: dict[str, Callable[[], Trainer]] = {
            "teacher-memory": lambda: teacher_in_memory(memory, BitDropout),
            "teacher-memory-nn-dropout": lambda: teacher_in_memory(memory, nn.Dropout),
            "teacher-blog": lambda: teacher_as_in_the_blog(digits),
            "student-live-teacher": lambda: student_in_memory(memory, live_teacher=True),
            "student-hard": lambda: student_in_memory(memory, live_teacher=False),
        }
        self.trainers: dict[str, Trainer] = {}

    def answer(self, command: dict) -> dict:
        match command.get("cmd"):
            case "info":
                return info(list(self.kinds))
            case "epoch":
                return self.epoch(command.get("what"), command.get("steps"), command.get("seed", 0))
            case "losses":
                return {"losses": losses.train(command)}
            case other:
                raise BadCommand(f"no such command: {other!r}")

    def epoch(self, what: str | None, steps: int | None, seed: int) -> dict:
        if what not in self.kinds:
            raise BadCommand(f"no such work: {what!r}; there is {', '.join(self.kinds)}")
        if steps is not None and (not isinstance(steps, int) or steps < 1):
            raise BadCommand(f"steps must be a whole number from 1 up, or null for an epoch: {steps!r}")
        torch.manual_seed(seed)
        if what not in self.trainers:
            self.trainers[what] = self.kinds[what]()
            self.trainers[what](WARM_UP_STEPS)
        start = time.perf_counter()
        done, loss = self.trainers[what](steps)
        seconds = time.perf_counter() - start
        return {
            "what": what,
            "steps": done,
            "seconds": seconds,
            "millisecondsPerStep": seconds / done * 1000,
            "lastLoss": loss,
        }


def info(kinds: list[str]) -> dict:
    return {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "fusedSgd": has_fused_sgd(),
        "processor": processor(),
        "kinds": kinds,
    }


def processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    arguments = argparse.ArgumentParser(description="JSON commands in, one a line; JSON answers out, one a line.")
    arguments.add_argument("folder", help="where MNIST's uncompressed IDX files are")
    arguments.add_argument("--threads", type=int, help="of torch's arithmetic; otherwise what torch chooses")
    options = arguments.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)

    # Answers only on stdout: whatever else prints, in this process or in a worker, goes to stderr.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    bench = Bench(options.folder)
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            answer = json.dumps(bench.answer(json.loads(line)), allow_nan=False)
        except BadCommand as error:
            answer = json.dumps({"error": str(error)})
        except Exception as error:
            traceback.print_exc()
            answer = json.dumps({"error": f"{type(error).__name__}: {error}"})
        print(answer, file=answers, flush=True)


if __name__ == "__main__":
    main()
