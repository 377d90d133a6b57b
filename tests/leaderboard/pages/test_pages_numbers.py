"""Each number on a page equals the record's: pages are read back and all numbers compared."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest
from board_examples import benchmark_names

from innerscore.leaderboard.pages.names import slug

SHOWN = {"table.html": "normalised", "raw.html": "raw", "ceiling.html": "ceiling"}


class Tables(HTMLParser):
    """The text of every table's cells, row by row."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.attributes, self._cell = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag in ("td", "th", "tr"):
            self._end()  # HTML lets one omit the end tags
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables:
            self._cell = []
            if tag == "th":
                self.attributes.append(dict(attrs))

    def handle_endtag(self, tag):
        if tag in ("td", "th", "table"):
            self._end()

    def _end(self):
        if self._cell is not None:
            self.tables[-1][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell.append(data)


def printed(value):
    """An independent statement of how a page prints a number."""
    return f"{value:.3f}".replace("-", "−")


def whole(estimate):
    return f"{printed(estimate.value)}[{printed(estimate.low)}, {printed(estimate.high)}]"


def squeezed(text):
    return text.replace(" [", "[")


@pytest.fixture(scope="module")
def latest(board_store):
    """Records by candidate, benchmark and version."""
    return {
        (one.inputs.candidate.identifier, one.inputs.benchmark.identifier, one.inputs.benchmark.version): one
        for one in board_store.latest()
    }


@pytest.mark.parametrize("path", SHOWN)
def test_each_cell_of_the_board(site_folder, latest, path):
    parsed = Tables((site_folder / path).read_text())
    (head, *body), heads = parsed.tables[0], [a for a in parsed.attributes if "data-key" in a]
    keys = [attributes["data-key"] for attributes in heads]
    assert len(head) == len(keys)
    seen = 0
    for row in body:
        name = (
            next(known for known, *_ in latest if row[0].startswith(known)) if "fay" not in row[0] else "fay"
        )
        for key, text in zip(keys, row, strict=True):
            benchmark, _, rest = key.partition("@")
            record = latest.get((name, benchmark, int(rest.partition("@")[0]))) if rest else None
            if record is None or record.score is None:
                assert not re.search(r"\d\.\d{3}\[", squeezed(text))
                continue
            assert squeezed(text).startswith(whole(getattr(record.score, SHOWN[path])))
            assert ("above ceiling" in text) == (record.score.above_ceiling and path != "ceiling.html")
            seen += 1
    assert seen == sum(one.score is not None for one in latest.values())


def by_hand(latest, names):
    """Of the candidates with a value on all of the benchmarks, the mean share of the others that each beats."""
    values = {
        who: [latest[who, name, 1].score.normalised.value for name in names]
        for who in {key[0] for key in latest}
        if all((who, name, 1) in latest and latest[who, name, 1].score for name in names)
    }
    values = {who: row for who, row in values.items() if None not in row}
    return {
        who: sum(
            sum(
                (mine > other[n]) + 0.5 * (mine == other[n])
                for rival, other in values.items()
                if rival != who
            )
            / (len(values) - 1)
            for n, mine in enumerate(row)
        )
        / len(names)
        for who, row in values.items()
    }


def test_a_win_rate_is_that_of_its_columns_and_only_over_full_coverage(site_folder, latest):
    parsed = Tables((site_folder / "table.html").read_text())
    keys = [attributes["data-key"] for attributes in parsed.attributes if "data-key" in attributes]
    for key, sets in {"recorded:Seeing": ("Ant", "Bee"), "simulated:Moving": ("SimulatedDog",)}.items():
        place = keys.index(key)
        texts = {
            re.match(r"\S+?(?=The|own|$|\s)", row[0]).group(): row[place] for row in parsed.tables[0][1:]
        }
        # Version 2 of one benchmark is a column of its own, which only one candidate has: it does not count.
        names = [b for b in benchmark_names(8) if b.startswith(sets)]
        expected = by_hand(latest, names)
        assert len(expected) > 2
        for who, text in texts.items():
            if who in expected:
                assert text.startswith(printed(expected[who]))
            else:
                assert not re.match(r"[01]\.\d", text)


@pytest.mark.parametrize("name", ["ada", "bo", "cy", "dee"])
def test_each_row_of_a_candidates_page(site_folder, latest, name):
    parsed = Tables((site_folder / "candidates" / f"{name}.html").read_text())
    bars, *tables = parsed.tables
    assert len(bars) - 1 == sum(len(table) - 1 for table in tables) - sum(
        row[1] in ("failed", "undefined") or row[1].startswith("failed") for table in tables for row in table
    )
    seen = 0
    for table in tables:
        for head, shown, raw, ceiling, _, layer, sha in table[1:]:
            benchmark = re.match(r"\S+", head).group()
            record = latest.get(
                (name, benchmark, int(re.search(r"v(\d)(, not in the win rate)?$", head).group(1)))
            )
            if record is None or record.score is None:
                continue
            score = record.score
            assert squeezed(shown).startswith(whole(score.normalised))
            assert (squeezed(raw), squeezed(ceiling)) == (whole(score.raw), whole(score.ceiling))
            assert (layer, sha) == (score.layer, record.record_sha256[:12])
            seen += 1
    assert seen == sum(key[0] == name and one.score is not None for key, one in latest.items())


def test_every_record_is_on_its_candidates_page_with_its_command_and_bytes(site_folder, board_store):
    for record in board_store.records():
        name = record.inputs.candidate.identifier
        page = (site_folder / "candidates" / f"{slug(name)}.html").read_text()
        assert f"../records/{record.record_sha256}.json" in page
        assert (site_folder / "records" / f"{record.record_sha256}.json").read_bytes() == record.to_json()
        if name == "ada":
            benchmark = record.inputs.benchmark.identifier
            assert f"innerscore score ada --benchmark {benchmark} --seed 0 --rerun" in page


def test_a_figures_numbers_are_the_records_and_its_dots_lie_where_they_say(site_folder, latest):
    folder = site_folder / "figures" / "candidates" / "cy"
    rows = list(csv.DictReader((folder / "scores.csv").open()))
    svg = (folder / "scores.svg").read_text()
    dots = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', svg)]
    values = []
    for row in rows:
        estimate = latest["cy", row["name"], 1].score.normalised
        assert (float(row["value"]), float(row["low"]), float(row["high"])) == (
            estimate.value,
            estimate.low,
            estimate.high,
        )
        values.append(estimate.value)
    assert len(dots) == len(values)
    ticks = re.findall(
        r'x="([\d.]+)" y="[\d.]+" fill="[^"]+" class="label" text-anchor="middle">([−\d.]+)<', svg
    )
    (x0, v0), (x1, v1) = [(float(x), float(v.replace("−", "-"))) for x, v in (ticks[0], ticks[-1])]
    for x, value in zip(dots, values, strict=True):
        assert x == pytest.approx(x0 + (x1 - x0) * (value - v0) / (v1 - v0), abs=0.05)


def test_differences_are_those_of_an_independent_bootstrap(site_folder, board_store, latest):
    import numpy as np
    from scipy import stats

    parsed = Tables((site_folder / "compare" / "ada+bo.html").read_text())
    resamples = board_store.resamples(list(latest.values()))
    seen = 0
    for head, *_, text in parsed.tables[0][1:]:
        benchmark = re.match(r"\S+", head).group()
        a, b = latest["ada", benchmark, 1], latest["bo", benchmark, 1]
        difference = a.score.normalised.value - b.score.normalised.value
        assert squeezed(text).startswith(printed(difference)) or "not paired" in text
        if "not paired" in text:
            continue
        draws = resamples[a.record_sha256].part("normalised") - resamples[b.record_sha256].part("normalised")
        error = np.std(draws) * np.sqrt(40 / 39)
        reach = stats.t.ppf(0.975, 39) * error
        low, high = (float(x.replace("−", "-")) for x in re.search(r"\[(.*?), (.*?)\]", text).groups())
        assert low == pytest.approx(difference - reach, abs=6e-4)
        assert high == pytest.approx(difference + reach, abs=6e-4)
        seen += 1
    assert seen == 7  # the corrected record has other resamples


def test_agreement_is_pearsons_r_over_targets(site_folder, board_store, latest):
    import numpy as np

    parsed = Tables((site_folder / "compare" / "ada+bo.html").read_text())
    table = next(table for table in parsed.tables if table[0][-1] == "r")
    assert len(table) == 9
    for benchmark, pair, text in table[1:]:
        assert pair == "ada and bo"
        read = []
        for name in ("ada", "bo"):
            body = board_store.attachment(latest[name, benchmark, 1].score.targets_sha256).decode()
            read.append([float(row["normalised"]) for row in csv.DictReader(io.StringIO(body))])
        assert text.startswith(printed(np.corrcoef(*read)[0, 1]))


def test_every_link_of_the_site_leads_to_a_file(site_folder):
    for page in site_folder.rglob("*.html"):
        links = set(re.findall(r'(?:href|src|srcset)="([^"#?]+)', page.read_text()))
        for link in links:
            if not link.startswith(("http", "data:")):
                assert not link.startswith("/")
                assert (page.parent / link).exists(), (page.name, link)
