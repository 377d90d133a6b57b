"""Mental-Pong in the browser: the physics of Python, trials that stay there, and a table that is scored."""

import json

import numpy as np
import pytest
from board_examples import BoardContents, Entry, entry

from innerscore.data_registry import load_dataset
from innerscore.data_registry.simulated_dmfc.players import mean_endpoints
from innerscore.leaderboard.pages import Site, take_snapshot
from innerscore.leaderboard.store import Store
from innerscore.tasks.mental_pong import OCCLUDER_START_DEG, ball_state
from innerscore.tasks.pong_play import FRAME_MS, PADDLE_SPEED_DEG_PER_MS
from innerscore.workflows.game import pong_game
from innerscore.workflows.running import run_pairs

BENCHMARK = "SimulatedDMFC.endpoint-consistency-A"
PATHS = """times => innerscorePong.conditions.map(one => [
  innerscorePhysics.endMs(one), innerscorePhysics.bounce(one),
  times.map(ms => { const ball = innerscorePhysics.ballAt(one, ms); return [ball.x, ball.y]; })])"""
STEPS = """targets => { const ys = [0];
  for (const one of targets) ys.push(innerscorePhysics.paddleAfter(ys.at(-1), one));
  return ys; }"""


@pytest.fixture
def conditions(settings):
    return load_dataset("SimulatedDMFC", settings).conditions


def bounce(condition):
    """Where the ball turns, seen in fine steps."""
    ball = ball_state(condition, np.arange(0, condition.end_ms, 0.5))
    turned = np.flatnonzero(np.diff(np.sign(ball.dy)))
    if not len(turned):
        return "none"
    return "visible" if ball.x[turned[0]] < OCCLUDER_START_DEG else "occluded"


def test_the_ball_flies_as_in_python_in_every_condition(open_page, file_url, conditions):
    page = open_page(file_url + "play.html")
    times = [-300.0, -1.0, 0.0, *np.arange(0, 4000, 73.0), 1e9]
    found = page.evaluate(PATHS, times)
    assert len(found) == len(conditions) == 79
    for condition, (end_ms, where, path) in zip(conditions, found, strict=True):
        ball = ball_state(condition, np.array(times))
        np.testing.assert_allclose(path, np.stack([ball.x, ball.y], axis=1), atol=1e-9)
        assert end_ms == pytest.approx(condition.end_ms, abs=1e-9)
        assert where == bounce(condition)
    assert {where for _, where, _ in found} == {"none", "visible", "occluded"}


def test_the_paddle_is_no_faster_than_the_environments_and_stays_in_the_arena(open_page, file_url):
    page = open_page(file_url + "play.html")
    path = page.evaluate(STEPS, [99.0] * 80 + [-3.0] * 100)
    steps = np.diff(path)
    assert steps.max() == pytest.approx(PADDLE_SPEED_DEG_PER_MS * FRAME_MS)
    assert (max(path), path[-1]) == (pytest.approx(10), pytest.approx(-3))


def kept(page):
    return page.evaluate("JSON.parse(localStorage.getItem('innerscore-pong'))?.trials ?? []")


def test_a_player_is_scored_by_the_table_that_the_page_gives(
    open_page, two_ways, conditions, settings, tmp_path
):
    """All trials but one are put there, as a simulated player ends them; the last one is played."""
    answers = dict(zip((one.identifier for one in conditions), mean_endpoints(conditions), strict=True))
    last = conditions[-1].identifier
    page = open_page(two_ways + "play.html")
    assert page.locator(".results").is_hidden()
    assert page.locator("button.table").is_disabled()
    given = {"id": pong_game(settings)["id"], "trials": [[k, y] for k, y in answers.items() if k != last]}
    page.evaluate("text => localStorage.setItem('innerscore-pong', text)", json.dumps(given))
    page.reload()
    assert page.locator(".count").text_content() == "78 of 79 trials in your table."
    page.click("button.start")
    page.keyboard.down("ArrowUp")
    page.wait_for_function("() => /high|low/.test(document.querySelector('.said').textContent)")
    page.keyboard.up("ArrowUp")
    page.click("button.start")  # not another one
    (name, y), n = kept(page)[-1], len(kept(page))
    assert (name, n) == (last, 79)
    reached = (conditions[-1].end_ms + 300) * PADDLE_SPEED_DEG_PER_MS
    assert 0 < y <= min(10.0, reached + 0.2)
    with page.expect_download() as download:
        page.click("button.table")
    table = tmp_path / download.value.suggested_filename
    download.value.save_as(table)
    assert table.read_text().splitlines()[:2] == [
        "stimulus,endpoint_deg",
        f"pong-000,{answers['pong-000']:.4f}",
    ]
    (result,) = run_pairs([str(table)], [BENCHMARK], settings, seed=0)
    score = result.record.score
    assert result.record.inputs.candidate.identifier == "my-endpoints"
    assert score.normalised.low > 0
    errors = [abs(answers[one.identifier] - one.final_y) for one in conditions[:-1]]
    expected = np.mean([*errors, abs(y - conditions[-1].final_y)])
    assert score.facts["model_endpoint_error_deg"] == pytest.approx(expected, abs=1e-4)
    shown = page.locator(".errors svg").get_attribute("aria-label")
    assert f"you, 79 trials {score.facts['model_endpoint_error_deg']:.2f}" in shown
    assert "monkeys, published 1.88" in shown


def test_trials_are_deleted_when_asked_and_those_of_another_game_are_not_taken(open_page, file_url, settings):
    page = open_page(file_url + "play.html")
    page.on("dialog", lambda dialog: dialog.accept())
    put = "text => { localStorage.setItem('innerscore-pong', text); location.reload(); }"
    page.evaluate(put, json.dumps({"id": "other", "trials": [["pong-000", 1.0]]}))
    page.wait_for_function("() => document.querySelector('.count').textContent.startsWith('0 of')")
    trials = [["pong-000", 1.0], ["pong-000", 3.0], ["no such", 1.0], ["pong-001", 99]]
    page.evaluate(put, json.dumps({"id": pong_game(settings)["id"], "trials": trials}))
    page.wait_for_function("() => document.querySelector('.count').textContent.startsWith('1 of')")
    page.click("button.forget")
    assert kept(page) == []
    assert page.locator(".results").is_hidden()


def test_nothing_serious_for_accessibility_and_nothing_cut_with_results(
    open_page, live_url, settings, serious_faults
):
    given = {"id": pong_game(settings)["id"], "trials": [["pong-000", 1.0], ["pong-001", -4.0]]}
    for scheme, width in (("light", 360), ("dark", 1400)):
        page = open_page(
            live_url + "play.html", color_scheme=scheme, viewport={"width": width, "height": 800}
        )
        page.evaluate("text => { localStorage.setItem('innerscore-pong', text); }", json.dumps(given))
        page.reload()
        assert page.locator(".endpoints circle title").count() == 2
        assert serious_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_models_stand_beside_the_player_with_the_error_of_their_record(settings, tmp_path):
    def scored(name, error):
        plain = entry(name, BENCHMARK, 0.5, np.zeros(5), np.random.default_rng(0))
        facts = plain.record.score.model_copy(update={"facts": {"model_endpoint_error_deg": error}})
        return Entry(plain.record.model_copy(update={"score": facts}), plain.files)

    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.add_all([scored("ada", 2.0), scored("bo", 0.51234)])
    script = Site(take_snapshot(store, BoardContents(game=pong_game(settings))), store).document(
        "data/pong.js"
    )
    game = json.loads(script.body.removeprefix(b"window.innerscorePong = ").rstrip(b";\n"))
    assert [(one["name"], one["error_deg"]) for one in game["models"]] == [("bo", 0.512), ("ada", 2.0)]
    without = Site(take_snapshot(store, BoardContents()), store)
    assert without.document("data/pong.js").body == b"window.innerscorePong = null;\n"
    assert b"made without the task" in without.document("play.html").body
