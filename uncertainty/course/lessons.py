"""The lessons in their order, with the minutes they take to read and the seconds to run."""

from typing import NamedTuple


class Lesson(NamedTuple):
    """One notebook, ``notebooks/NN_name.ipynb``.

    `seconds` is the first "Run all" on the reference machine: two cores, no GPU, the model cached.
    """

    number: str
    name: str
    title: str
    minutes: int
    seconds: int

    @property
    def file(self) -> str:
        """The notebook's file name."""
        return f"{self.number}_{self.name}.ipynb"


class Part(NamedTuple):
    """A part of the course: from one lesson to the next part's first."""

    title: str
    first: str  # the name of its first lesson
    asks: str


# The order of the course: the place in this list is a lesson's number. After a change of the order,
# `make order` renames the notebooks and rewrites every mention and link.
IN_ORDER = (
    ("start_here", "Start here", 15, 20),
    ("generation_with_scores", "Generation with scores", 40, 25),
    ("token_uncertainty", "Token uncertainty", 45, 35),
    ("is_it_any_good", "Is the doubt worth anything?", 35, 40),
    ("answer_only_when_sure", "Answer only when sure", 40, 40),
    ("logtoku", "LogTokU", 30, 20),
    ("logtoku_on_trial", "LogTokU on trial", 30, 50),
    ("verbalised_confidence", "Verbalised confidence", 40, 110),
    ("asking_again", "Asking again", 30, 75),
    ("judging_itself", "Judging itself, and what doubt costs", 30, 60),
    ("logit_lens", "The logit lens", 35, 40),
    ("lens_on_trial", "The lens on trial", 35, 90),
    ("residual_trajectories", "Residual trajectories", 45, 55),
    ("trajectory_geometry", "More of the residual trajectories", 45, 85),
    ("entropy_lens", "Entropy lens", 40, 80),
    ("decisions_through_depth", "Decisions through depth", 35, 60),
    ("profiles_compared", "What can a profile tell?", 35, 60),
    ("doubt_direction", "The doubt is a direction", 45, 130),
    ("last_layer_geometry", "The last layer's geometry", 35, 75),
    ("who_writes_there", "Which neurons write there?", 30, 45),
    ("entropy_neurons", "Entropy neurons", 35, 120),
    ("entropy_neurons_at_work", "Entropy neurons at work", 35, 120),
    ("doubt_and_frequency", "Doubt and word frequency", 35, 60),
    ("token_frequency_neurons", "Token-frequency neurons", 35, 120),
    ("neurons_and_answers", "Do these neurons matter for an answer?", 35, 145),
    ("induction", "Induction", 40, 170),
    ("hedging", "Hedging on a repeat", 40, 80),
    ("hedge_on_trial", "The hedge on trial", 35, 115),
    ("prompt_or_model", "Is the question open, or does the model not know?", 35, 25),
    ("wrong_fact", "Does a wrong fact stick out?", 35, 50),
    ("guarantee", '"I don\'t know", with a guarantee', 35, 40),
    ("sets_and_limits", "How far does a promise reach?", 35, 40),
    ("known_truth", "A language whose truth is known", 45, 60),
    ("any_model", "Any model", 35, 40),
    ("which_conclusions", "Which conclusions are about language models?", 35, 10),
    ("capstone", "Your own claim", 45, 40),
)
LESSONS = tuple(Lesson(f"{place:02}", *lesson) for place, lesson in enumerate(IN_ORDER))
PARTS = (
    Part(
        "What the model writes",
        "start_here",
        "Which numbers come with an answer, and what do they mean?",
    ),
    Part(
        "Is the doubt worth anything?",
        "is_it_any_good",
        "Would you have been warned of the wrong answers?",
    ),
    Part(
        "Through the layers",
        "logit_lens",
        "Where on its way through the model does an answer become sure?",
    ),
    Part(
        "Neurons and heads",
        "last_layer_geometry",
        "Which parts of the model make it more or less sure?",
    ),
    Part(
        "Beyond one model",
        "prompt_or_model",
        "What holds for other questions, other models, and by proof?",
    ),
)


def lesson_number(name: str) -> str:
    """Return the number of a lesson, such as "07" for "logit_lens".

    Raises:
        ValueError: there is no such lesson; the message lists those there are.
    """
    numbers = {lesson.name: lesson.number for lesson in LESSONS}
    if name not in numbers:
        raise ValueError(f"there is no lesson called {name!r}; there are: {', '.join(numbers)}.")
    return numbers[name]
