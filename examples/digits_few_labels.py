"""Handwritten digits from 1, 5 and 20 labels each, with the bundled network and without.

One label a digit is too few for what the network sees, and pixels do better; from five on the network is ahead.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from headstart import TransferClassifier

data = load_digits()
pictures = np.repeat(np.repeat((data.images * 15).astype(np.uint8), 4, axis=1), 4, axis=2)  # 8 x 8 made 32 x 32
order = np.random.default_rng(0).permutation(len(pictures))
new = order[-150:]
each, with_network, without = [1, 5, 20], [], []
for n in each:
    few = np.concatenate([order[:-150][data.target[order[:-150]] == digit][:n] for digit in range(10)])
    model = TransferClassifier("starter:pictures", random_state=0).fit(pictures[few], data.target[few])
    with_network.append(model.score(pictures[new], data.target[new]))
    pixels = LogisticRegression(max_iter=1000).fit(data.data[few] / 16, data.target[few])
    without.append(pixels.score(data.data[new] / 16, data.target[new]))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.5), width_ratios=[3, 2], layout="constrained")
left.plot(np.multiply(each, 10), 100 * np.array(with_network), "-o", lw=2.5, label="starter:pictures")
left.plot(np.multiply(each, 10), 100 * np.array(without), "--o", lw=2.5, label="logistic regression on pixels")
left.set(xlabel="labels", ylabel="right of 150 new digits, %", xticks=np.multiply(each, 10))
left.legend(loc="lower right")
answers = model.predict(pictures[new[:25]])
framed = np.pad(pictures[new[:25]], ((0, 0), (10, 4), (6, 6)))
right.imshow(np.block([[framed[5 * row + column] for column in range(5)] for row in range(5)]), cmap="gray_r")
for place, (answer, truth) in enumerate(zip(answers, data.target[new[:25]], strict=True)):
    colour = "tab:green" if answer == truth else "red"
    right.text(44 * (place % 5) + 2, 46 * (place // 5) + 11, str(answer), color=colour, weight="bold")
right.set_title("What 200 labels make of new ones")
right.axis("off")
figure.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "digits_few_labels.png", dpi=120)
