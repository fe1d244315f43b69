"""The cords: parameters to the script, the script to the network and to the face, audio straight through."""

from patch.boxes import Patch
from patch.controls import CONTROLS, Control
from patch.faces import HEARD
from patch.widgets import box_of

SERVICE_PORT, REPLY_PORT = 9130, 9131
HOST = "127.0.0.1"
# These read the prompt and the model first: what was typed and not ended with Enter must count.
READS_TEXTS = ("edit", "find", "steer")


def wire(patch: Patch, script: str) -> None:
    """Adds what is behind the face, and every cord."""
    device = patch.object("device", f"js {script}", saved_object_attributes={"filename": script, "parameter_enable": 0})
    patch.object("ready", "live.thisdevice")
    # First (from the right) every parameter tells its value, then the script hears that it is ready.
    patch.object("values_first", "t b b")
    patch.chain("ready", "values_first", device)
    # When the script itself hears that it goes, nothing promises that its cords are still there.
    patch.object("going", "freebang")
    patch.message("leave", "leave")
    patch.chain("going", "leave", device)
    for control in CONTROLS:
        _to_device(patch, control, box_of(control), device)
    _network(patch, device)
    _answers(patch, device)
    patch.object("audio_in", "plugin~")
    patch.object("audio_out", "plugout~")
    for channel in (0, 1):
        patch.cord("audio_in", "audio_out", channel, channel)


def _to_device(patch: Patch, control: Control, box: str, device: str) -> None:
    if control.is_button:
        _button(patch, control, box, device)
        return
    # A text comes as `text ...`: behind that word nothing that is typed can be taken for a message to these boxes.
    said = patch.object(f"{box}_said", f"prepend {control.word}")
    patch.chain(box, said, device)
    if control.maxclass == "live.text":
        # A bang would turn the switch over.
        patch.message(f"{box}_value", "outputvalue")
        patch.cord("values_first", f"{box}_value", outlet=1)
        patch.cord(f"{box}_value", box)
    else:
        patch.cord("values_first", box, outlet=1)


def _button(patch: Patch, control: Control, box: str, device: str) -> None:
    word = patch.message(f"{box}_pressed", control.word)
    patch.cord(word, device)
    if control.word not in READS_TEXTS:
        patch.cord(box, word)
        return
    patch.object(f"{box}_texts_first", "t b b b")
    patch.chain(box, f"{box}_texts_first", word)
    patch.cord(f"{box}_texts_first", "setup_model", outlet=1)
    patch.cord(f"{box}_texts_first", "edit_prompt", outlet=2)


def _network(patch: Patch, device: str) -> None:
    patch.object("to_service", f"udpsend {HOST} {SERVICE_PORT}")
    # Deferred, as else packets come by Max's timer, and those that come together may reach the script in any order.
    patch.object("from_service", f"udpreceive {REPLY_PORT} @defer 1")
    # The port is ours when what is sent to it comes back.
    patch.object("to_itself", f"udpsend {HOST} {REPLY_PORT}")
    patch.cord("from_service", device)
    for outlet, box in enumerate(("to_service", "from_service", "to_itself")):
        patch.cord(device, box, outlet)


def _answers(patch: Patch, device: str) -> None:
    targets = {**HEARD, "seed": ["edit_seed"]}
    patch.object("answers", "route " + " ".join(targets))
    patch.cord(device, "answers", outlet=3)
    for outlet, boxes in enumerate(targets.values()):
        for box in boxes:
            patch.cord("answers", box, outlet)
