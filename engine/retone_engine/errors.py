"""Every way a request can fail, and every warning about a result, as words that programs and people share."""

from __future__ import annotations

CODES = {
    "bad_request": "The message itself is wrong: a name, a type, a range.",
    "id_reused": "A job of this id was asked for with other contents.",
    "unknown_job": "No job of this id is known.",
    "unknown_preset": "No preset of this name is kept.",
    "preset_exists": "A preset of this name is there already, with other settings.",
    "no_such_file": "The clip is not there.",
    "not_a_file": "The path is a folder, a device or another thing that is no regular file.",
    "clip_changed": "The clip is no longer the file that was asked for.",
    "unreadable_audio": "The file holds no audio that can be read.",
    "empty_audio": "The file or the region holds no frames.",
    "bad_samples": "The audio holds samples that are no numbers (NaN or infinite).",
    "bad_region": "The region lies outside the file.",
    "bad_mask": "The mask lies outside the region.",
    "not_allowed": "This host may not ask for that; it needs the service's token.",
    "outside_roots": "The path lies outside the folders the service may use.",
    "no_such_folder": "The output folder is not there.",
    "output_exists": "The output is there already, and nothing is overwritten unasked.",
    "cannot_write": "The output cannot be written.",
    "disk_full": "The disk is full.",
    "unknown_model": "No model of this name is here.",
    "bad_model": "The model's files are damaged or not of a kind that Retone loads.",
    "unsupported": "The model or method cannot do this.",
    "out_of_memory": "The device has too little memory.",
    "device_error": "The device failed, or is not there.",
    "worker_crashed": "The engine process died during this job, twice.",
    "worker_hung": "The engine said nothing for too long and was ended.",
    "cancelled": "The job was cancelled.",
    "busy": "Too many jobs are waiting.",
    "not_running": "No service answers.",
    "port_in_use": "Another program holds the port.",
    "internal": "A fault of Retone's own.",
}


class RetoneError(Exception):
    """A failure that the asker can understand: ``code`` is one of ``CODES``, ``message`` says what to do."""

    def __init__(self, code: str, message: str) -> None:
        if code not in CODES:
            raise ValueError(f"{code!r} is not an error code")
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[RetoneError], tuple[str, str]]:
        return type(self), (self.code, self.message)


WARNINGS = {
    "unknown_words": "The prompt holds no word that the model knows.",
    "level": "The loudness could not be matched, as the peak limit wins.",
    "mono": "The clip's stereo image could not be kept.",
    "device": "A slower device than asked for is in use.",
    "low_memory": "The device has too little memory to work at its full speed.",
    "distilled": "The model is distilled to few steps: it keeps less of a clip, and guidance is built into it.",
    "unsettled": "A direction was still turning when the search for it ended; it is only roughly right.",
    "begun_again": "The engine process died during this job, which is begun once more.",
    "held": "The engine or the service's model is not to be had; the job is kept until it is.",
}
