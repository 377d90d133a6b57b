"""The loop: epochs, checkpoints, the best weights, and a candidate's folder at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...core.bundles import CARD_NAME
from ...core.card_files import write_card
from ...core.cards import CandidateCard, TrainedWeights, read_card
from ...core.errors import InvalidDataError
from ...core.files import exclusive, write_bytes
from ...core.memory import check_memory, free_memory_mb, memory_errors
from ..devices import check_device
from ..loss_curve import CURVE_NAME, curve_text
from ..weights import load_into, read_weights, write_weights
from .checkpoint import Progress, load_checkpoint, save_checkpoint
from .history import Epoch, clip_norm, is_over, kept_epoch, next_rate
from .recipe import Optimisation, Recipe, Task

__all__ = [
    "CARD_NAME",
    "CHECKPOINT_NAME",
    "WEIGHTS_NAME",
    "Trained",
    "check_trainable",
    "finished_training",
    "train",
]

WEIGHTS_NAME = "weights.safetensors"
CHECKPOINT_NAME = "checkpoint.safetensors"
_CHECKPOINT_SECONDS = 10.0
_RAN_OUT = "With more of it, the same command goes on from the last checkpoint."

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Parameters
    ----------
    card : CandidateCard
        The card, with its weights.
    folder : pathlib.Path
        Folder of card, weights and loss curve; a candidate that can be scored by this path.
    """

    card: CandidateCard
    folder: Path


def finished_training(recipe: Recipe, folder: Path, *, seed: int) -> Trained | None:
    """The finished training of a recipe with a seed that a folder holds; None if there is none.

    Raises
    ------
    InvalidDataError
        If it holds another candidate, or the same of another seed.
    ChecksumError
        If the weights are not those of the card.
    """
    path = folder / CARD_NAME
    if not path.is_file():
        return None
    card = read_card(path, CandidateCard)
    found = (card.identifier, None if card.weights is None else card.weights.seed)
    if card.weights is None or found != (recipe.name, seed):
        raise InvalidDataError(
            f"The folder {folder}",
            got=f"candidate '{found[0]}' of seed {found[1]}",
            needed=f"empty, or '{recipe.name}' of seed {seed}",
            hint="Train in another folder, or use --restart to replace it.",
        )
    read_weights(folder / card.weights.file, sha256=card.weights.sha256)
    return Trained(card, folder)


def check_trainable(recipe: Recipe, device: str) -> None:
    """Refuse a training that cannot begin here.

    Raises
    ------
    MissingPartError
        If the device is not there, or has too little memory free.
    """
    check_device(device, hint="Train with --device cpu.")
    check_memory(_work(recipe), recipe.memory_mb, free_mb=_free_mb(device))


def train(
    recipe: Recipe,
    folder: Path,
    *,
    seed: int = 0,
    device: str = "cpu",
    restart: bool = False,
    command: str = "",
    report: Report | None = None,
    checkpoint_seconds: float = _CHECKPOINT_SECONDS,
) -> Trained:
    """Train a recipe to its end, from where an interrupted training of the same folder stopped.

    On the CPU, with the same number of threads, the weights are the same bit for bit however often it was
    interrupted.

    Parameters
    ----------
    recipe : Recipe
        The recipe to train.
    folder : pathlib.Path
        Made if it is not there; holds the checkpoint meanwhile, and at the end card, weights and loss curve.
    seed : int
        Seed of weights and data.
    device : str
        ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    restart : bool
        Begin anew, whatever the folder holds; what it holds stays if the training cannot begin.
    command : str
        The command that repeats the training, for the card.
    report : callable, optional
        ``(epochs done, epochs at most)``, called after each epoch.
    checkpoint_seconds : float
        Time between checkpoints; 0 for one after each epoch.

    Raises
    ------
    InvalidDataError
        If the folder's checkpoint is damaged or of another training.
    MissingPartError
        If the device is not there, has too little memory free to begin, or ran out of it.
    """
    check_trainable(recipe, device)
    identity = _identity(recipe, seed, device)
    with memory_errors(_work(recipe), hint=_RAN_OUT), exclusive(folder / CHECKPOINT_NAME):
        if restart:
            (folder / CHECKPOINT_NAME).unlink(missing_ok=True)
        task = recipe.task(seed, device)
        untrained = {f"untrained_{name}": value for name, value in task.losses().items()}
        progress = _begun(recipe, task, folder, identity)
        _go_on(recipe, task, progress, folder, identity, report, checkpoint_seconds)
        load_into(task.module, progress.best, subject="The best weights")
        losses = {**task.losses(), **untrained}
        trained = _written(recipe, progress, folder, seed=seed, device=device, command=command, losses=losses)
        (folder / CHECKPOINT_NAME).unlink(missing_ok=True)
    return trained


def _identity(recipe: Recipe, seed: int, device: str) -> dict[str, Any]:
    """The settings that a training's result depends on; an early stop's most epochs are not among them."""
    plan = _asked(recipe.optimisation)
    kind = device.partition(":")[0]
    return {"recipe": recipe.name, "version": recipe.card.version, "seed": seed, "device": kind, "plan": plan}


def _asked(optimisation: Optimisation) -> dict[str, Any]:
    """The settings of a plan, without the most epochs where the rate does not follow from them."""
    plan = asdict(optimisation)
    if not optimisation.decay_epochs:
        plan.pop("max_epochs")
    return plan


def _begun(recipe: Recipe, task: Task, folder: Path, identity: dict[str, Any]) -> Progress:
    plan = recipe.optimisation
    learned = [parameter for parameter in task.module.parameters() if parameter.requires_grad]
    optimiser = torch.optim.Adam([{"params": learned}], lr=plan.rate, eps=plan.epsilon)
    progress = Progress(task.module, optimiser, _copied(task.module))
    if (folder / CHECKPOINT_NAME).is_file():
        load_checkpoint(folder / CHECKPOINT_NAME, progress, identity)
    return progress


def _go_on(
    recipe: Recipe,
    task: Task,
    progress: Progress,
    folder: Path,
    identity: dict[str, Any],
    report: Report | None,
    checkpoint_seconds: float,
) -> None:
    """Run epochs until training stops, with a checkpoint now and then and one at the end."""
    plan, begun = recipe.optimisation, time.monotonic() - progress.seconds
    saved = time.monotonic()
    while not is_over(progress.history, plan):
        progress.history = (*progress.history, _epoch(task, progress, plan))
        if kept_epoch(progress.history, plan) == len(progress.history) - 1:
            progress.best = _copied(task.module)
        progress.seconds = time.monotonic() - begun
        if time.monotonic() - saved >= checkpoint_seconds or is_over(progress.history, plan):
            save_checkpoint(folder / CHECKPOINT_NAME, progress, identity)
            saved = time.monotonic()
        if report is not None:
            report(len(progress.history), plan.max_epochs)


def _epoch(task: Task, progress: Progress, plan: Optimisation) -> Epoch:
    """One pass over the data."""
    rate, clip = next_rate(progress.history, plan), clip_norm(progress.history, plan)
    for group in progress.optimiser.param_groups:
        group["lr"] = rate
    task.module.train()
    steps = [_step(task, batch, progress.optimiser, clip) for batch in task.batches(len(progress.history))]
    task.module.eval()
    loss, norm = torch.tensor(steps, dtype=torch.float64).mean(dim=0).tolist()
    if not loss < float("inf"):
        raise InvalidDataError(
            f"The loss of epoch {len(progress.history) + 1}",
            got=loss,
            needed="finite",
            hint="Training diverged; the recipe's learning rate is too high.",
        )
    return Epoch(loss, task.validation_loss(), rate, norm, len(steps))


def _step(task: Task, batch: Any, optimiser: torch.optim.Optimizer, clip: float) -> tuple[float, float]:
    """One update; the loss and the gradients' norm before it."""
    optimiser.zero_grad()
    loss = task.loss(batch)
    loss.backward()  # type: ignore[no-untyped-call]
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    norm = nn.utils.clip_grad_norm_(parameters, clip)
    optimiser.step()
    return loss.item(), norm.item()


def _written(
    recipe: Recipe,
    progress: Progress,
    folder: Path,
    *,
    seed: int,
    device: str,
    command: str,
    losses: dict[str, float],
) -> Trained:
    """Write weights and loss curve, and last the card that vouches for them."""
    frozen = {} if recipe.frozen is None else recipe.frozen()
    kept = _kept_epochs(progress.history, recipe.optimisation)
    weights = TrainedWeights(
        file=WEIGHTS_NAME,
        sha256=write_weights(folder / WEIGHTS_NAME, {**progress.best, **frozen}),
        seed=seed,
        steps=sum(epoch.steps for epoch in kept),
        device=device,
        seconds=round(progress.seconds, 1),
        losses={name: float(f"{value:.5g}") for name, value in losses.items()},
    )
    card = recipe.card.model_copy(update={"weights": weights, "training": command or None})
    write_bytes(folder / CURVE_NAME, curve_text(progress.history).encode())
    write_card(folder / CARD_NAME, card)
    return Trained(card, folder)


def _kept_epochs(history: tuple[Epoch, ...], plan: Optimisation) -> tuple[Epoch, ...]:
    """The epochs up to that whose weights are kept."""
    return history[: kept_epoch(history, plan) + 1] if history else ()


def _copied(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}


def _work(recipe: Recipe) -> str:
    return f"training {recipe.name}"


def _free_mb(device: str) -> float:
    return torch.cuda.mem_get_info(device)[0] / 2**20 if device.startswith("cuda") else free_memory_mb()
