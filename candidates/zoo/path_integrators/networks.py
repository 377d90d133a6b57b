"""The four networks. Each begins from the true start, is told of its steps, and has to say where it is.

All begin with a state that is linear in what represents the start, so that nothing else tells them of the
box.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn

from ....core.errors import InvalidArgumentError
from ..navigation import BOX_M, Motion, PlaceCode, Walks
from ..navigation.place_code import uniform_centres
from ..navigation.steps import State

__all__ = ["ARCHITECTURES", "LAYERS", "PathNetwork", "build_network", "unrolled"]

# Published inputs are m/s at 0.02 s a step: a displacement of 2 cm is an input of 1.
_PER_M = 50.0
_DIRECTION_CELLS, _CONCENTRATION = 12, 20.0
_L2 = 1e-4


class PathNetwork(nn.Module, ABC):
    """The common base of the networks: the interface that training and candidate use.

    Attributes
    ----------
    layer_names : tuple of str
        Names of :meth:`layers`, beginning with the one that represents the network.
    """

    layer_names: tuple[str, ...]

    @abstractmethod
    def begin(self, start: torch.Tensor, heading: torch.Tensor) -> State:
        """State at start positions (n, 2) in m with headings (n,) in radians."""

    @abstractmethod
    def step(self, state: State, motion: Motion) -> State:
        """State after one step of motion over (n,)."""

    @abstractmethod
    def layers(self, state: State) -> dict[str, torch.Tensor]:
        """Activity of the parts in states of any leading shape, each (..., units)."""

    @abstractmethod
    def positions(self, state: State) -> torch.Tensor:
        """Position that the network reports, (..., 2) in m."""

    @abstractmethod
    def loss(self, walks: Walks, rng: torch.Generator | None) -> torch.Tensor:
        """The training loss; `rng` draws dropout or noise, none without it."""


def unrolled(network: PathNetwork, walks: Walks, noise: torch.Tensor | None = None) -> State:
    """States after each step, each part (n_walks, n_steps, units).

    Parameters
    ----------
    network : PathNetwork
    walks : Walks
    noise : tensor of shape (n_steps, n_walks, units), optional
        Added to the first part of the state after each step.
    """
    state, kept = network.begin(walks.start, walks.heading), []
    for step in range(walks.n_steps):
        state = network.step(state, walks.motion[:, step])
        if noise is not None:
            state = (state[0] + noise[step], *state[1:])
        kept.append(state)
    return tuple(torch.stack(part, dim=1) for part in zip(*kept, strict=True))


def _velocity(motion: Motion) -> torch.Tensor:
    return motion.displacement * _PER_M


def _speed_and_angle(motion: Motion, angle: torch.Tensor) -> torch.Tensor:
    """Speed, cosine and sine of an angle, (..., 3)."""
    return torch.stack([motion.distance * _PER_M, angle.cos(), angle.sin()], dim=-1)


def _cross_entropy(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return -(target * logits.log_softmax(dim=-1)).sum(dim=-1).mean()


class ReluRNN(PathNetwork):
    """Sorscher et al. (2019): ReLU units, no biases, difference-of-Gaussians place cells as target."""

    layer_names = ("hidden", "place")

    def __init__(self, units: int, place: PlaceCode) -> None:
        super().__init__()
        self.place = place
        self.encoder = nn.Linear(place.n_cells, units, bias=False)
        self.inputs = nn.Linear(2, units, bias=False)
        self.recurrent = nn.Linear(units, units, bias=False)
        self.readout = nn.Linear(units, place.n_cells, bias=False)
        # Begun so, it keeps its start (Le et al. 2015), and learns in thousands of updates, not 100,000.
        nn.init.eye_(self.recurrent.weight)
        nn.init.normal_(self.inputs.weight, std=0.05)

    def begin(self, start: torch.Tensor, heading: torch.Tensor) -> State:  # noqa: ARG002
        """Linear in the place code."""
        return (self.encoder(self.place(start) * self.place.n_cells),)

    def step(self, state: State, motion: Motion) -> State:
        """``h <- relu(W h + M v)``."""
        return (torch.relu(self.recurrent(state[0]) + self.inputs(_velocity(motion))),)

    def layers(self, state: State) -> dict[str, torch.Tensor]:
        """``hidden``, the recurrent units, and ``place``, the place cells as predicted."""
        return {"hidden": state[0], "place": self.readout(state[0]).softmax(dim=-1)}

    def positions(self, state: State) -> torch.Tensor:
        """Mean centre of the three most active predicted place cells."""
        return self.place.decoded(self.readout(state[0]))

    def loss(self, walks: Walks, rng: torch.Generator | None) -> torch.Tensor:  # noqa: ARG002
        """Cross-entropy with the place cells, and 1e-4 times the sum of the squared recurrent weights."""
        logits = self.readout(unrolled(self, walks)[0])
        decay = _L2 * self.recurrent.weight.square().sum()
        return _cross_entropy(logits, self.place(walks.positions)) + decay


class UGRNN(PathNetwork):
    """Nayebi et al. (2021): an update-gate network, a dense ReLU layer above it, the same place cells as target."""

    layer_names = ("dense", "hidden", "place")

    def __init__(self, units: int, dense_units: int, place: PlaceCode) -> None:
        super().__init__()
        self.place = place
        self.encoder = nn.Linear(place.n_cells, units)
        self.inputs = nn.Linear(2, units)
        self.gates = nn.Linear(2 * units, 2 * units)
        self.dense = nn.Linear(units, dense_units)
        self.readout = nn.Linear(dense_units, place.n_cells)
        nn.init.xavier_uniform_(self.gates.weight)

    def begin(self, start: torch.Tensor, heading: torch.Tensor) -> State:  # noqa: ARG002
        """Linear in the place code."""
        return (self.encoder(self.place(start) * self.place.n_cells),)

    def step(self, state: State, motion: Motion) -> State:
        """``[a, c] = W [M v, h] + b``; ``z = sigmoid(a + 1)``; ``h <- z h + (1 - z) relu(c)``."""
        (hidden,) = state
        seen = torch.cat([self.inputs(_velocity(motion)), hidden], dim=-1)
        gate, candidate = self.gates(seen).chunk(2, dim=-1)
        kept = torch.sigmoid(gate + 1)
        return (kept * hidden + (1 - kept) * torch.relu(candidate),)

    def layers(self, state: State) -> dict[str, torch.Tensor]:
        """``dense`` (published as g), ``hidden`` (pre_g) and ``place`` (the place cells as predicted)."""
        dense = self._dense(state)
        return {"dense": dense, "hidden": state[0], "place": self.readout(dense).softmax(dim=-1)}

    def positions(self, state: State) -> torch.Tensor:
        """Mean centre of the three most active predicted place cells."""
        return self.place.decoded(self.readout(self._dense(state)))

    def loss(self, walks: Walks, rng: torch.Generator | None) -> torch.Tensor:  # noqa: ARG002
        """Cross-entropy with the place cells, and 1e-4 times the sum of the gates' squared biases.

        The released code means to decay the recurrent weights; the variable that it takes is the bias.
        """
        logits = self.readout(self._dense(unrolled(self, walks)))
        decay = _L2 * self.gates.bias.square().sum()
        return _cross_entropy(logits, self.place(walks.positions)) + decay

    def _dense(self, state: State) -> torch.Tensor:
        return torch.relu(self.dense(state[0]))


class BottleneckLSTM(PathNetwork):
    """Banino et al. (2018): an LSTM told of speed and turns, read out through a linear bottleneck with dropout."""

    layer_names = ("bottleneck", "hidden", "cell", "place", "direction")

    def __init__(self, units: int, bottleneck_units: int, place: PlaceCode) -> None:
        super().__init__()
        self.place = place
        self.begin_hidden = nn.Linear(place.n_cells + _DIRECTION_CELLS, units)
        self.begin_cell = nn.Linear(place.n_cells + _DIRECTION_CELLS, units)
        self.recurrent = nn.LSTMCell(3, units)
        self.bottleneck = nn.Linear(units, bottleneck_units, bias=False)
        self.to_place = nn.Linear(bottleneck_units, place.n_cells)
        self.to_direction = nn.Linear(bottleneck_units, _DIRECTION_CELLS)
        with torch.no_grad():
            self.recurrent.bias_hh[units : 2 * units] = 1.0  # gates that keep, at first

    def begin(self, start: torch.Tensor, heading: torch.Tensor) -> State:
        """State and cell, both linear in the place and head-direction codes."""
        code = torch.cat([self.place(start), _direction_code(heading)], dim=-1)
        return self.begin_hidden(code), self.begin_cell(code)

    def step(self, state: State, motion: Motion) -> State:
        """LSTM of speed, cosine and sine of the turn."""
        hidden, cell = self.recurrent(_speed_and_angle(motion, motion.turn), (state[0], state[1]))
        return hidden, cell

    def layers(self, state: State) -> dict[str, torch.Tensor]:
        """``bottleneck``, ``hidden``, ``cell``, and ``place`` and ``direction`` as predicted."""
        bottleneck = self.bottleneck(state[0])
        return {
            "bottleneck": bottleneck,
            "hidden": state[0],
            "cell": state[1],
            "place": self.to_place(bottleneck).softmax(dim=-1),
            "direction": self.to_direction(bottleneck).softmax(dim=-1),
        }

    def positions(self, state: State) -> torch.Tensor:
        """Mean centre of the three most active predicted place cells."""
        return self.place.decoded(self.to_place(self.bottleneck(state[0])))

    def loss(self, walks: Walks, rng: torch.Generator | None) -> torch.Tensor:
        """Sum of the cross-entropies with place and head-direction cells; half of the bottleneck dropped out."""
        bottleneck = self.bottleneck(unrolled(self, walks)[0])
        if rng is not None:
            kept = torch.rand(bottleneck.shape, generator=rng) < 0.5
            bottleneck = bottleneck * 2 * kept.to(bottleneck)
        place = _cross_entropy(self.to_place(bottleneck), self.place(walks.positions))
        direction = _cross_entropy(self.to_direction(bottleneck), _direction_code(walks.motion.heading))
        return place + direction


def _direction_code(heading: torch.Tensor) -> torch.Tensor:
    """Von Mises head-direction cells of even preferred directions, (..., 12), of sum 1."""
    preferred = torch.arange(_DIRECTION_CELLS, device=heading.device, dtype=heading.dtype)
    preferred = preferred * (2 * torch.pi / _DIRECTION_CELLS)
    return torch.softmax(_CONCENTRATION * torch.cos(heading[..., None] - preferred), dim=-1)


class LeakyRNN(PathNetwork):
    """Cueva & Wei (2018): slow tanh units in continuous time, position read out linearly, activity made costly."""

    layer_names = ("rates", "position")

    _LEAK, _NOISE_SD, _WEIGHT_COST, _RATE_COST = 0.1, 0.01, 1e-3, 1e-3

    def __init__(self, units: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(2, units, bias=False)
        self.inputs = nn.Linear(3, units)
        self.recurrent = nn.Linear(units, units, bias=False)
        self.readout = nn.Linear(units, 2)
        self._units = units

    def begin(self, start: torch.Tensor, heading: torch.Tensor) -> State:  # noqa: ARG002
        """Linear in the place, in m from the middle of the box."""
        return (self.encoder(start - BOX_M / 2),)

    def step(self, state: State, motion: Motion) -> State:
        """``x <- x + (-x + W tanh(x) + W_in [speed, cos, sin] + b) / 10``, an Euler step of a tenth of tau."""
        (x,) = state
        drive = self.recurrent(torch.tanh(x)) + self.inputs(_speed_and_angle(motion, motion.heading))
        return (x + self._LEAK * (drive - x),)

    def layers(self, state: State) -> dict[str, torch.Tensor]:
        """``rates`` (tanh of the state) and ``position`` (the readout, in m)."""
        return {"rates": torch.tanh(state[0]), "position": self.positions(state)}

    def positions(self, state: State) -> torch.Tensor:
        """The readout."""
        answers: torch.Tensor = self.readout(torch.tanh(state[0])) + BOX_M / 2
        return answers

    def loss(self, walks: Walks, rng: torch.Generator | None) -> torch.Tensor:
        """Squared error in m^2, mean squared input and output weights, and mean squared rates."""
        noise = None
        if rng is not None:
            shape = (walks.n_steps, len(walks), self._units)
            noise = self._NOISE_SD * torch.randn(shape, generator=rng).to(walks.start)
        states = unrolled(self, walks, noise)
        error = (self.positions(states) - walks.positions).square().mean()
        weights = self.inputs.weight.square().mean() + self.readout.weight.square().mean()
        rates = torch.tanh(states[0]).square().mean()
        return error + self._WEIGHT_COST * weights + self._RATE_COST * rates


_PLACE_CELLS = {"relu-rnn": (512, 0.12, True), "ugrnn": (512, 0.12, True), "lstm": (256, 0.1, False)}
_NETWORKS: dict[str, type[PathNetwork]] = {
    "relu-rnn": ReluRNN,
    "ugrnn": UGRNN,
    "lstm": BottleneckLSTM,
    "leaky-rnn": LeakyRNN,
}
ARCHITECTURES = tuple(_NETWORKS)
LAYERS = {architecture: network.layer_names for architecture, network in _NETWORKS.items()}


def build_network(architecture: str, units: int, *, seed: int = 0) -> PathNetwork:
    """A network with weights and place cells as before training.

    Parameters
    ----------
    architecture : {"relu-rnn", "ugrnn", "lstm", "leaky-rnn"}
    units : int
        Units of the recurrent layer; layers above it have twice as many.
    seed : int
        Seed of the place cells' centres. Weights are drawn from torch's own generator.
    """
    if architecture not in ARCHITECTURES:
        raise InvalidArgumentError(
            "The 'architecture' parameter", got=repr(architecture), needed=f"one of {ARCHITECTURES}"
        )
    if architecture == "leaky-rnn":
        return LeakyRNN(units)
    n_cells, width_m, surround = _PLACE_CELLS[architecture]
    place = PlaceCode(uniform_centres(n_cells, BOX_M, seed=seed), width_m=width_m, surround=surround)
    if architecture == "relu-rnn":
        return ReluRNN(units, place)
    return (
        UGRNN(units, 2 * units, place) if architecture == "ugrnn" else BottleneckLSTM(units, 2 * units, place)
    )
