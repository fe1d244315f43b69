"""How much an edit follows its prompt against how much of the clip it keeps, for every method in one run.

    python engine/benchmarks/tradeoff.py --work build/pocket [--out FOLDER] [--per-target 3] [--picture FILE]
    python engine/benchmarks/tradeoff.py --work build/pocket --spacing [--visited N ...] [--strengths S ...] --out OTHER

WORK is the folder that `make pocket` filled: the held-out melodies, whose true answer is known because every timbre
played them, and the two judges. Each method of retone_engine.baselines edits the same pairs on the same grid of
strengths and guidances, and the cost of an edit is measured. Then both spacings of the noise levels are compared at
equal network calls (--spacing: nothing else). Prints tables in Markdown and draws a picture; every finished part stays
in FOLDER (WORK/tradeoff unless said), so that a killed run goes on.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))

from evaluate import Editor, Judges, Pair, Setting, default_setting, draw_pairs, judge
from judges import load_judges
from retone_engine.baselines import METHODS
from retone_engine.model import Counted, LatentModel
from retone_engine.models import pocket
from retone_engine.path import SPACINGS, GaussianPath, noise_ratio, schedule
from scores import PROGRAMS
from tradeoff_report import Cost, Row, draw, tell_methods, tell_spacings

SHIPPED = Path(pocket.__file__).parent
# The same strength keeps less of a clip with SDEdit and more with FlowEdit than with the others.
STRENGTHS = dict.fromkeys(METHODS, (0.5, 0.65, 0.8)) | {"sdedit": (0.4, 0.5, 0.6), "flowedit": (0.65, 0.8, 0.95)}
GUIDANCES = (2.5, 4.0)
SPACING_STRENGTHS = (0.5, 0.65, 0.8)
VISITED = (10, 20)
COST_PAIRS = 5


@dataclass(frozen=True)
class Setup:
    """What is edited, and by which model."""

    work: Path
    model: Path
    per_target: int
    seconds: float


@dataclass(frozen=True)
class Part:
    """What one process does at a time: `settings` on the pairs of one wanted timbre, kept under `name`."""

    name: str
    timbre: str
    settings: tuple[Setting, ...]


def grid(auto: Setting, method: str) -> tuple[Setting, ...]:
    """The settings of one method, the strongest first: its inversion serves the others. Ours holds the model's own."""
    own = {auto.strength} if method == auto.method else set()
    strengths = sorted({*STRENGTHS[method], *own}, reverse=True)
    scales = sorted({*GUIDANCES, auto.guidance_scale})
    return tuple(replace(auto, method=method, strength=s, guidance_scale=g) for s in strengths for g in scales)


def spacings(
    auto: Setting, path: GaussianPath, all_visited: Sequence[int], strengths: Sequence[float]
) -> tuple[Setting, ...]:
    """The model's own setting with both spacings, at equal numbers of visited levels."""
    return tuple(
        replace(auto, strength=strength, spacing=spacing, steps=steps_for(path, strength, visited, spacing))
        for visited in all_visited
        for strength in strengths
        for spacing in SPACINGS
    )


def steps_for(path: GaussianPath, strength: float, visited: int, spacing: str) -> int:
    """The number of steps with which an edit visits `visited` levels, and starts nearest to what its strength means."""

    def away(steps: int) -> float:
        return abs(float(schedule(path, strength, steps, spacing).level.lam[0].exp()) * noise_ratio(strength) - 1)

    fitting = [n for n in range(visited, 20 * visited) if len(schedule(path, strength, n, spacing)) == visited]
    return min(fitting, key=away)


@lru_cache(maxsize=1)
def ready(setup: Setup) -> tuple[LatentModel, list[Pair], Judges]:
    """Model, pairs and judges, once a process."""
    torch.set_num_threads(1)
    model = pocket.load(setup.model, torch.device("cpu"), torch.bfloat16)
    return model, draw_pairs(setup.work, setup.per_target, setup.seconds), load_judges(setup.work)


def measured(model: LatentModel, pairs: dict[int, Pair], judges: Judges, settings: tuple[Setting, ...]) -> list[Row]:
    """What each of `settings` makes of each of the numbered `pairs`; the number names the pair's own noise.

    One noise for all pairs would be one draw of it, and the intervals over the pairs would not hold its chance.
    """
    editor, rows = Editor(model, list(pairs.values())), []
    for setting in settings:
        visited = len(schedule(model.path, setting.strength, setting.steps, setting.spacing))
        figures = judge(editor.edit(setting, list(pairs)), editor.pairs, judges)
        rows += [Row(setting, visited, number, figure) for number, figure in zip(pairs, figures, strict=True)]
    return rows


def run_part(setup: Setup, part: Part) -> list[dict[str, Any]]:
    """The rows of one part, to be kept as JSON."""
    model, pairs, judges = ready(setup)
    wanted = {number: pair for number, pair in enumerate(pairs) if pair.target_timbre == part.timbre}
    return [asdict(row) for row in measured(model, wanted, judges, part.settings)]


def run_cost(setup: Setup, auto: Setting) -> list[dict[str, Any]]:
    """Network rows and median CPU seconds of an edit alone in its batch, and of another one of the same clip."""
    model, pairs, _ = ready(setup)
    costs = []
    for method in METHODS:
        spent: list[tuple[float, float]] = []
        for pair in pairs[:: max(1, len(pairs) // COST_PAIRS)]:
            counted = Counted(model)
            editor = Editor(counted, [pair])
            times, rows = [time.process_time()], [0]
            for _ in ("first", "next"):
                editor.edit(replace(auto, method=method))
                times.append(time.process_time())
                rows.append(counted.rows)
            spent.append((times[1] - times[0], times[2] - times[1]))
        first, following = (statistics.median(each) for each in zip(*spent, strict=True))
        costs.append(asdict(Cost(method, rows[1], first, rows[2] - rows[1], following)))
    return costs


def kept(file: Path, asked: object) -> list[dict[str, Any]] | None:
    """The rows in `file`, where it holds the answer to just what is `asked` (as JSON has it)."""
    if not file.exists():
        return None
    found = json.loads(file.read_text(encoding="utf-8"))
    return found["rows"] if found["asked"] == json.loads(json.dumps(asked, default=str)) else None


def keep(file: Path, asked: object, rows: list[dict[str, Any]]) -> None:
    """Write what `kept` reads, whole or not at all."""
    draft = file.with_suffix(".part")
    draft.write_text(json.dumps({"asked": asked, "rows": rows}, default=str) + "\n", encoding="utf-8")
    draft.replace(file)


def costs_of(setup: Setup, out: Path, auto: Setting) -> list[Cost]:
    """What an edit costs with each method; kept like the rows."""
    asked = {"setup": asdict(setup), "auto": asdict(auto)}
    found = kept(out / "cost.json", asked)
    if found is None:
        found = run_cost(setup, auto)
        keep(out / "cost.json", asked, found)
    return [Cost(**values) for values in found]


def rows_of(setup: Setup, out: Path, processes: int, settings: dict[str, tuple[Setting, ...]]) -> list[Row]:
    """The rows of all `settings`, which are named for their files, on all pairs; what is there already is kept."""
    found: dict[Part, list[dict[str, Any]]] = {}
    parts = [Part(f"{name}-{timbre}", timbre, some) for timbre in PROGRAMS for name, some in settings.items()]
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        waiting = {}
        for part in parts:
            rows = kept(out / f"{part.name}.json", asked_of(setup, part))
            if rows is None:
                waiting[pool.submit(run_part, setup, part)] = part
            else:
                found[part] = rows
        for done in as_completed(waiting):
            part = waiting[done]
            found[part] = done.result()
            keep(out / f"{part.name}.json", asked_of(setup, part), found[part])
            print(f"{len(found)} of {len(parts)}: {part.name}", file=sys.stderr, flush=True)
    return [Row.of(values) for part in parts for values in found[part]]


def asked_of(setup: Setup, part: Part) -> dict[str, Any]:
    """What the rows of a part depend on."""
    return {"setup": asdict(setup), "part": asdict(part)}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="the folder that `make pocket` filled")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="the model's folder; the shipped one by default")
    parser.add_argument("--out", type=Path, help="where finished parts stay; WORK/tradeoff by default")
    parser.add_argument("--per-target", type=int, default=3, help="pairs for each of the 14 wanted timbres, 13 at most")
    parser.add_argument("--seconds", type=float, default=2.56, help="length of each clip")
    parser.add_argument("--spacing", action="store_true", help="compare the spacings only")
    parser.add_argument("--visited", type=int, nargs="+", default=VISITED, help="levels that the spacings visit")
    parser.add_argument("--strengths", type=float, nargs="+", default=SPACING_STRENGTHS, help="for the spacings")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--picture", type=Path, help="the drawing; FOLDER/tradeoff.png by default")
    chosen = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    out: Path = chosen.out or chosen.work / "tradeoff"
    out.mkdir(parents=True, exist_ok=True)
    setup = Setup(chosen.work, chosen.model, chosen.per_target, chosen.seconds)
    model = pocket.load(setup.model, torch.device("cpu"), torch.bfloat16)
    auto = default_setting(model)
    if not chosen.spacing:
        costs = costs_of(setup, out, auto)
        rows = rows_of(setup, out, chosen.processes, {method: grid(auto, method) for method in METHODS})
        print(tell_methods(rows, costs, auto), flush=True)
        draw(rows, auto, chosen.picture or out / "tradeoff.png")
    spaced = rows_of(
        setup, out, chosen.processes, {"spacing": spacings(auto, model.path, chosen.visited, chosen.strengths)}
    )
    print("\n" + tell_spacings(spaced))


if __name__ == "__main__":
    main()
