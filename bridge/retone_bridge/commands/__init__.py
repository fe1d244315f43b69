"""One file a command: ``add`` says what it takes, ``run`` does it and gives the exit status."""
