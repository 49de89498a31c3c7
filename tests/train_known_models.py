"""Train the small models that come with the package anew (for authors; three minutes on one core).

``python tests/train_known_models.py``

Run it after a change of the known language or of how its models are trained, then `make outputs`, and commit
`uncertainty/course/recorded_models` with the notebook of lesson 32. The same training on the same machine makes the
same files; another processor can move last digits.
"""

from uncertainty.course.known_models import (
    RECORDED_MODELS,
    RECORDED_TRAININGS,
    keep_weights,
    recorded_path,
    train_weights,
)


def train_all() -> None:
    wanted = {recorded_path(training) for training in RECORDED_TRAININGS}
    for training in RECORDED_TRAININGS:
        keep_weights(recorded_path(training), *train_weights(training))
    for path in set(RECORDED_MODELS.glob("*")) - wanted:
        path.unlink()


if __name__ == "__main__":
    train_all()
