"""What autoencoder and vocoder lose of the source, given back where the edit left it alone.

Both corrections are the whole loss where nothing changed, and fade with the change: given back everywhere, the old
sound would be heard through the new one, and its silences would carve holes into new notes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from retone_engine.models.mel import MelFrontEnd

# How fast the first fades, in nat of log-mel.
_CHANGE = 1.0
# Magnitude of a bin that is silence: 108 dB below a full-scale sine at the usual 1,024 samples.
_SILENCE = 1e-3


def give_back_mel(edited: Tensor, decoded: Tensor, source: Tensor) -> Tensor:
    """``edited`` with what the autoencoder lost of the source.

    All three are log-mels of one shape: the decoded edit, the decoded source and the source itself.
    """
    weight = torch.exp(-(edited - decoded).abs() / _CHANGE)
    return edited + weight * (source - decoded)


def give_back_wave(edited: Tensor, decoded: Tensor, source: Tensor, front_end: MelFrontEnd) -> Tensor:
    """``edited`` with what the vocoder lost of the source.

    All are sounds (B, samples) or broadcast to it: the vocoder's edit, the vocoder's source, and the source itself. A
    bin in which the first two agree, in size and phase, takes the source's own content; one in which they differ by
    as much as there is takes nothing. An edit that changes nothing gives the source back.
    """
    window = torch.hann_window(front_end.n_fft, dtype=edited.dtype, device=edited.device)

    def spectrum(sound: Tensor) -> Tensor:
        return torch.stft(sound, front_end.n_fft, front_end.hop, window=window, center=True, return_complex=True)

    edit, voice, own = spectrum(edited), spectrum(decoded), spectrum(source)
    differs = (edit - voice).abs() / (voice.abs() + _SILENCE)
    # Smoothed over neighbouring bins and frames: a weight that flickers is heard as chirps.
    weight = F.avg_pool2d((1 - differs).clamp_min(0).square()[:, None], 3, 1, 1, count_include_pad=False)[:, 0]
    mixed = edit + weight * (own - voice)
    return torch.istft(mixed, front_end.n_fft, front_end.hop, window=window, center=True, length=edited.shape[-1])
