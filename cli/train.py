"""``innerscore train``: train candidates by their recipes, and write their cards and weights."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..candidates.training import Recipe, Trained
    from ..core.settings import Settings

__all__ = ["train"]


class DynamicsName(StrEnum):
    """Dynamics of latent predictors."""

    lstm = "lstm"
    ctrnn = "ctrnn"
    none = "none"


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
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            help="Encoder of a latent predictor: a network of another library such as timm:NAME, whose last layer "
            "is read, or the one after its name (timm:NAME#LAYER).",
        ),
    ] = None,
    dynamics: Annotated[
        DynamicsName, typer.Option("--dynamics", help="Dynamics over --encoder.")
    ] = DynamicsName.lstm,
    restart: Annotated[
        bool, typer.Option("--restart", help="Start from the beginning, whatever the folder holds.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Train candidates by their recipes.

    With --encoder, the recipe is that of a latent predictor ('latent') over a network of another library: frozen,
    its features computed once and kept in the cache, their principal components fitted once.

    An interrupted command goes on where it was, to the same result; candidates that are finished are not trained
    again. A finished folder holds card, weights and loss curve, and can be scored by its path.
    """
    from ..candidates.training import recipes
    from ..core.settings import load_settings
    from ..workflows.running import limit_threads

    if not names:
        _list(list(recipes()), as_json=json)
        return
    overrides = {} if device is None else {"device": device}
    settings = load_settings(**overrides)
    limit_threads(settings)
    over = None if encoder is None else f" --encoder {encoder} --dynamics {dynamics.value}"
    chosen = _chosen(names) if encoder is None else _over_encoder(names, encoder, dynamics.value, settings)
    results = []
    for recipe in chosen:
        command = _command(recipe.name if over is None else f"latent{over}", seed, settings.device, epochs)
        trained = _trained(recipe, out / recipe.name, seed, settings.device, epochs, command, restart=restart)
        results.append(trained)
        if not json:
            _tell(trained)
    if json:
        emit_json({"trained": [_content(trained) for trained in results]})


def _chosen(names: list[str]) -> list[Recipe]:
    """The recipes of some names or families, each once."""
    from ..candidates.training import find_recipes

    return list({recipe.name: recipe for name in names for recipe in find_recipes(name)}.values())


def _over_encoder(names: list[str], encoder: str, dynamics: str, settings: Settings) -> list[Recipe]:
    """The recipe of dynamics over a network of another library, which is fetched."""
    from ..candidates.hub.names import hub_name
    from ..candidates.interface import find_candidate
    from ..candidates.training.latent import encoded_recipe, encoder_of

    if names != ["latent"]:
        raise typer.BadParameter("--encoder is for 'latent'.")
    if hub_name(encoder) is None:
        raise typer.BadParameter(
            "--encoder takes timm:NAME, torchvision:NAME, hf:OWNER/NAME or packaged:NAME."
        )
    found = find_candidate(encoder, settings)
    frozen = encoder_of(found.card, found.path.parent)
    return [encoded_recipe(frozen, dynamics, cache=settings.cache_dir / "latents")]


def _trained(
    recipe: Recipe, folder: Path, seed: int, device: str, epochs: int | None, command: str, *, restart: bool
) -> Trained:
    """What the folder holds already, or a training to its end."""
    from dataclasses import replace

    from ..candidates.training import check_trainable, finished_training
    from ..candidates.training import train as run
    from .progress import shown_progress

    if not restart and (finished := finished_training(recipe, folder, seed=seed)) is not None:
        say(f"{recipe.name}: trained already")
        return finished
    if epochs is not None:
        recipe = replace(recipe, optimisation=replace(recipe.optimisation, max_epochs=epochs))
    check_trainable(recipe, device)
    say(f"{recipe.name}: making data")
    with shown_progress(recipe.name) as show:

        def report(done: int, of: int) -> None:
            show("epochs", done, of)

        return run(recipe, folder, seed=seed, device=device, restart=restart, command=command, report=report)


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
