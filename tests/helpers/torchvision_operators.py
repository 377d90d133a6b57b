"""Operators that torchvision's plain build declares as it is imported, where torch is a CPU build and lacks them.

Networks do not use them: they choose among boxes. Only the tests do without: a user is told which build to install.
"""

import torch


def declare():
    """Declare them, so that torchvision's plain build can be imported beside a CPU build of torch."""
    if torch.version.cuda is None:
        for name in ("nms", "qnms"):
            if not hasattr(torch.ops.torchvision, name):
                schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
                torch.library.define(f"torchvision::{name}", schema)
