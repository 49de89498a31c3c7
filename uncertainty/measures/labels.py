"""The words under which tables and figures show the measures of an answer."""

MEASURE_LABELS = {
    # answer_measures
    "naive": "naive",
    "vanilla": "vanilla",
    "sequence_probability_complement": "1 - sequence probability",
    "min_probability_complement": "1 - min probability",
    "mean_margin_complement": "1 - mean margin",
    "perplexity": "perplexity",
    "mean_entropy": "mean entropy",
    "max_entropy": "max entropy",
    "logtoku": "logtoku",
    "aleatoric": "aleatoric",
    "epistemic": "epistemic",
    # newer_measures, and rauq
    "negative_self_certainty": "-self-certainty",
    "negative_tail_confidence": "-tail confidence",
    "negative_lowest_group_confidence": "-lowest group confidence",
    "entropy_production_rate": "entropy production rate",
    "smoothed_surprisal": "smoothed surprisal",
    "rauq": "RAUQ",
    # agreement_measures
    "answer_disagreement": "1 - agreement with the answer",
    "distinct_answers": "distinct answers",
    "semantic_entropy": "semantic entropy",
    "lexical_disagreement": "1 - lexical agreement",
    # embedding_measures, and eigen_score
    "cocoa": "CoCoA",
    "cocoa_by_string": "CoCoA, string rule",
    "semantic_density_complement": "1 - semantic density",
    "kernel_language_entropy": "kernel language entropy",
    "heat_kernel_entropy": "kernel language entropy, heat kernel",
    "semantic_entropy_by_embeddings": "semantic entropy, embeddings",
    "eigen_score": "EigenScore",
}


def measure_label(key: str) -> str:
    """Return a measure's words for display; a key without a label comes back as it is."""
    return MEASURE_LABELS.get(key, key)
