"""What holds for every model family, on tiny checkpoints of their real classes, saved and loaded by the real code."""

import io
import os
import shutil
import socket
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import soundfile
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.tiny import FAMILIES
from retone_engine import directions, models
from retone_engine.guidance import guidance
from retone_engine.inversion import invert
from retone_engine.model import Counted, Embedding
from retone_engine.models import folder as families
from retone_engine.path import schedule
from retone_engine.progress import Reporter
from retone_engine.render import Engine, render
from retone_engine.replay import replay
from retone_engine.request import EditRequest, RetoneError
from retone_engine.windows import Windowed

CPU, META = torch.device("cpu"), torch.device("meta")
# Of different numbers of tokens.
PROMPTS = ("a piano", "", "played by a string quartet, a recording of a piano", "a recording")
STAGES = {"encode", "embed", "predict_clean", "decode"}
# Networks that have no forward-mode products, and so get finite ones.
FINITE: set[str] = set()


@pytest.fixture(scope="module", params=FAMILIES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def folder(name, tmp_path_factory):
    return FAMILIES[name](tmp_path_factory.mktemp("models") / f"tiny-{name}")


@pytest.fixture(scope="module")
def model(folder):
    return load(folder)


@pytest.fixture(scope="module")
def exact(folder):
    """The same in double precision."""
    return load(folder, torch.float64)


def load(folder, dtype=torch.float32, device=CPU):
    """The family's own model, without what keeps its prompts and moves its modules about."""
    return models.load(str(folder), device, dtype).model


def sound(model, frames, seed=0):
    """A decaying chord in noise, as loud as clips come, at the model's rate: (channels, frames)."""
    generator = torch.Generator().manual_seed(seed)
    t = torch.arange(frames) / model.sample_rate
    chord = sum(torch.sin(2 * torch.pi * pitch * t) for pitch in (110, 165, 220)) * torch.exp(-2 * (t % 0.5))
    noise = torch.randn(model.channels, frames, generator=generator)
    return 0.1 * chord + 0.02 * noise


def short(model, seconds=0.3):
    return sound(model, round(seconds * model.sample_rate))


def randn(*shape, like, seed=0):
    drawn = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return drawn.to(like)


def rows(model, count, steps=8):
    """A clip's latent, and ``count`` noisy states of it at as many levels, from near silence to nearly clean."""
    latent = model.encode(short(model)).latent
    level = schedule(model.path, 1, steps).level
    level = level[torch.linspace(0, len(level) - 1, count).round().long()]
    a, s = (value.to(latent).view(-1, *[1] * (latent.ndim - 1)) for value in (level.a, level.s))
    return latent, a * latent + s * randn(count, *latent.shape[1:], like=latent), level


def size(tensor):
    """What rounding errors of ``tensor`` are relative to."""
    return max(1.0, float(tensor.abs().max()))


def test_no_family_is_left_out():
    loaded = {module.rpartition(".")[2] for module in families.FAMILIES.values()}
    assert loaded == {*FAMILIES, "pocket"}


def returned(model, frames):
    """``frames`` of sound, encoded and decoded as they are, and whether that is what they were; the latent."""
    audio = sound(model, frames)
    encoded = model.encode(audio)
    assert encoded.frames == frames
    assert encoded.latent.shape[model.time_axis] * model.hop >= frames
    same = model.decode(encoded.latent, encoded, restore=True)
    assert same.shape == (1, model.channels, frames)
    assert torch.allclose(same[0], audio, atol=1e-3), "an edit that changes nothing does not give the source back"
    return encoded.latent


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_any_length_comes_back_with_exactly_its_frames_and_unchanged_as_it_was(model, seconds):
    latent = returned(model, max(1, round(seconds * model.sample_rate)))
    assert latent.shape[model.time_axis] * model.hop <= model.window


def test_beyond_a_window_it_does_too_and_so_does_the_source_latent(model):
    whole = Windowed(model)
    latent = returned(whole, model.window + 3 * model.hop + 1)
    same, steps = guidance(whole, "a piano", 1.0), schedule(model.path, 0.5, 2)
    inversion = invert(whole, latent, steps.tail(steps.first + 1), same, 0, block=1)
    back = replay(whole, [inversion], same)
    torch.testing.assert_close(back, latent, atol=1e-5 * size(inversion.kept), rtol=0)


def test_several_edits_are_decoded_at_once_as_each_alone(exact):
    encoded = exact.encode(short(exact))
    edits = torch.cat([encoded.latent, encoded.latent + 0.5 * randn(*encoded.latent.shape, like=encoded.latent)])
    for restore in (True, False):
        together = exact.decode(edits, encoded, restore)
        assert together.shape == (2, exact.channels, encoded.frames)
        loud = float(together.abs().max())
        for edit, audio in zip(edits.split(1), together, strict=True):
            assert torch.allclose(exact.decode(edit, encoded, restore)[0], audio, atol=1e-9 * loud)
        # With what was lost given back, random weights may leave next to nothing of an edit.
        assert restore or (together[0] - together[1]).abs().max() > 1e-3 * loud, "the edit is not in it"


def test_a_window_is_whole_latent_frames_and_channels_stay_apart(model):
    assert model.window % model.hop == 0
    audio = sound(model, model.window)
    latent = model.encode(audio).latent
    assert latent.shape[model.time_axis] == model.window // model.hop
    assert model.encode(audio[:, :-1]).latent.shape == latent.shape, "just under a window it is more than one"
    if model.channels > 1:
        assert not torch.allclose(model.encode(audio.flip(0)).latent, latent), "left and right are one to it"


def test_the_same_clip_has_the_same_latent_whatever_else_is_drawn(model):
    audio = short(model)
    once = model.encode(audio)
    before = torch.get_rng_state()
    torch.manual_seed(7)
    again = model.encode(audio)
    assert torch.equal(once.latent, again.latent)
    assert torch.get_rng_state().equal(torch.manual_seed(7).get_state()), "encoding draws from everybody's generator"
    torch.set_rng_state(before)


def test_silence_stays_finite(model):
    encoded = model.encode(torch.zeros(model.channels, round(0.3 * model.sample_rate)))
    level = schedule(model.path, 0.5, 4).level[slice(0, 1)]
    clean = model.predict_clean(encoded.latent, level, model.embed(["a piano"]))
    for latent in (encoded.latent, clean):
        for restore in (True, False):
            assert torch.isfinite(model.decode(latent, encoded, restore)).all()


def test_the_same_prompt_gives_the_source_latent_back_exactly(model):
    latent = model.encode(short(model)).latent
    steps = schedule(model.path, 0.7, 6)
    for scale in (1.0, 3.0):
        same = guidance(model, "a piano", scale, frames=round(0.3 * model.sample_rate))
        # One row a call on both sides: not even rounding differs.
        alone = invert(model, latent, steps, same, 0, block=1)
        assert torch.equal(replay(model, [alone], same), latent)
        blocks = invert(model, latent, steps, same, 0, block=16)
        back = replay(model, [blocks], same)
        torch.testing.assert_close(back, latent, atol=1e-5 * size(blocks.kept), rtol=0)


def test_another_prompt_makes_another_latent(model):
    latent = model.encode(short(model)).latent
    steps = schedule(model.path, 0.7, 6)
    source = guidance(model, "", 1.0)
    edited = replay(model, [invert(model, latent, steps, source, 0)], guidance(model, "a piano", 3.0))
    assert torch.isfinite(edited).all()
    assert (edited - latent).abs().max() > 1e-3


def test_the_inversion_in_blocks_is_the_sequential_one(exact):
    latent = exact.encode(short(exact)).latent
    steps, source = schedule(exact.path, 0.8, 7), guidance(exact, "a piano", 3.0)
    blocks, sequential = (invert(exact, latent, steps, source, 0, block=block).kept for block in (8, 1))
    # Some layers of the libraries compute in single precision whatever they are given.
    torch.testing.assert_close(blocks, sequential, atol=1e-6 * size(sequential), rtol=0)


def test_a_batch_is_what_its_rows_are_alone_whatever_their_prompts_lengths_and_levels(exact):
    _, x, level = rows(exact, len(PROMPTS))
    given = x.clone()
    together = exact.predict_clean(x, level, exact.embed(PROMPTS))
    assert torch.equal(x, given), "it changes its input"
    assert together.shape == x.shape
    assert torch.isfinite(together).all()
    for row, prompt in enumerate(PROMPTS):
        one = slice(row, row + 1)
        alone = exact.predict_clean(x[one], level[one], exact.embed([prompt]))
        worst = f"{prompt!r} is predicted otherwise among other prompts: is what fills it up masked?"
        assert (together[one] - alone).abs().max() <= 1e-6 * size(alone), worst


def test_every_prompt_is_heard(model):
    _, x, level = rows(model, 1)
    clean = [model.predict_clean(x, level, model.embed([prompt])) for prompt in PROMPTS]
    for row, one in enumerate(clean):
        for other in clean[:row]:
            assert (one - other).abs().max() > 1e-4 * size(one)


def test_a_prompt_is_embedded_alone_whoever_is_beside_it(model):
    for frames in (None, round(0.3 * model.sample_rate)):
        together = model.embed(PROMPTS, frames)
        assert len(together) == len(PROMPTS)
        for row, prompt in enumerate(PROMPTS):
            for kind, tensor in model.embed([prompt], frames).tensors.items():
                mine = together.tensors[kind][row : row + 1]
                assert torch.equal(mine[:, : tensor.shape[1]], tensor)
                assert not mine[:, tensor.shape[1] :].any(), "what fills a prompt up is not zero"


def test_an_edit_of_part_of_a_stereo_file_is_rendered_at_the_files_own_rate_and_length(folder, tmp_path):
    clip, edit = tmp_path / "clip.wav", tmp_path / "edit.wav"
    samples = np.stack([np.sin(np.arange(9000) / pitch) for pitch in (20, 30)], axis=1)
    soundfile.write(clip, 0.3 * samples, 22050, subtype="FLOAT")
    asked = {"segments": "0.1-0.3 a piano", "steps": 4, "precision": "float32"}
    engine = Engine(CPU, str(folder))
    render(EditRequest.of(str(clip), asked), [edit], engine, Reporter(lambda progress: None, lambda: False))
    after, rate = soundfile.read(edit)
    assert (after.shape, rate) == (samples.shape, 22050)
    assert np.isfinite(after).all()


TYPED = {
    "blank": " ",
    "long": "a piano " * 700,
    "foreign": "скрипка 🎻 ヴァイオリン",
    "tokens": "<|endoftext|></s>\n<pad>",
}


@pytest.mark.parametrize("prompt", TYPED.values(), ids=TYPED)
def test_whatever_is_typed_is_a_prompt(model, prompt):
    _, x, level = rows(model, 1)
    assert torch.isfinite(model.predict_clean(x, level, model.embed([prompt]))).all()


def test_directions_are_orthonormal_principal_axes_signed_by_the_rule(model, name, monkeypatch):
    monkeypatch.setattr(directions, "ROUNDS", 2)  # a network of random weights has no leading direction to settle on
    _, x, level = rows(model, 3)
    x, level = x[1:2], level[slice(1, 2)]
    counted = Counted(model)
    prompt = guidance(model, "a piano", 2.0)
    found = directions.find(counted, x, level, prompt, 2)
    flat = found.vectors.flatten(1)
    assert torch.allclose(flat @ flat.T, torch.eye(2), atol=1e-4)
    assert (flat.double().pow(3).sum(1) > 0).all()
    # In forward mode a call sees one state and stands for all vectors; a finite difference's rows are the vectors.
    assert (counted.rows == prompt.rows * counted.calls) == (name not in FINITE)
    image = directions._products(model, x, level, prompt, name not in FINITE)(found.vectors)
    symmetric = flat @ image.flatten(1).T
    symmetric = (symmetric + symmetric.T) / 2
    stretched = (found.variances * level.a / level.s.square()).float()
    assert torch.allclose(symmetric, torch.diag(stretched), atol=1e-3 * size(symmetric))


def test_exact_products_are_what_finite_ones_come_near_to(exact, name):
    if name in FINITE:
        with pytest.raises(RuntimeError):
            _, x, level = rows(exact, 1)
            directions._products(exact, x, level, guidance(exact, "", 1.0), True)(x)
        return
    _, x, level = rows(exact, 3)
    x, level = x[1:2], level[slice(1, 2)]
    vectors = directions._orthonormal(randn(3, *x.shape[1:], like=x, seed=3))
    product, finite = (directions._products(exact, x, level, guidance(exact, "", 1.0), kind) for kind in (True, False))
    # As between neighbours in rounds of the search; the finite step leaves where the network is linear.
    assert torch.nn.functional.cosine_similarity(product(vectors).flatten(1), finite(vectors).flatten(1)).min() > 0.99


def floating(embedding):
    return [tensor for tensor in embedding.tensors.values() if tensor.is_floating_point()]


def test_float64_is_float64_all_the_way(exact):
    encoded = exact.encode(short(exact))
    embedding = exact.embed(["a piano", ""])
    level = schedule(exact.path, 0.5, 4).level[slice(0, 1)]
    clean = exact.predict_clean(encoded.latent, level, embedding[:1])
    audio = exact.decode(clean, encoded, restore=True)
    for tensor in (encoded.latent, clean, audio, *floating(embedding)):
        assert tensor.dtype == torch.float64


def test_narrow_products_come_near_to_those_of_single_precision(folder, model):
    narrow = load(folder, torch.bfloat16)
    _, x, level = rows(model, 3)
    assert torch.equal(narrow.encode(short(model)).latent, model.encode(short(model)).latent)
    prompts = narrow.embed(["a piano"]), model.embed(["a piano"])
    for ours, theirs in zip(*map(floating, prompts), strict=True):
        assert torch.equal(ours, theirs), "prompts are embedded narrowly"
    rough, fine = (
        one.predict_clean(x, level, prompt.rows(3)) for one, prompt in zip((narrow, model), prompts, strict=True)
    )
    assert rough.dtype == torch.float32
    assert not torch.equal(rough, fine), "the products are not narrow"
    error = (rough - fine).flatten(1).norm(dim=1) / fine.flatten(1).norm(dim=1)
    assert error.max() < 0.05


class NoDouble(TorchDispatchMode):
    """Apple's GPUs have no double precision: nor has this device."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for made in tree_leaves(out):
            wide = isinstance(made, torch.Tensor) and made.dtype in (torch.float64, torch.complex128)
            if wide and made.device == META:
                raise TypeError(f"{func} makes {made.dtype} on a device that has none")
        return out


def elsewhere(folder):
    """The model on a device that has shapes and no values: reading one back raises, as nothing may wait for a GPU."""
    model = load(folder, device=META)
    for module in {module for stage in model.modules.values() for module in stage}:
        module.to(META)
    return model


def moved(embedding):
    return Embedding({name: tensor.to(META) for name, tensor in embedding.tensors.items()})


class Prompted:
    """``model`` with prompts embedded on another device: tokens come from the host, and may wait for it."""

    def __init__(self, model, embedding):
        self._model, self._embedding = model, embedding

    def __getattr__(self, name):
        return getattr(self._model, name)

    def embed(self, prompts, frames=None):
        return moved(self._embedding[: len(prompts)])


def test_nothing_on_an_edits_way_waits_for_the_device_or_needs_double_precision_there(folder, model, monkeypatch):
    monkeypatch.setattr(torch, "autocast", lambda *args, **settings: nullcontext())  # it does not know this device
    far = Prompted(elsewhere(folder), model.embed(["a piano", ""]))
    with NoDouble():
        encoded = far.encode(short(model).to(META))
        assert encoded.latent.device == META
        levels = schedule(far.path, 0.5, 3)
        source, target = guidance(far, "a piano", 2.0), guidance(far, "a recording", 3.0, rescale=0.5)
        inversion = invert(far, encoded.latent, levels, source, 0, block=4)
        edited = replay(far, [inversion], target)
        audio = far.decode(edited, encoded, restore=True)
    assert audio.shape == (1, far.channels, encoded.frames)
    assert audio.device == META
    assert audio.dtype == torch.float32


def test_modules_are_left_on_the_cpu_to_be_run_and_not_trained(folder):
    model = load(folder, device=META)
    assert set(model.modules) == STAGES
    for stage, modules in model.modules.items():
        for module in modules:
            for weight in (*module.parameters(), *module.buffers()):
                assert weight.device == CPU, f"{stage}: {type(module).__name__} was moved"
                assert not weight.requires_grad
            assert not any(part.training for part in module.modules())


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_each_stage_runs_through_the_modules_it_names_and_no_others(folder, model, stage):
    alone = load(folder)
    for module in {module for modules in alone.modules.values() for module in modules} - set(alone.modules[stage]):
        module.to(META)
    audio = short(model)
    encoded, embedding = model.encode(audio), model.embed(["a piano"])
    level = schedule(model.path, 0.5, 4).level[slice(0, 1)]
    match stage:
        case "encode":
            ours, theirs = alone.encode(audio).latent, encoded.latent
        case "embed":
            ours, theirs = (floating(each.embed(["a piano", ""]))[0] for each in (alone, model))
        case "predict_clean":
            ours, theirs = (each.predict_clean(encoded.latent, level, embedding) for each in (alone, model))
        case "decode":
            ours, theirs = (each.decode(encoded.latent, encoded, restore=True) for each in (alone, model))
    assert torch.equal(ours, theirs)


@contextmanager
def no_network(monkeypatch):
    asked = []

    def refuse(*args, **kwargs):
        asked.append(args)
        raise OSError("there is no network")

    with monkeypatch.context() as patch:
        for way in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, way, refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield asked


def test_loading_and_prompts_never_touch_the_network(folder, model, monkeypatch):
    with no_network(monkeypatch) as asked:
        again = load(folder)
        again.embed(["a piano"])
    assert not asked
    # What was loaded is the same again: nothing in it is drawn.
    _, x, level = rows(model, 1)
    assert torch.equal(
        again.predict_clean(x, level, again.embed(["a piano"])), model.predict_clean(x, level, model.embed(["a piano"]))
    )


def without(folder, gone, to, instead=None):
    """The checkpoint without one of its parts, a folder or a file; or with a file's content ``instead``."""
    shutil.copytree(folder, to, copy_function=os.link)
    lost = to / gone.relative_to(folder)
    if lost.is_dir():
        shutil.rmtree(lost)
    else:
        lost.unlink()  # first: it is a link to the whole one
    if instead is not None:
        lost.write_bytes(instead)
    return to


def part_of(folder, file):
    """What an error must name: the file's part, as it is called in the checkpoint."""
    return Path(file.relative_to(folder).parts[0]).stem


def refused(folder, *names):
    with pytest.raises(RetoneError, match="cannot be loaded") as caught:
        load(folder)
    assert caught.value.code == "bad_model"
    for name in names:
        assert name in caught.value.message.replace(str(folder), "")


def test_a_part_that_is_missing_is_named_or_was_never_needed(folder, model, tmp_path):
    _, x, level = rows(model, 1)
    expected = model.predict_clean(x, level, model.embed(["a piano"]))
    needed = 0
    for part in sorted(part for part in folder.iterdir() if part.name != "model_index.json"):
        broken = without(folder, part, tmp_path / f"lacks-{part.stem}")
        try:
            found = load(broken)
        except RetoneError as error:
            assert error.code in ("bad_model", "unknown_model")
            assert part.stem in error.message.replace(str(broken), "")
            needed += 1
        else:
            assert torch.equal(found.predict_clean(x, level, found.embed(["a piano"])), expected)
    assert needed >= 3


def test_weights_that_are_damaged_or_not_whole_are_refused_by_name(folder, tmp_path):
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".safetensors", ".bin"))
    assert files
    for count, file in enumerate(files):
        refused(without(folder, file, tmp_path / f"spoilt-{count}", b"not weights"), part_of(folder, file))
        own = file.suffix == ".safetensors"
        weights = safetensors.torch.load_file(file) if own else torch.load(file)
        del weights[max(name for name, weight in weights.items() if weight.is_floating_point() and "weight" in name)]
        fewer = io.BytesIO()
        if own:
            fewer.write(safetensors.torch.save(weights, {"format": "pt"}))
        else:
            torch.save(weights, fewer)
        # A file of all networks' weights says which of them lacks what, not its own name.
        refused(
            without(folder, file, tmp_path / f"lacks-{count}", fewer.getvalue()), "lacks", own * part_of(folder, file)
        )


def test_a_configuration_that_is_damaged_is_refused_by_name(folder, tmp_path):
    files = sorted([*folder.glob("*config.json"), *folder.glob("*/config.json")])
    assert files
    for count, file in enumerate(files):
        refused(without(folder, file, tmp_path / f"spoilt-{count}", b"{"), part_of(folder, file))
