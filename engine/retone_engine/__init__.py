"""The engine: audio, models and mathematics. It opens no socket and no database."""
