"""What tradeoff.py measured, as tables in Markdown and as a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluate import Figures, Setting, mean
from fronts import Array, Curve, Estimate, front, reach, weights

OURS, OUR_SPACING = "ddpm_inversion", "log_snr"
ADHERENCE = {"recognised": "recognised", "probability": "probability"}
# What is kept, in words, the sign that makes more of it better, and where it is compared.
FIDELITY: dict[str, tuple[str, int, tuple[float, ...]]] = {
    "note_f1": ("note F1", 1, (0.5, 0.6, 0.7)),
    "mel": ("mel distance", -1, (0.72, 0.7, 0.68)),
}
AXES = {
    "note_f1": ("note F1 against the score", "more of the notes kept →"),
    "mel": ("mel distance to the true answer, nat (axis turned round)", "nearer to the true answer →"),
}
LOOKS = {
    "ddpm_inversion": ("#0072b2", "o"),
    "sdedit": ("#d55e00", "s"),
    "ddim_inversion": ("#009e73", "^"),
    "flowedit": ("#aa4499", "D"),
}


@dataclass(frozen=True)
class Row:
    """One edit: its setting, the number of levels it visits, the number of its pair, and what was measured."""

    setting: Setting
    visited: int
    pair: int
    figures: Figures

    @staticmethod
    def of(values: dict[str, Any]) -> Row:
        """From what `asdict` made of it."""
        return Row(Setting(**values["setting"]), values["visited"], values["pair"], Figures(**values["figures"]))


@dataclass(frozen=True)
class Cost:
    """Network rows and CPU seconds of a clip's first edit with a method, and of the next with another prompt."""

    method: str
    first_rows: int
    first_seconds: float
    next_rows: int
    next_seconds: float


def by_setting(rows: Iterable[Row]) -> dict[Setting, list[Row]]:
    """The rows of each setting, in the order of their pairs."""
    found: dict[Setting, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.pair):
        found.setdefault(row.setting, []).append(row)
    return found


def values(rows: list[Row], measure: str) -> Array:
    """One measure of each setting on each pair, (settings, pairs)."""
    settings = by_setting(rows).values()
    return np.array([[getattr(row.figures, measure) for row in each] for each in settings], dtype=np.float64)


def curves(rows: list[Row], name: Callable[[Row], str], fidelity: str, adherence: str) -> dict[str, Curve]:
    """A curve for each of the names that `name` gives the rows."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(name(row), []).append(row)
    sign = FIDELITY[fidelity][1]
    return {key: Curve(sign * values(group, fidelity), values(group, adherence)) for key, group in groups.items()}


def tell_methods(rows: list[Row], costs: list[Cost], auto: Setting) -> str:
    """The tables of the methods."""
    blocks = [_count(rows)]
    for fidelity, (title, _, _) in FIDELITY.items():
        blocks += [f"### At equal {title}", equal_table(rows, _method, OURS, fidelity)]
    blocks += ["### Cost of an edit", cost_table(costs), "### Every setting", setting_table(rows, auto)]
    return "\n\n".join(blocks)


def tell_spacings(rows: list[Row]) -> str:
    """The tables of the spacings."""
    blocks = ["### The two spacings at equal network calls", _count(rows), spacing_table(rows)]
    for visited in sorted({row.visited for row in rows}):
        some = [row for row in rows if row.visited == visited]
        table = equal_table(some, lambda row: row.setting.spacing, OUR_SPACING, "note_f1")
        blocks += [f"### The two spacings at equal note F1, {visited} levels visited", table]
    return "\n\n".join(blocks)


def _count(rows: list[Row]) -> str:
    return f"{len({row.pair for row in rows})} pairs; 90 % intervals over the draw of the pairs."


def _method(row: Row) -> str:
    return row.setting.method


def equal_table(rows: list[Row], name: Callable[[Row], str], base: str, fidelity: str) -> str:
    """What each name's front reaches at equal fidelity, and how much more or less `base` does."""
    title, sign, levels = FIDELITY[fidelity]
    by = weights(len({row.pair for row in rows}))
    head = [title, "", *(cell for a in ADHERENCE for cell in (a, f"{base} minus this", ""))]
    lines: list[list[str]] = []
    both = {adherence: curves(rows, name, fidelity, adherence) for adherence in ADHERENCE}
    for level in levels:
        reached = {a: {key: reach(curve, sign * level, by) for key, curve in both[a].items()} for a in ADHERENCE}
        for key in reached["recognised"]:
            line = [f"{level:g}", key]
            for found in reached.values():
                line.append(shown(Estimate.of(found[key])))
                line += ["", ""] if key == base else against(found[base] - found[key])
            lines.append(line)
    return markdown(head, lines)


def against(difference: Array) -> list[str]:
    """A difference and what it says for the first of the two."""
    found = Estimate.of(difference)
    verdict = "" if np.isnan(found.value) else {1: "**won**", 0: "undecided", -1: "**lost**"}[found.sign]
    return [shown(found, "+"), verdict]


def spacing_table(rows: list[Row]) -> str:
    """The paired differences of the spacings, at each strength and number of levels."""
    by = weights(len({row.pair for row in rows}))
    measures = ["recognised", "probability", *FIDELITY]
    found: dict[tuple[int, float], dict[str, list[Row]]] = {}
    for row in rows:
        found.setdefault((row.visited, row.setting.strength), {}).setdefault(row.setting.spacing, []).append(row)
    lines = []
    for (visited, strength), sides in found.items():
        for spacing, side in sides.items():
            average = mean([row.figures for row in side])
            plain = [f"{getattr(average, measure):.3f}" for measure in measures]
            lines.append([str(visited), f"{strength:g}", spacing, str(side[0].setting.steps), *plain])
        ours, other = sides[OUR_SPACING], next(side for key, side in sides.items() if key != OUR_SPACING)
        differences = [Estimate.of(by @ (values(ours, m) - values(other, m))[0]) for m in measures]
        lines.append(
            [str(visited), f"{strength:g}", "log_snr minus published", "", *(shown(d, "+", 3) for d in differences)]
        )
    titles = [FIDELITY[m][0] if m in FIDELITY else m for m in measures]
    return markdown(["levels visited", "strength", "spacing", "steps", *titles], lines)


def cost_table(costs: list[Cost]) -> str:
    """Rows and seconds."""
    head = ["", "network rows, first edit", "CPU seconds", "network rows, next prompt", "CPU seconds"]
    return markdown(
        head,
        [
            [c.method, str(c.first_rows), f"{c.first_seconds:.2f}", str(c.next_rows), f"{c.next_seconds:.2f}"]
            for c in costs
        ],
    )


def setting_table(rows: list[Row], auto: Setting) -> str:
    """The means of every setting; those on a method's front are bold."""
    lines = []
    for method in dict.fromkeys(map(_method, rows)):
        own = by_setting(row for row in rows if row.setting.method == method)
        averages = [mean([row.figures for row in each]) for each in own.values()]
        points = [np.array([getattr(a, m) for a in averages]) for m in ("note_f1", "recognised", "mel")]
        fronts = [set(front(points[0], points[1])), set(front(-points[2], points[1]))]
        for index, (setting, average) in enumerate(zip(own, averages, strict=True)):
            on = [word for word, kept in zip(("note F1", "mel"), fronts, strict=True) if index in kept]
            default = " (default)" if setting == auto else ""
            figures = [f"{getattr(average, m):.3f}" for m in ("recognised", "probability", "note_f1", "mel")]
            numbers = [f"{setting.strength:g}", f"{setting.guidance_scale:g}"]
            lines.append([method + default, *numbers, *figures, ", ".join(on)])
    return markdown(
        ["method", "strength", "guidance", "recognised", "probability", "note F1", "mel distance", "on its front of"],
        lines,
    )


def shown(found: Estimate, sign: str = "", places: int = 2) -> str:
    """A value and its interval."""
    if np.isnan(found.value):
        return "not reached"
    value, low, high = (f"{number:{sign}.{places}f}" for number in (found.value, found.low, found.high))
    return f"{value} [{low}, {high}]"


def markdown(head: list[str], lines: list[list[str]]) -> str:
    """A table."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *lines))


def draw(rows: list[Row], auto: Setting, file: Path) -> None:
    """Recognition against both kinds of fidelity: every setting a point, each method's front a line."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(11, 4.8), sharey=True, facecolor="white", layout="constrained")
    for panel, (fidelity, (_, sign, _)) in zip(panels, FIDELITY.items(), strict=True):
        for method in dict.fromkeys(map(_method, rows)):
            own = by_setting(row for row in rows if row.setting.method == method)
            averages = [mean([row.figures for row in each]) for each in own.values()]
            x, y = (np.array([getattr(a, m) for a in averages]) for m in (fidelity, "recognised"))
            kept = front(sign * x, y)
            color, marker = LOOKS[method]
            panel.scatter(x, y, s=22, color=color, marker=marker, alpha=0.35, linewidths=0)
            panel.plot(x[kept], y[kept], color=color, marker=marker, markersize=6, label=method.replace("_", " "))
            if auto in own:
                index = list(own).index(auto)
                panel.plot(
                    x[index],
                    y[index],
                    "*",
                    color=color,
                    markersize=17,
                    markeredgecolor="black",
                    zorder=5,
                    label="default setting",
                    linestyle="none",
                )
        panel.set_xlabel(AXES[fidelity][0])
        if sign < 0:
            panel.invert_xaxis()
        panel.grid(color="#dddddd", linewidth=0.6)
        panel.set_axisbelow(True)
        panel.set_title(AXES[fidelity][1], loc="right", fontsize=9, color="#555555")
    panels[0].set_ylabel("wanted timbre recognised, share of edits")
    panels[0].legend(loc="lower left", frameon=True)
    figure.savefig(file, dpi=130)
    pyplot.close(figure)
