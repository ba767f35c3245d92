"""Tables from files and into files; nothing here knows what the tables mean."""
