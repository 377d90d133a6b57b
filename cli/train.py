"""``innerscore train``: train candidates by their recipes, and write their cards and weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..candidates.training import Recipe, Trained

__all__ = ["train"]


def train(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Recipes or families of recipes; without any, all recipes are listed."),
    ] = None,
    out: Annotated[
        Path,
        typer.Option("--out", help="Folder to write; each candidate gets a folder of its name within it."),
    ] = Path("trained"),
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the weights and the data.")] = 0,
    device: Annotated[
        str | None,
        typer.Option("--device", help="Device: cpu, cuda or cuda:N; default the setting INNERSCORE_DEVICE."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", min=0, help="Largest number of epochs; default the recipe's."),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Start from the beginning, whatever the folder holds.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Train candidates by their recipes.

    An interrupted command goes on where it was, to the same result; candidates that are finished are not trained
    again. A finished folder holds card, weights and loss curve, and can be scored by its path.
    """
    from ..candidates.training import find_recipes, recipes
    from ..core.settings import load_settings
    from ..workflows.running import limit_threads

    if not names:
        _list(list(recipes()), as_json=json)
        return
    overrides = {} if device is None else {"device": device}
    settings = load_settings(**overrides)
    limit_threads(settings)
    chosen = {recipe.name: recipe for name in names for recipe in find_recipes(name)}
    results = []
    for recipe in chosen.values():
        trained = _trained(recipe, out / recipe.name, seed, settings.device, epochs, restart=restart)
        results.append(trained)
        if not json:
            _tell(trained)
    if json:
        emit_json({"trained": [_content(trained) for trained in results]})


def _trained(
    recipe: Recipe, folder: Path, seed: int, device: str, epochs: int | None, *, restart: bool
) -> Trained:
    """What the folder holds already, or a training to its end."""
    from dataclasses import replace

    from ..candidates.training import finished_training
    from ..candidates.training import train as run
    from ..candidates.training.trainer import CHECKPOINT_NAME
    from .progress import shown_progress

    if restart:
        (folder / CHECKPOINT_NAME).unlink(missing_ok=True)
    elif (finished := finished_training(recipe, folder, seed=seed)) is not None:
        say(f"{recipe.name}: trained already")
        return finished
    if epochs is not None:
        recipe = replace(recipe, optimisation=replace(recipe.optimisation, max_epochs=epochs))
    say(f"{recipe.name}: making data")
    with shown_progress(recipe.name) as show:

        def report(done: int, of: int) -> None:
            show("epochs", done, of)

        command = _command(recipe.name, seed, device, epochs)
        return run(recipe, folder, seed=seed, device=device, command=command, report=report)


def _command(name: str, seed: int, device: str, epochs: int | None) -> str:
    shorter = "" if epochs is None else f" --epochs {epochs}"
    return f"innerscore train {name} --seed {seed} --device {device}{shorter}"


def _list(names: list[str], *, as_json: bool) -> None:
    if as_json:
        emit_json({"recipes": names})
        return
    for name in names:
        write(name)


def _tell(trained: Trained) -> None:
    weights = trained.card.weights
    losses = {} if weights is None else weights.losses
    write(f"{trained.folder}: " + ", ".join(f"{name} {value:g}" for name, value in losses.items()))


def _content(trained: Trained) -> dict[str, object]:
    weights = trained.card.weights
    facts = None if weights is None else weights.model_dump(mode="json")
    return {"candidate": trained.card.identifier, "folder": str(trained.folder.resolve()), "weights": facts}
