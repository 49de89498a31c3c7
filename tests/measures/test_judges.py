"""The judges of entailment: a model asked for yes or no, and a model trained for the task."""

import pytest
import torch

import uncertainty.measures.judges as judges
from uncertainty.measures.judges import model_entails, nli_entails


def test_the_model_as_judge_reads_yes_and_no(monkeypatch):
    batches = []

    def choice_log_probabilities(model, tokenizer, prompts, choices):
        batches.append(prompts)
        first_is_a = ["First answer: a\n" in prompt[0]["content"] for prompt in prompts]
        return torch.tensor([[-1.0, -2.0] if is_a else [-2.0, -1.0] for is_a in first_is_a])

    monkeypatch.setattr(judges, "choice_log_probabilities", choice_log_probabilities)
    judge = model_entails(None, None, batch_size=2)
    assert judge("Q?", [("a", "b"), ("b", "a"), ("a", "c")]) == [True, False, True]
    assert [len(batch) for batch in batches] == [2, 1]
    assert "Second answer: c" in batches[1][0][0]["content"]


def save_bert(folder, labels):
    """Save a tiny random BERT that gives every pair the label 2."""
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 0.0, 1.0]))
    model.save_pretrained(folder)


@pytest.mark.parametrize(
    "labels,verdict",
    [
        (["CONTRADICTION", "NEUTRAL", "ENTAILMENT"], True),
        (["ENTAILMENT", "NEUTRAL", "CONTRADICTION"], False),
    ],
)
def test_a_natural_language_inference_model_can_be_the_judge(tmp_path, labels, verdict):
    save_bert(tmp_path, labels)
    judge = nli_entails(str(tmp_path), device="cpu")
    assert judge("a", [("a", "b"), ("b b", "a")]) == [verdict, verdict]


def test_a_model_without_the_label_is_refused(tmp_path):
    save_bert(tmp_path, ["GOOD", "BAD", "UGLY"])
    with pytest.raises(ValueError, match="not a natural language inference model"):
        nli_entails(str(tmp_path))
