"""What every test shares: how many examples hypothesis tries."""

import os

from hypothesis import settings

settings.register_profile("dev", max_examples=100, deadline=None)
settings.register_profile("ci", max_examples=20, deadline=None, derandomize=True)
# Without compiled kernels, under coverage: the same laws on fewer cases.
settings.register_profile("coverage", max_examples=10, deadline=None, derandomize=True)

default = "ci" if os.environ.get("CI") else "dev"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", default))
