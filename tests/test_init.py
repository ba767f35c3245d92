"""The public names, and what importing them costs."""

import engine


def test_public_names_load():
    assert sorted(engine._HOMES) == sorted(engine.__all__)
    for name in engine.__all__:
        assert getattr(engine, name).__name__ == name


def test_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert engine.__version__ == version("ssa-engine")
    assert set(engine.__all__) < set(dir(engine))
