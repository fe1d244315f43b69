"""Puts Retone where other programs look for it: scripts into REAPER, the service among what starts at login.

Nothing here changes a file that is not Retone's own, or that its owner has changed since.
"""
