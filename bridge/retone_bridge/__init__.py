"""The bridge: OSC, jobs and files. It imports no torch and starts in a blink."""
