"""Pictures of every page in every form, to be looked at: `python -m tools.pictures FOLDER`."""
