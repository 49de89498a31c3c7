"""Settings of the tests proper."""

from hypothesis import settings

# How long an example takes says nothing about the code: machines differ, and other tests run beside this one.
settings.register_profile("course", deadline=None)
settings.load_profile("course")
