"""A device that is too small: fewer rows, then one part at a time, then a sentence that says what to do."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from engine.random_unet import RandomUNet
from engine.tiny import audioldm as tiny
from retone_engine import directions, models
from retone_engine.guidance import guidance
from retone_engine.memory import Placed
from retone_engine.model import Counted
from retone_engine.path import schedule
from retone_engine.progress import Reporter
from retone_engine.recipe import Recipe
from retone_engine.render import Engine, render
from retone_engine.request import EditRequest, RetoneError
from retone_engine.windows import Windowed

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


class Small(TorchDispatchMode):
    """A device on which no single tensor of more than ``limit`` bytes fits; it raises what CUDA's allocator raises."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit
        self.refused = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        if isinstance(made, torch.Tensor) and made.nbytes > self.limit:
            self.refused += 1
            raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {made.nbytes} bytes.")
        return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def loaded(folder):
    return models.load(str(folder), CPU, torch.float32).model


def rows_of(model, count):
    level = schedule(model.path, 0.6, 100).level[slice(0, count)]
    x = torch.randn(count, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    return x, level, model.embed(["a piano"]).rows(count)


def largest(call):
    """Bytes of the largest tensor that ``call`` makes."""
    sizes = []

    class Noting(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            made = func(*args, **(kwargs or {}))
            sizes.append(made.nbytes if isinstance(made, torch.Tensor) else 0)
            return made

    with Noting():
        call()
    return max(sizes)


def test_a_call_that_does_not_fit_is_made_in_halves_and_so_are_those_after_it(loaded):
    counted = Counted(loaded)
    placed = Placed(counted)
    given = rows_of(placed, 16)
    whole = loaded.predict_clean(*given)
    x, level, text = given
    limit = largest(lambda: loaded.predict_clean(x[:5], level[slice(0, 5)], text[slice(0, 5)]))
    with Small(limit) as device:
        found = placed.predict_clean(*given)
        assert (device.refused, counted.calls, placed.limits) == (2, 2 + 4, {"rows": 4})
        placed.predict_clean(*given)
        assert (device.refused, counted.calls) == (2, 2 + 4 + 4), "it is not tried again"
    assert torch.allclose(found, whole, atol=1e-4)
    assert "smaller ones take longer" in placed.shortage


def test_where_all_fits_nothing_is_cut_and_nothing_is_said(loaded):
    counted = Counted(loaded)
    placed = Placed(counted)
    given = rows_of(placed, 16)
    assert torch.equal(placed.predict_clean(*given), loaded.predict_clean(*given))
    assert (counted.calls, placed.limits, placed.shortage) == (1, {}, None)


def test_what_has_nothing_to_do_with_memory_goes_through(loaded):
    placed = Placed(loaded)
    x, level, text = rows_of(placed, 2)
    with pytest.raises(RuntimeError, match="channels"):
        placed.predict_clean(x[:, :3], level, text)
    assert placed.limits == {}


def test_a_product_with_several_vectors_takes_fewer_at_a_time():
    model = RandomUNet()
    counted = Counted(model)
    placed = Placed(counted)
    level = schedule(model.path, 0.6, 12).level[slice(0, 1)]
    x = torch.randn(1, 2, 16, 8)
    vectors = torch.randn(6, 2, 16, 8)
    asked = guidance(model, "first", 3.0)
    product = directions._products(Windowed(placed), x, level, asked, exact=True)
    whole = product(vectors)
    limit = largest(lambda: product(vectors[:3]))
    with Small(limit) as device:
        found = product(vectors)
        assert (device.refused, placed.limits) == (1, {"vectors": 3})
    assert torch.allclose(found, whole, atol=1e-4)


class Part(nn.Module):
    """A module of ``size`` that knows where it is, on a device with room for ``room``."""

    def __init__(self, size, there, room):
        super().__init__()
        self.size, self.there, self.room = size, there, room

    def to(self, device):
        if torch.device(device).type == "cpu":
            self.there.discard(self)
        elif self not in self.there:
            if self.size + sum(part.size for part in self.there) > self.room:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            self.there.add(self)
        return self


class Parts(RandomUNet):
    """A model on a device of its own, of an autoencoder, a text encoder, a network and a vocoder."""

    device = CUDA

    def __init__(self, room, a_row=0):
        super().__init__()
        self.there, self.room, self.a_row = set(), room, a_row
        self.vae, self.text, self.net, self.vocoder = (Part(size, self.there, room) for size in (2, 3, 6, 1))

    @property
    def modules(self):
        return {
            "encode": (self.vae,),
            "embed": (self.text,),
            "predict_clean": (self.net,),
            "decode": (self.vae, self.vocoder),
        }

    def encode(self, audio):
        assert self.vae in self.there
        return super().encode(audio)

    def embed(self, prompts, frames=None):
        assert self.text in self.there
        return super().embed(prompts, frames)

    def decode(self, latent, source, restore):
        assert {self.vae, self.vocoder} <= self.there
        return super().decode(latent, source, restore)

    def predict_clean(self, x, level, embedding):
        assert self.net in self.there
        if sum(part.size for part in self.there) + self.a_row * len(x) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return super().predict_clean(x, level, embedding)


def through(placed, rows=4):
    """A clip all the way through the model."""
    level = schedule(placed.path, 0.6, 12).level[slice(0, rows)]
    encoded = placed.encode(torch.zeros(1, 256))
    text = placed.embed([""]).rows(rows)
    placed.predict_clean(encoded.latent.repeat(rows, 1, 1, 1), level, text)
    return placed.decode(encoded.latent, encoded, restore=False)


def test_a_model_that_fits_lies_on_the_device_whole():
    model = Parts(room=12)
    placed = Placed(model)
    placed.place()
    assert len(model.there) == 4 and placed.shortage is None
    placed.park()
    assert not model.there


def test_a_model_that_does_not_fit_has_its_parts_there_in_turn():
    model = Parts(room=8)
    placed = Placed(model)
    placed.place()
    assert model.there == {model.net}
    through(placed)
    assert model.there == {model.vae, model.vocoder}
    assert "parts take turns" in placed.shortage and "cuda" in placed.shortage


def test_rows_are_cut_before_parts_take_turns_and_then_there_is_room_for_more():
    model = Parts(room=14, a_row=3)
    counted = Counted(model)
    placed = Placed(counted)
    through(placed)
    # 4, 2 and 1 rows beside all parts, which leave room for none; then 4 and 2 beside the network alone.
    assert counted.rows == 4 + 2 + 1 + 4 + 2 + 2
    assert placed.limits == {"rows": 2}


@pytest.mark.parametrize(("device", "advice"), [(CUDA, "--device cpu"), (CPU, "close other programs")])
def test_where_one_row_of_one_part_does_not_fit_it_says_what_to_change(device, advice, monkeypatch):
    monkeypatch.setattr(Parts, "device", device)
    model = Parts(room=8, a_row=100)
    given = (torch.zeros(2, 2, 16, 8), schedule(model.path, 0.6, 12).level[slice(0, 2)])
    placed, freed = Placed(model), []
    placed.relieve = lambda: freed.append(True)
    if device == CPU:
        model.there = {model.text, model.net}
    text = placed.embed(["first"]).rows(2)
    with pytest.raises(RetoneError, match=f"memory on {device} for random U-Net") as caught:
        placed.predict_clean(*given, text)
    assert caught.value.code == "out_of_memory"
    assert advice in caught.value.message and "shorter region" in caught.value.message
    assert ("--device" in caught.value.message) == (device == CUDA)
    assert freed and not (device == CUDA and model.there), "the device is left free for what comes next"


def test_a_prompt_is_encoded_once_for_each_length():
    model = Parts(room=12)
    placed = Placed(model)
    asked = []
    plain = model.embed
    model.embed = lambda prompts, frames=None: asked.append((prompts, frames)) or plain(prompts, frames)
    both = placed.embed(["first", ""], 256)
    placed.embed(["", "first"], 256)
    placed.embed(["first"], 128)
    assert asked == [(["first"], 256), ([""], 256), (["first"], 128)]
    assert torch.equal(both.tensors["number"], plain(["first", ""]).tensors["number"])


def test_an_edit_that_had_to_be_cut_tells_so_once_and_in_its_recipe(folder, tmp_path):
    soundfile.write(tmp_path / "clip.wav", 0.3 * np.sin(np.arange(16000) / 10), 16000)
    engine = Engine(CPU, str(folder))
    asked = EditRequest.of(str(tmp_path / "clip.wav"), {"prompt": "a choir", "steps": 20, "precision": "float32"})

    def edited(name, **settings):
        told = []
        render(
            replace(asked, **settings),
            [tmp_path / name],
            engine,
            Reporter(lambda progress: None, lambda: False),
            on_warning=lambda code, message: told.append(code),
        )
        return told, Recipe.from_file(tmp_path / name).engine, soundfile.read(tmp_path / name)[0]

    told, kept, roomy = edited("roomy.wav")
    assert told == [] and "rows" not in kept
    engine.kept.clear()
    one = rows_of(engine.model(str(folder), torch.float32), 1)
    with Small(8 * largest(lambda: engine.model(str(folder), torch.float32).predict_clean(*one))):
        told, kept, cramped = edited("cramped.wav")
    assert told == ["low_memory"]
    assert kept["rows"] in (2, 4)
    assert np.abs(cramped - roomy).max() < 1e-3


class Loads:
    """An engine that loads tiny models, and how often it did."""

    def __init__(self, monkeypatch, memory):
        self.made, self.files = [], "as they were"
        monkeypatch.setattr("retone_engine.models.fingerprint", lambda name: self.files)
        monkeypatch.setattr("retone_engine.device.main_memory", lambda: memory)
        monkeypatch.setattr("retone_engine.models.load", self.load)
        self.engine = Engine(CUDA, "any")

    def load(self, name, device, dtype):
        self.made.append(Placed(Parts(room=12)))
        return self.made[-1]

    @property
    def there(self):
        return [bool(placed.model.there) for placed in self.made]


def test_edits_and_directions_in_turn_load_each_precision_once(monkeypatch):
    loads = Loads(monkeypatch, memory=1 << 40)
    narrow = loads.engine.model("any", torch.bfloat16)
    wide = loads.engine.model("any", torch.float32)
    assert loads.there == [False, True], "the other one waits in main memory"
    assert loads.engine.model("any", torch.bfloat16) is narrow
    assert loads.there == [True, False]
    assert loads.engine.model("any", torch.float32) is wide
    assert len(loads.made) == 2
    loads.engine.model("another", torch.float32)
    assert loads.engine.model("any", torch.bfloat16) is not narrow


def test_where_the_device_is_full_what_is_kept_for_the_next_edit_goes_first(monkeypatch):
    engine = Loads(monkeypatch, memory=1 << 40).engine
    model = engine.model("any", torch.bfloat16)
    engine.kept.put("an inversion", 1, 1)
    model.model.a_row = 6  # a row fits beside the network, but not beside all parts
    model.predict_clean(torch.zeros(1, 2, 16, 8), schedule(model.path, 0.6, 12).level[slice(0, 1)], model.embed([""]))
    assert engine.kept.size == 0


def test_a_folder_that_holds_another_model_by_now_uses_nothing_of_the_one_before(monkeypatch):
    loads = Loads(monkeypatch, memory=1 << 40)
    narrow = loads.engine.model("any", torch.bfloat16)
    loads.engine.model("another", torch.bfloat16)
    loads.engine.kept.put("an inversion", 1, 1)
    narrow = loads.engine.model("any", torch.bfloat16)
    assert loads.engine.kept.get("an inversion") == 1
    loads.files = "others"
    assert loads.engine.model("any", torch.bfloat16) is narrow
    assert loads.engine.origin("any", narrow)["model_sha256"] == "as they were"
    wide = loads.engine.model("any", torch.float32)
    assert loads.engine.kept.get("an inversion") is None
    assert loads.engine.origin("any", wide)["model_sha256"] == "others"
    assert loads.engine.model("any", torch.bfloat16) is not narrow


def test_on_a_machine_of_little_memory_only_one_is_held(monkeypatch):
    monkeypatch.setattr(Placed, "size", 1 << 30)
    loads = Loads(monkeypatch, memory=3 << 30)
    narrow = loads.engine.model("any", torch.bfloat16)
    loads.engine.model("any", torch.float32)
    assert loads.engine.model("any", torch.bfloat16) is not narrow
    assert len(loads.made) == 3


def test_a_model_too_large_beside_the_other_precision_takes_its_place(monkeypatch):
    loads = Loads(monkeypatch, memory=1 << 40)
    narrow = loads.engine.model("any", torch.bfloat16)
    plain, failed = loads.load, []

    def tight(*asked):
        if not failed:
            failed.append(True)
            raise RetoneError("out_of_memory", "There is too little memory.")
        return plain(*asked)

    monkeypatch.setattr("retone_engine.models.load", tight)
    loads.engine.model("any", torch.float32)
    assert loads.engine.model("any", torch.bfloat16) is not narrow


def test_a_search_whose_exact_products_do_not_fit_goes_on_with_finite_ones(monkeypatch):
    model = RandomUNet()
    placed = Placed(model)
    level = schedule(model.path, 0.6, 12).level[slice(0, 1)]
    x, asked = torch.randn(1, 2, 16, 8), guidance(model, "first", 1)
    forward = torch.func.jvp

    def full(*arguments):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    exact = directions._products(placed, x, level, asked, None)(x)
    monkeypatch.setattr(torch.func, "jvp", full)
    found = directions._products(placed, x, level, asked, None)(x)
    monkeypatch.setattr(torch.func, "jvp", forward)
    assert not torch.equal(found, exact)
    assert torch.allclose(found, exact, atol=0.05 * float(exact.abs().max()))


CRAMPED = """
import resource, torch
from retone_engine import models
from retone_engine.path import schedule
from retone_engine.request import RetoneError
torch.set_num_threads(1)
model = models.load("pocket", torch.device("cpu"), torch.float32)
level = schedule(model.path, 0.6, 100).level[slice(0, 16)]
x = torch.randn(16, 16, 64, 32)
text = model.embed(["a piano"]).rows(16)
model.predict_clean(x[:1], level[slice(0, 1)], text[slice(0, 1)])

def leave(room):
    taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + room, resource.RLIM_INFINITY))

leave(48 << 20)
print(len(model.predict_clean(x, level, text)), model.limits["rows"])
leave(0)
try:
    model.predict_clean(torch.randn(1, 16, 1024, 32), level[slice(0, 1)], text[slice(0, 1)])
except RetoneError as error:
    print(error.code)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process to an address space")
def test_a_machine_whose_memory_is_full_is_met_the_same_way():
    done = subprocess.run([sys.executable, "-c", CRAMPED], capture_output=True, text=True)
    rows, limit, code = done.stdout.split() or done.stderr[-1000:]
    assert (int(rows), code) == (16, "out_of_memory")
    assert int(limit) < 16
