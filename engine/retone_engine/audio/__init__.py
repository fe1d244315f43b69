"""Audio: from a file to what a model takes, and from what it gives back to an exact file.

Samples are float32 numpy arrays of shape (channels, frames) everywhere. No torch here.
"""

from retone_engine.audio.atomic import free, place
from retone_engine.audio.files import Clip, Info, Samples, probe, read
from retone_engine.audio.fitting import Fitted, Prepared, fit, prepare
from retone_engine.audio.joins import Mask, mask_of
from retone_engine.audio.rates import resample
from retone_engine.audio.wav import read_text, write

__all__ = [
    "Clip",
    "Fitted",
    "Info",
    "Mask",
    "Prepared",
    "Samples",
    "fit",
    "free",
    "mask_of",
    "place",
    "prepare",
    "probe",
    "read",
    "read_text",
    "resample",
    "write",
]
