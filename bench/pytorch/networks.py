"""The networks, their optimiser and the distillation objective."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BitDropout(nn.Module):
    """Dropout whose mask comes from 16 random bits a unit: the same distribution (p to 1/65536), cheaper numbers."""

    def __init__(self, p: float):
        super().__init__()
        self.scale = 1 / (1 - p)
        self.threshold = round(p * 65536) - 32768

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        words = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        bits = words.view(torch.int16)[: x.numel()].view_as(x)
        return x * (bits >= self.threshold).float().mul_(self.scale)


def mlp(widths: list[int], dropout: type[nn.Module] | None = None) -> nn.Sequential:
    """784-…-10 with ReLU; dropout, if any, of 0.2 on the input and 0.5 on every hidden layer."""
    layers: list[nn.Module] = [dropout(0.2)] if dropout else []
    for inputs, units in zip(widths[:-2], widths[1:-1]):
        layers += [nn.Linear(inputs, units), nn.ReLU()]
        if dropout:
            layers.append(dropout(0.5))
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))


def teacher(dropout: type[nn.Module]) -> nn.Sequential:
    return mlp([784, 1200, 1200, 10], dropout)


def student() -> nn.Sequential:
    return mlp([784, 800, 800, 10])


def has_fused_sgd() -> bool:
    """Whether this torch updates weights on the processor in one fused pass."""
    weight = nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    try:
        torch.optim.SGD([weight], lr=0.1, momentum=0.9, fused=True).step()
    except RuntimeError:
        return False
    return True


def quick_sgd(network: nn.Module, learning_rate: float, momentum: float = 0.9) -> torch.optim.SGD:
    how = {"fused": True} if has_fused_sgd() else {"foreach": True}
    return torch.optim.SGD(network.parameters(), lr=learning_rate, momentum=momentum, **how)


def objective(
    logits: Tensor, labels: Tensor, teacher_logits: Tensor, temperature: float, soft_weight: float
) -> Tensor:
    """w·T²·KL(teacher‖student) + (1−w)·cross-entropy, both the mean over the batch."""
    soft = F.kl_div(
        F.log_softmax(logits / temperature, 1), F.softmax(teacher_logits / temperature, 1), reduction="batchmean"
    )
    return soft_weight * temperature**2 * soft + (1 - soft_weight) * F.cross_entropy(logits, labels)
