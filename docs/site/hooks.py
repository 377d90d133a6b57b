"""Pages of the site beyond the files of docs/: from the top folder, notebooks, references, the list of studies.

Everything is made from files of the package and from the installed command, so a source distribution is enough.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent.parent

#: Pages that lie in the top folder, by their place on the site.
TOP_PAGES = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "releasing.md": "RELEASING.md",
    "security.md": "SECURITY.md",
}
#: Modules of the reference, by page.
API = {
    "innerscore": ["innerscore.api"],
    "candidates": ["innerscore.candidates.loaded", "innerscore.candidates.torch_adapter", "innerscore.core.stimuli",
                   "innerscore.core.activations"],
    "benchmarks": ["innerscore.benchmarks.benchmark", "innerscore.core.cards", "innerscore.core.scores",
                   "innerscore.core.records"],
    "data": ["innerscore.data_registry.interface", "innerscore.core.labelled"],
    "plots": ["innerscore.figures.plots"],
    "errors": ["innerscore.core.errors"],
}  # fmt: skip
_FUNCTIONAL = ROOT / "metrics" / "functional"
_REPOSITORY = "https://github.com/innerscore/innerscore/blob/main/"


def on_startup(**_: object) -> None:
    """Give the package its name where the reader of docstrings looks for it."""
    _name_package(ROOT / "build" / "docs")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Complete the navigation by what is listed nowhere: API, studies, decisions, claims."""
    nav: list[Any] = config.nav or []
    for part in nav:
        if "Reference" in part:
            part["Reference"] += [{title: f"reference/{title}.md"} for title in API]
            part["Reference"] += [
                {f"functional.{name}": f"reference/functional-{name}.md"} for name in _folders()
            ]
        if "Studies" in part:
            claims = [{"Claims": "claims.md"}] if (ROOT / "docs" / "claims.md").is_file() else []
            part["Studies"] = [*claims, *_listed("studies")]
        if "Project" in part:
            part["Project"].append({"Decisions": [{"All": "decisions/README.md"}, *_listed("decisions")]})
    config.nav = nav
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    for place, name in TOP_PAGES.items():
        files.append(File.generated(config, place, content=(ROOT / name).read_text(encoding="utf-8")))
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=notebook_page(path)))
    files.append(File.generated(config, "reference/commands.md", content=commands_page()))
    for title, modules in API.items():
        files.append(File.generated(config, f"reference/{title}.md", content=api_page(title, modules)))
    for name in _folders():
        modules = [f"innerscore.metrics.functional.{name}.{module}" for module in _modules(name)]
        page = api_page(f"metrics.functional: {name}", modules)
        files.append(File.generated(config, f"reference/functional-{name}.md", content=page))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lead links between the top folder and docs/ to the site's pages; links to code, to the repository."""
    place = page.file.src_uri
    top = TOP_PAGES.get(place)
    here = (ROOT / top).parent if top else (ROOT / "docs" / place).parent

    def led(match: re.Match[str]) -> str:
        target, anchor = match["target"], match["anchor"] or ""
        whole = (here / target).resolve()
        if re.match(r"[a-z]+:", target) or not target or not whole.is_relative_to(ROOT):
            return match[0]
        return f"]({_on_site(whole, place) + anchor})"

    text = re.sub(r"\]\((?P<target>[^)#\s]*)(?P<anchor>#[^)\s]*)?\)", led, markdown)
    text = text.replace("<!-- table of candidates -->\n", candidates_table())
    return re.sub(r"^```mermaid\n(.*?)^```$", _rooms, text, flags=re.M | re.S)


def _name_package(folder: Path) -> None:
    """A folder in which the package has its name, for a reader of sources that are laid out otherwise here."""
    package = folder / "innerscore"
    package.mkdir(parents=True, exist_ok=True)
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    for name in (*rooms, *(path.name for path in ROOT.glob("*.py"))):
        link = package / name
        if link.resolve() != ROOT / name:
            link.unlink(missing_ok=True)
            link.symlink_to(ROOT / name)


def _on_site(path: Path, place: str) -> str:
    """The address of a file of the repository, seen from a page."""
    up = "../" * place.count("/")
    name = path.relative_to(ROOT).as_posix()
    found = {file: at for at, file in TOP_PAGES.items()} | {"README.md": "index.md"}
    if name in found:
        return up + found[name]
    inside = path.is_relative_to(ROOT / "docs") and path.suffix in {".md", ".png", ".svg"}
    notebook = path.suffix == ".ipynb"
    if inside or notebook:
        return up + path.relative_to(ROOT / "docs").with_suffix(".md" if notebook else path.suffix).as_posix()
    return _REPOSITORY + name


def _rooms(match: re.Match[str]) -> str:
    """The diagram of packages as a table: what draws it elsewhere would have to be fetched."""
    said = dict(re.findall(r'(\w+)\["\w+ — (.*?)"\]', match[1]))
    arrows = [
        (left, right.split(" & ")) for left, right in re.findall(r"(\w+)(?:\[.*?\])? --> ([\w &]+)", match[1])
    ]
    rows = [f"| `{name}` | {what} | {', '.join(f'`{to}`' for left, tos in arrows if left == name for to in tos)} |"
            for name, what in said.items()]  # fmt: skip
    return "\n".join(["| package | contents | imports |", "|---|---|---|", *rows])


def _listed(folder: str) -> list[dict[str, str]]:
    """The pages of a folder by their titles."""
    paths = sorted((ROOT / "docs" / folder).glob("*.md"))
    return [{_title(path): f"{folder}/{path.name}"} for path in paths if path.name != "README.md"]


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _folders() -> list[str]:
    return sorted(path.parent.name for path in _FUNCTIONAL.glob("*/__init__.py"))


def _modules(folder: str) -> list[str]:
    return sorted(path.stem for path in (_FUNCTIONAL / folder).glob("[a-z]*.py"))


def api_page(title: str, modules: list[str]) -> str:
    """A page of the reference: the public names of modules, from their docstrings."""
    parts = [f"# {title}", *(f"::: {module}" for module in modules)]
    return "\n\n".join(parts) + "\n"


def commands_page() -> str:
    """All commands with their arguments and options, as ``--help`` has them."""
    import typer.main

    from innerscore.cli.app import app

    command = typer.main.get_command(app)
    parts = ["# Commands", "Each command with its arguments and options, from the program itself."]
    return "\n\n".join([*parts, *_command_parts(command, "innerscore", None)]) + "\n"


def _command_parts(command: Any, name: str, parent: click.Context | None) -> Iterator[str]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    if parent is not None:
        yield f"## `{context.command_path}`"
    yield _prose(command.help or "")
    params = [param for param in command.params if not getattr(param, "hidden", False)]
    rows = [_row(param, context) for param in params]
    if rows:
        yield "\n".join(["| argument or option | default | meaning |", "|---|---|---|", *rows])
    commands = getattr(command, "commands", {})
    for key, one in commands.items():
        if not one.hidden:
            yield from _command_parts(one, key, context)


def _row(param: Any, context: Any) -> str:
    names = (
        ", ".join(f"`{name}`" for name in param.opts)
        if param.param_type_name == "option"
        else f"`{param.name.upper()}`"
    )
    default = param.get_default(context)
    shown = (
        ""
        if default in (None, False, (), []) or callable(default)
        else f"`{getattr(default, 'value', default)}`"
    )
    return f"| {names} | {shown} | {_prose(getattr(param, 'help', None) or '')} |"


def _prose(text: str) -> str:
    flat = "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
    return html.escape(flat, quote=False).replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def candidates_table() -> str:
    """Name, title, class and training of each built-in candidate, from the cards."""
    import innerscore

    cards = innerscore.cards("candidates").sort_values(["model_class", "identifier"])
    rows = [
        f"| `{card.identifier}` | {_prose(card.title)} | {_prose(card.model_class)} | {_prose(card.trained_on)} |"
        for card in cards.itertuples()
    ]
    return "\n".join(["| name | title | class | trained on |", "|---|---|---|---|", *rows]) + "\n\n"


def notebook_page(path: Path) -> str:
    """A notebook as a page: its text, its code, and what came of it."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    parts = [part for cell in notebook["cells"] for part in _cell_parts(cell)]
    source = f"The notebook itself: [{path.name}]({_REPOSITORY}docs/notebooks/{path.name})."
    return "\n\n".join([*parts, source]) + "\n"


def _cell_parts(cell: dict[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "image/png" in data:
            image = base64.b64encode(base64.b64decode("".join(data["image/png"]))).decode()
            yield f'<img alt="picture made by the cell above" src="data:image/png;base64,{image}">'
        elif "text/html" in data:
            yield f'<div class="output">{_one_block("".join(data["text/html"]))}</div>'
        else:
            text = "".join(output.get("text", data.get("text/plain", "")))
            yield f"```text\n{text.rstrip()}\n```"


def _one_block(fragment: str) -> str:
    """HTML without empty lines and styles, which Markdown would take for the end of it."""
    bare = re.sub(r"<style.*?</style>", "", fragment, flags=re.S)
    return "\n".join(line.strip() for line in bare.splitlines() if line.strip())
