"""The report in a few sentences, made from its numbers."""

SHOWN_RISK = 0.2


def summary(sections: dict) -> list[str]:
    """Return what a reader in a hurry should know, one sentence a part that was not left out."""
    writers = {
        "answers": _answers,
        "leaderboard": _leaderboard,
        "calibration": _calibration,
        "threshold": _threshold,
        "verbalised": _verbalised,
    }
    return [
        write(sections[name])
        for name, write in writers.items()
        if name in sections and sections[name]["left_out"] is None
    ]


def interval_words(record: dict | None) -> str:
    """Return a value with its interval as the course prints it, ``0.79 [0.75, 0.83]``."""
    if record is None or record["value"] is None:
        return "not defined"
    value = two_decimals(record["value"])
    if record["low"] is None:
        return value
    return f"{value} [{two_decimals(record['low'])}, {two_decimals(record['high'])}]"


def two_decimals(value: float) -> str:
    """Return a number with two decimals; -0.00 is 0.00."""
    return f"{round(value, 2) + 0.0:.2f}"


def best_row(part: dict) -> dict:
    """Return the doubt with the highest AUROC, controls aside."""
    return next(row for row in part["rows"] if not row["is_control"])


def _answers(part: dict) -> str:
    return (
        f"{part['right_count']} of {part['count']} answers are right: a share of "
        f"{interval_words(part['right'])}."
    )


def _leaderboard(part: dict) -> str:
    best = best_row(part)
    length = next(row for row in part["rows"] if row["measure"] == "length")
    beyond = {
        "shows": "and tells more than the length of the answer does",
        "weak": "and perhaps tells more than the length of the answer does, but not clearly",
        "does not show": "but does not tell more than the length of the answer does",
        "the opposite": "but points the wrong way among answers of equal length",
        None: "and could not be compared with the length of the answer",
    }[best["over_length"]["verdict"]]
    return (
        f'The doubt that ranks wrong answers best is "{best["label"]}", AUROC '
        f"{interval_words(best['auroc'])} (0.5 is chance, the length alone has "
        f"{interval_words(length['auroc'])}), {beyond}."
    )


def _calibration(part: dict) -> str:
    ece = {row["name"]: row["ece"] for row in part["rows"]}
    confident = "too sure" if part["mean_confidence"] > part["share_right"] else "too modest"
    return (
        f"The mean token probability is {part['mean_confidence']:.2f} where "
        f"{part['share_right']:.2f} of the answers are right: on average {confident}. Its "
        f"calibration error is {interval_words(ece['as it is'])}, and "
        f"{interval_words(ece['Platt'])} after Platt scaling, on answers the scaling has not seen."
    )


def _threshold(part: dict) -> str:
    row = min(part["rows"], key=lambda one: abs(one["wanted"] - SHOWN_RISK))
    if row["threshold"] is None:
        return (
            f'No threshold on "{part["label"]}" kept the share of wrong answers within '
            f"{row['wanted']:.0%}."
        )
    if row["risk"] is None:
        return (
            f"The threshold for at most {row['wanted']:.0%} wrong lets no answer of the other half "
            "through."
        )
    return (
        f'A threshold on "{part["label"]}", set so that at most {row["wanted"]:.0%} are wrong, '
        f"answers {interval_words(row['coverage'])} of new questions, and of these "
        f"{interval_words(row['risk'])} are wrong. {_promise(part)}"
    ).rstrip()


def _promise(part: dict) -> str:
    """Return what can be promised; nothing for a report from before promises were made."""
    promised = part.get("promised")
    if promised is None or promised["left_out"]:
        return ""
    row = min(promised["rows"], key=lambda one: abs(one["wanted"] - SHOWN_RISK))
    level = f"at level {1 - promised['delta']:.2f}"
    if row["threshold"] is None:
        return f"No threshold can promise {row['wanted']:.0%} {level}."
    return (
        f"A threshold that promises {row['wanted']:.0%} {level} answers "
        f"{interval_words(row['coverage'])}."
    )


def _verbalised(part: dict) -> str:
    row = part["rows"][0]
    follows = (
        f"Asked how sure it is of {part['asked']} of its answers, it states a number for a share "
        f"of {interval_words(part['follow_rate'])}"
    )
    if row["auroc"] is None:
        return f"{follows}; how well that number separates right from wrong cannot be judged here."
    return f"{follows}. The AUROC of that number is {interval_words(row['auroc'])}."
