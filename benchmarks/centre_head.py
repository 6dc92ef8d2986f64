"""A centre head trained by gradient steps on the same cached maps: what a detector on a frozen network usually is."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from headstart.data.boxes.boxes import Boxes
from headstart.data.boxes.letterbox import Letterbox
from headstart.math.boxes.overlap import overlaps
from headstart.math.boxes.suppression import suppressed

#: Width of the hidden layer, pictures a step, found boxes a picture.
WIDTH, BATCH, KEPT = 128, 16, 50


class CentreHead(nn.Module):
    """From a fine map and a coarse one, laid over it, to a heat map of middles and the box at each place.

    Zhou, Wang & Kraehenbuehl (2019), "Objects as points": focal loss (eq. 1) on Gaussians around middles, L1 on sides
    and on the place of the middle within its cell, weighted 1, 0.1 and 1.
    """

    def __init__(self, channels: int, n_classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(channels), nn.Conv2d(channels, WIDTH, 3, padding=1), nn.BatchNorm2d(WIDTH), nn.ReLU()
        )
        self.heat, self.sides, self.place = (nn.Conv2d(WIDTH, n, 1) for n in (n_classes, 2, 2))
        nn.init.constant_(self.heat.bias, -2.19)

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, logarithms of sides as shares of the picture, and place of the middle in its cell."""
        hidden = self.body(maps)
        return self.heat(hidden), self.sides(hidden), self.place(hidden)


def joined(maps: Sequence[Sequence[np.ndarray]]) -> Tensor:
    """The levels of pictures on the finest grid, (n, channels, H, W)."""
    side = maps[0][0].shape[0]
    levels = [torch.from_numpy(np.stack(level)).permute(0, 3, 1, 2) for level in zip(*maps, strict=True)]
    return torch.cat([nn.functional.interpolate(x, size=side, mode="bilinear") for x in levels], 1)


def targets(boxes: np.ndarray, codes: np.ndarray, n_classes: int, side: int) -> tuple[Tensor, ...]:
    """Heat map, sides and places of one picture, and where they are asked for; boxes as shares of the picture."""
    heat, at = torch.zeros(n_classes, side, side), torch.zeros(side, side, dtype=torch.bool)
    sides, place = torch.zeros(2, side, side), torch.zeros(2, side, side)
    grid = torch.arange(side) + 0.5
    for box, code in zip(torch.from_numpy(boxes).float(), codes.tolist(), strict=True):
        middle, size = (box[:2] + box[2:]) / 2 * side, (box[2:] - box[:2]) * side
        spread = (size / 6).clamp(min=0.5)
        across, down = (-((grid - middle[i]) ** 2) / (2 * spread[i] ** 2) for i in (0, 1))
        heat[code] = torch.maximum(heat[code], torch.exp(down[:, None] + across))
        x, y = middle.long().clamp(0, side - 1).tolist()
        heat[code, y, x], at[y, x] = 1.0, True
        sides[:, y, x], place[:, y, x] = torch.log(size / side), middle - torch.tensor([x, y])
    return heat, sides, place, at


def trained(
    maps: Sequence[Sequence[np.ndarray]],
    boxes: Sequence[np.ndarray],
    codes: Sequence[np.ndarray],
    n_classes: int,
    *,
    seconds: float,
    rate: float = 1e-3,
    seed: int = 0,
) -> CentreHead:
    """A centre head after so many CPU seconds of AdamW, its rate falling to nothing over them along a cosine."""
    torch.manual_seed(seed)
    X, side = joined(maps), maps[0][0].shape[0]
    told = [targets(b, c, n_classes, side) for b, c in zip(boxes, codes, strict=True)]
    heat, sides, place, at = (torch.stack(part) for part in zip(*told, strict=True))
    head = CentreHead(X.shape[1], n_classes).train()
    optimizer = torch.optim.AdamW(head.parameters(), rate, weight_decay=1e-2)
    started, generator = time.process_time(), torch.Generator().manual_seed(seed)
    while (spent := time.process_time() - started) < seconds:
        for group in optimizer.param_groups:
            group["lr"] = rate * 0.5 * (1 + np.cos(np.pi * spent / seconds))
        some = torch.randperm(len(X), generator=generator)[:BATCH]
        found, size, middle = head(X[some])
        p, wanted, here = torch.sigmoid(found), heat[some], at[some][:, None]
        n = here.sum().clamp(min=1)
        exact = wanted == 1
        gain = ((1 - p) ** 2 * nn.functional.logsigmoid(found))[exact].sum()
        loss = (((1 - wanted) ** 4) * p**2 * nn.functional.logsigmoid(-found))[~exact].sum()
        off = ((size - sides[some]).abs() * here).sum() + ((middle - place[some]).abs() * here).sum()
        optimizer.zero_grad()
        ((-gain - loss + off) / n).backward()
        optimizer.step()
    return head.eval()


def found(
    head: CentreHead, maps: Sequence[Sequence[np.ndarray]], classes: Sequence[str], where: Sequence[Letterbox]
) -> list[Boxes]:
    """Boxes at the peaks of the heat maps, in pixels of the pictures."""
    with torch.inference_mode():
        heat, sides, place = head(joined(maps))
    heat = torch.sigmoid(heat)
    peaks = heat * (nn.functional.max_pool2d(heat, 3, 1, 1) == heat)
    answers, side = [], heat.shape[-1]
    for one, size, middle, letterbox in zip(peaks, sides, place, where, strict=True):
        best = one.flatten().topk(min(KEPT, one.numel()))
        code, rest = best.indices // (side * side), best.indices % (side * side)
        y, x = rest // side, rest % side
        centre = (torch.stack([x, y], 1) + middle[:, y, x].T) / side
        half = size[:, y, x].T.exp() / 2
        corners = torch.cat([centre - half, centre + half], 1).double().clamp(0, 1).numpy() * letterbox.size
        corners, scores = letterbox.to_picture(corners), best.values.double().numpy()
        kept = [np.zeros(0, int)]
        for k in np.unique(code):
            mine = np.flatnonzero((code.numpy() == k) & (corners[:, 2:] > corners[:, :2]).all(axis=1))
            kept.append(mine[suppressed(overlaps(corners[mine], corners[mine]), scores[mine], 0.5)])
        rows = np.concatenate(kept)
        answers.append(Boxes(corners[rows], np.array(classes, object)[code.numpy()[rows]], scores[rows]))
    return answers
