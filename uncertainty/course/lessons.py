"""The lessons there are, with the minutes they take to read and the seconds they take to run."""

from typing import NamedTuple


class Lesson(NamedTuple):
    """One notebook.

    `seconds` is the first "Run all" on the reference machine: two cores, no GPU, the model cached.
    """

    number: str
    file: str
    title: str
    minutes: int
    seconds: int


LESSONS = (
    Lesson("00", "00_start_here.ipynb", "Start here", 15, 20),
    Lesson("01", "01_generation_with_scores.ipynb", "Generation with scores", 40, 25),
    Lesson("02", "02_verbalised_confidence.ipynb", "Verbalised confidence", 40, 110),
    Lesson("03", "03_token_uncertainty.ipynb", "Token uncertainty", 45, 35),
    Lesson("04", "04_logtoku.ipynb", "LogTokU", 50, 60),
    Lesson("05", "05_is_it_any_good.ipynb", "Is the doubt worth anything?", 50, 40),
    Lesson("06", "06_asking_again.ipynb", "Asking again", 45, 75),
    Lesson("07", "07_logit_lens.ipynb", "The logit lens", 45, 90),
    Lesson("08", "08_residual_trajectories.ipynb", "Residual trajectories", 45, 55),
    Lesson("09", "09_entropy_lens.ipynb", "Entropy lens", 40, 80),
    Lesson("10", "10_last_layer_geometry.ipynb", "The last layer's geometry", 45, 75),
    Lesson("11", "11_entropy_neurons.ipynb", "Entropy neurons", 45, 120),
    Lesson("12", "12_doubt_and_frequency.ipynb", "Doubt and word frequency", 35, 60),
    Lesson("13", "13_token_frequency_neurons.ipynb", "Token-frequency neurons", 45, 115),
    Lesson("14", "14_induction.ipynb", "Induction", 40, 115),
    Lesson("15", "15_hedging.ipynb", "Hedging on a repeat", 45, 150),
    Lesson("16", "16_trajectory_geometry.ipynb", "More of the residual trajectories", 45, 85),
    Lesson("17", "17_decisions_through_depth.ipynb", "Decisions through depth", 40, 75),
    Lesson(
        "18",
        "18_prompt_or_model.ipynb",
        "Is the question open, or does the model not know?",
        45,
        45,
    ),
    Lesson("19", "19_any_model.ipynb", "Any model", 45, 60),
    Lesson("20", "20_doubt_direction.ipynb", "The doubt is a direction", 45, 120),
)
