"""A ``run.json`` as far as it says that a folder may be replaced, with a word to know it by."""

import json


def run_text(word: str) -> str:
    """Return what stands in the file."""
    return json.dumps({"arguments": {}, "versions": {"ssa-engine": word}, "rows": {}})


def word_of(text: str) -> str:
    """Return the word that stands there."""
    return json.loads(text)["versions"]["ssa-engine"]
