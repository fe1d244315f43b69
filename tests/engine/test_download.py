"""A model is fetched from a hub on the loopback by the hub's own library, whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple

import pytest
import torch

from engine.hub import Hub, serving
from engine.tiny import audioldm, tango
from retone_engine import models
from retone_engine.models import digests, download
from retone_engine.request import RetoneError

NAME = "audioldm-s-full-v2"
REPOSITORY = f"cvssp/{NAME}"
NETWORK = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """What is published: a tiny AudioLDM, the same weights twice, and things beside it that nobody needs."""
    folder = audioldm.save(tmp_path_factory.mktemp("published"))
    shutil.rmtree(folder / "bpe", ignore_errors=True)
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(bytes(5000))
    (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(bytes(5000))
    (folder / "audioldm-s-full-v2.ckpt").write_bytes(bytes(5000))
    (folder / "README.md").write_text("# AudioLDM")
    return folder


@pytest.fixture
def hub(checkpoint):
    with serving(Hub({REPOSITORY: checkpoint})) as hub:
        yield hub


@pytest.fixture(autouse=True)
def a_user_of_ones_own(tmp_path, monkeypatch):
    """No token, no models, and nobody who waits long."""
    monkeypatch.setattr(digests, "_place", lambda: tmp_path / "digests.json")
    monkeypatch.setattr(models, "models_folder", lambda: tmp_path / "models")
    monkeypatch.setattr(download, "models_folder", lambda: tmp_path / "models")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(download, "_PAUSES", (0.0, 0.0))
    return tmp_path


def get(hub, tell=lambda *told: None, to=None, name=NAME):
    return download.get(name, to, tell, endpoint=hub.url)


def refused(code, *arguments, **named):
    with pytest.raises(RetoneError) as refusal:
        get(*arguments, **named)
    assert refusal.value.code == code
    return refusal.value.message


def here():
    return [listed.name for listed in models.listing() if listed.here]


def test_a_model_comes_whole_and_can_be_loaded(hub, checkpoint):
    folder = get(hub)
    assert folder == models.models_folder() / NAME
    came = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    wanted = {path.relative_to(checkpoint).as_posix() for path in checkpoint.rglob("*") if path.is_file()}
    beside = {
        "audioldm-s-full-v2.ckpt",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.fp16.safetensors",
    }
    assert came == sorted(wanted - beside)
    assert all((folder / path).read_bytes() == (checkpoint / path).read_bytes() for path in came)
    assert here() == ["pocket", NAME]
    assert models.load(NAME, torch.device("cpu"), torch.float32).sample_rate == 16000


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_folder_that_it_shares_with_the_service_is_nobody_else_s_to_read(hub, monkeypatch, tmp_path):
    monkeypatch.setattr(download, "models_folder", lambda: tmp_path / "data" / "retone" / "models")
    get(hub)
    assert (tmp_path / "data" / "retone").stat().st_mode & 0o777 == 0o700


def test_files_that_come_packed_are_unpacked(hub):
    hub.packed = True
    assert (get(hub) / "README.md").read_text() == "# AudioLDM"


def test_what_the_hub_says_of_a_file_is_not_read_from_it_again(hub, monkeypatch):
    monkeypatch.setattr(digests, "LARGE", 4096)
    get(hub)
    known = models.fingerprint(NAME)
    monkeypatch.setattr(digests, "LARGE", 1 << 40)
    assert known == models.fingerprint(NAME)
    (kept,) = [entry for path, entry in digests._kept().items() if path.endswith(NETWORK)]
    assert kept[2] == digests.digest(models.models_folder() / NAME / NETWORK).hex()


def test_a_model_of_two_repositories_comes_into_one_folder(tmp_path):
    whole = tango.save(tmp_path / "whole")
    shutil.copytree(whole / "text_encoder", tmp_path / "t5")
    shutil.rmtree(whole / "text_encoder")
    with serving(Hub({"declare-lab/tango2": whole, "google/flan-t5-large": tmp_path / "t5"})) as hub:
        folder = get(hub, name="tango2")
    assert (folder / "text_encoder" / "tokenizer.json").is_file() and models.find("tango2") == folder


@pytest.mark.parametrize("stages", [{"download"}, {"download", "check"}])
def test_its_progress_ends_where_everything_has_come(hub, monkeypatch, stages):
    monkeypatch.setattr(download, "_LONG", 10000 if "check" in stages else 1 << 28)
    told = []
    get(hub, lambda *step: told.append(step))
    done, total = zip(*((done, total) for _, done, total in told), strict=True)
    assert len(set(total)) == 1 and done[-1] == total[0] and list(done) == sorted(done)
    assert {stage for stage, _, _ in told} == stages


def test_what_is_here_is_not_fetched_again(hub):
    get(hub)
    hub.asked.clear()
    get(hub)
    assert not hub.asked


def test_a_connection_that_breaks_is_taken_up_again_and_nothing_comes_twice(hub, checkpoint):
    hub.broken[NETWORK] = 100_000
    folder = get(hub)
    assert (folder / NETWORK).read_bytes() == (checkpoint / NETWORK).read_bytes()
    ranges = [
        asked.byte_range for asked in hub.asked if asked.path.startswith("/store/") and asked.path.endswith(NETWORK)
    ]
    assert len(ranges) > 2 and ranges[0] is None
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for asked in ranges[1:]]
    assert starts == sorted(set(starts)) and starts[0] > 0


def test_what_is_broken_off_is_no_model_and_a_second_get_goes_on_with_it(hub, checkpoint):
    size = (checkpoint / NETWORK).stat().st_size

    def interrupted(stage, done, total):
        if done > total - size / 4:  # the network is the largest file, and so the last
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(hub, interrupted)
    part = models.models_folder() / f"{NAME}.part"
    assert (part / "model_index.json").is_file() and here() == ["pocket"]
    for name in (NAME, str(part)):
        with pytest.raises(RetoneError, match=f"retone models get {NAME}"):
            models.find(name)
    sent, hub.sent = hub.sent, 0
    hub.asked.clear()
    folder = get(hub)
    assert (folder / NETWORK).read_bytes() == (checkpoint / NETWORK).read_bytes()
    assert hub.files_asked() == [NETWORK] and 0 < hub.sent < size / 2 < sent
    assert not part.exists()


def test_a_hub_that_knows_no_ranges_is_asked_from_the_start(hub, checkpoint):
    part = models.models_folder() / f"{NAME}.part" / f"{NETWORK}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes((checkpoint / NETWORK).read_bytes()[:5000])
    hub.ranges = False
    assert (get(hub) / NETWORK).read_bytes() == (checkpoint / NETWORK).read_bytes()


@pytest.mark.parametrize("longer", [False, True])
def test_what_lies_there_of_another_version_is_thrown_away(hub, checkpoint, longer):
    part = models.models_folder() / f"{NAME}.part" / f"{NETWORK}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes((checkpoint / NETWORK).stat().st_size + 100 if longer else 9000))
    (part.parent / "config.json").write_text("{}")
    folder = get(hub)
    for path in (NETWORK, "unet/config.json"):
        assert (folder / path).read_bytes() == (checkpoint / path).read_bytes()


@pytest.mark.parametrize("spoilt", [NETWORK, "scheduler/scheduler_config.json"])
def test_a_file_with_another_hash_is_not_kept(hub, spoilt):
    hub.spoilt.add(spoilt)
    message = refused("bad_model", hub)
    assert spoilt in message
    assert not list(models.models_folder().rglob(f"{spoilt}*")) and here() == ["pocket"]


def test_a_hub_that_has_no_time_is_asked_again(hub):
    tries = iter(range(100))

    def busy(stage, done, total):
        if next(tries) == 3:
            hub.out_of_order = 2

    assert get(hub, busy).is_dir()


def test_without_a_network_it_says_so(hub, tmp_path):
    hub.url = "http://127.0.0.1:9"  # nobody answers there
    message = refused("not_running", hub)
    assert "cannot be reached" in message and message.endswith(f"retone models get {NAME}")
    (tmp_path / "disk").mkdir()
    assert refused("not_running", hub, to=tmp_path / "disk").endswith(f"get {NAME} --to {tmp_path / 'disk'}")


def test_a_connection_that_never_comes_back_leaves_what_came(hub):
    hub.broken[NETWORK] = 0
    refused("not_running", hub)
    assert (models.models_folder() / f"{NAME}.part" / "model_index.json").is_file()


@pytest.mark.parametrize("when", ["at once", "in the middle"])
def test_a_network_that_wants_a_login_first_spoils_nothing(hub, when):
    part = models.models_folder() / f"{NAME}.part" / f"{NETWORK}.part"

    def login(stage, done, total):
        if part.is_file() and part.stat().st_size > 50_000:
            hub.portal = True

    hub.portal = when == "at once"
    hub.broken[NETWORK] = 100_000
    assert "something else answers" in refused("not_running", hub, login)
    assert when == "at once" or part.stat().st_size > 50_000
    hub.portal = False
    assert get(hub).is_dir()


@pytest.mark.parametrize("token", ["hf_expired", "hf_ma\u00eftre"])
def test_a_token_that_has_expired_or_is_none_is_told(hub, monkeypatch, token):
    monkeypatch.setenv("HF_TOKEN", token)
    message = refused("not_allowed", hub)
    assert "hf auth login" in message and token not in message


def test_where_the_library_is_to_stay_offline_it_does(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE" in refused("not_running", hub)
    assert not hub.asked


def test_a_gated_model_is_explained(hub, monkeypatch):
    hub.gated.add(REPOSITORY)
    hub.tokens.add("hf_mine")
    message = refused("not_allowed", hub)
    for told in ("No token is known", f"/{REPOSITORY}", "/settings/tokens", "hf auth login", "HF_TOKEN", f"get {NAME}"):
        assert told in message
    monkeypatch.setenv("HF_TOKEN", "hf_anothers")
    message = refused("not_allowed", hub)
    assert "has not accepted" in message and "hf_anothers" not in message


@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_token_opens_a_gated_model_and_is_told_to_nobody_but_the_hub(hub, monkeypatch, tmp_path, place):
    hub.gated.add(REPOSITORY)
    hub.tokens.add("hf_mine")
    if place == "file":
        (tmp_path / "token").write_text("hf_mine\n")
    else:
        monkeypatch.setenv("HF_TOKEN", "hf_mine")
    assert get(hub).is_dir()
    asked_of = {"hub": set(), "store": set()}
    for asked in hub.asked:
        asked_of["store" if asked.path.startswith("/store/") else "hub"].add(asked.authorization)
    assert asked_of == {"hub": {"Bearer hf_mine"}, "store": {None}}


@pytest.mark.parametrize("name", ["unet/config.json", NETWORK])
def test_a_file_without_end_takes_no_more_room_than_it_should(hub, name):
    hub.endless.add(name)
    hub.ranges = False
    assert "something else answers" in refused("not_running", hub)
    came = models.models_folder() / f"{REPOSITORY.partition('/')[2]}.part" / f"{name}.part"
    assert came.stat().st_size <= (hub.repositories[REPOSITORY] / name).stat().st_size


@pytest.mark.parametrize(
    "name",
    [
        *("../x.json", "C:/x.json", "LICENSE\0", "unet/a:b.json", "nul/x.json", "unet/CON.json"),
        *("LICENSE\n", "LICENSE\x1b[31m", "unet/x\\y.json", "LICENSE.", "unet/lpt1.json", f"LICENSE{'x' * 300}"),
    ],
)
def test_names_that_are_none_of_a_folder_s_are_refused(hub, name):
    hub.stated[name] = {}
    assert refused("bad_model", hub).isprintable()
    assert not hub.files_asked() and not (models.models_folder() / NAME).exists()


@pytest.mark.parametrize(
    "stated",
    [{"size": size} for size in (-1, "12", None, 1.5, [])] + [{"blobId": None}, {"blobId": 5}],
)
def test_sizes_and_hashes_that_are_none_are_refused(hub, stated):
    hub.stated["unet/config.json"] = stated
    refused("bad_model", hub)
    assert not hub.files_asked()


@pytest.mark.parametrize("size", [10**18, 1])
def test_a_size_that_is_not_true_ends_in_words(hub, size):
    hub.stated["unet/config.json"] = {"size": size}
    refused("disk_full" if size > 1 else "not_running", hub)


def test_a_repository_that_is_not_whole_any_more_leaves_no_model(hub, tmp_path, checkpoint):
    hub.repositories[REPOSITORY] = shutil.copytree(checkpoint, tmp_path / "less")
    (tmp_path / "less" / "model_index.json").unlink()
    assert "no whole" in refused("bad_model", hub)
    shutil.rmtree(tmp_path / "less")
    (tmp_path / "less").mkdir()
    assert "no whole" in refused("bad_model", hub)
    assert here() == ["pocket"]
    hub.repositories[REPOSITORY] = checkpoint
    assert get(hub).is_dir()


def test_a_token_does_not_follow_a_repository_that_has_moved_to_another_host(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    hub.moved = True
    assert get(hub).is_dir()
    assert {asked.authorization for asked in hub.asked if asked.moved} == {None}


@pytest.mark.parametrize("endpoint", ["nonsense", "http://[", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_told(hub, endpoint):
    hub.url = endpoint
    refused("not_running", hub)


def test_a_disk_without_room_is_told_before_anything_comes(hub, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(download.shutil, "disk_usage", lambda place: usage(1 << 40, 1 << 40, (1 << 28) + 1000))
    assert "GB are to come" in refused("disk_full", hub)
    assert not hub.files_asked()


def test_it_goes_where_it_is_told_to(hub, tmp_path):
    (tmp_path / "disk").mkdir()
    folder = get(hub, to=tmp_path / "disk")
    assert folder == tmp_path / "disk" / NAME and models.find(str(folder)) == folder
    assert here() == ["pocket"]
    refused("no_such_folder", hub, to=tmp_path / "nowhere")


def test_a_folder_that_is_in_the_way_stays_as_it_is(hub):
    mine = models.models_folder() / NAME / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert "in the way" in refused("output_exists", hub)
    assert mine.read_text() == "mine" and not hub.asked


def test_an_unknown_model_lists_the_known_ones(hub):
    message = refused("unknown_model", hub, name="audioldm3")
    assert NAME in message and "stable-audio-open-1.0" in message
    del hub.repositories[REPOSITORY]
    assert REPOSITORY in refused("unknown_model", hub)


def test_two_at_a_time_are_one_too_many(hub):
    def another(stage, done, total):
        assert "already" in refused("busy", hub)

    get(hub, another)


def test_a_place_that_cannot_be_written_is_told(hub):
    models.models_folder().write_text("a file, where the folder should be")
    refused("cannot_write", hub)
