"""Options of a chat template: they reach the prompt, or are refused with a sentence."""

import copy

import pytest
import torch

from uncertainty import choice_log_probabilities, generate, load_model, prompt_token_ids, score
from uncertainty.generation.chat_templates import unread_variables

THINKING = "{% if enable_thinking is defined and enable_thinking is false %}<think>none{% endif %}"
OFF = {"enable_thinking": False}


@pytest.fixture(scope="module")
def thinking():
    """The tiny model with a chat template that knows ``enable_thinking``."""
    model, tokenizer = load_model("tiny")
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.chat_template += THINKING
    return model, tokenizer


def test_an_option_reaches_the_prompt(thinking):
    _, tokenizer = thinking
    plain = tokenizer.decode(prompt_token_ids(tokenizer, "Hello"))
    changed = tokenizer.decode(prompt_token_ids(tokenizer, "Hello", template_options=OFF))
    assert changed == plain + "<think>none"


def test_every_door_passes_it_on(thinking):
    model, tokenizer = thinking
    expected = prompt_token_ids(tokenizer, "Hello", template_options=OFF)
    for answer in (
        generate(model, tokenizer, "Hello", max_new_tokens=2, template_options=OFF),
        *generate(model, tokenizer, ["Hello"] * 2, max_new_tokens=2, template_options=OFF),
        score(model, tokenizer, "Hello", "you", template_options=OFF),
    ):
        assert torch.equal(answer.prompt_ids, expected)
    log_p = choice_log_probabilities(
        model, tokenizer, ["Hello"], choices=["a", "b"], template_options=OFF
    )
    forced = score(model, tokenizer, "Hello", "a", template_options=OFF)
    a = forced.token_ids[0]
    assert torch.allclose(log_p[0, 0], forced.logits[0].log_softmax(-1)[a], atol=1e-5)


def test_no_options_are_no_options(thinking):
    _, tokenizer = thinking
    plain = prompt_token_ids(tokenizer, "Hello")
    assert torch.equal(prompt_token_ids(tokenizer, "Hello", template_options={}), plain)
    without_chat = prompt_token_ids(tokenizer, "Hello", chat=False, template_options={})
    assert tokenizer.decode(without_chat) == "Hello"


def calls(model, tokenizer, **options):
    """The four functions that take template options, ready to be called."""
    return (
        lambda: generate(model, tokenizer, "Hello", **options),
        lambda: score(model, tokenizer, "Hello", "you", **options),
        lambda: choice_log_probabilities(
            model, tokenizer, ["Hello"], choices=["a", "b"], **options
        ),
        lambda: prompt_token_ids(tokenizer, "Hello", **options),
    )


@pytest.mark.parametrize(
    "options,words",
    [
        (dict(template_options=OFF, chat=False), r"\['enable_thinking'\] have no effect with chat"),
        (dict(template_options={"enable_thoughts": False}), "reads no variable 'enable_thoughts'"),
        (dict(template_options={"thinking": False}), "reads no variable 'thinking'"),
        (dict(template_options=OFF | {"padding": True}), r"cannot hold \['padding'\]"),
        (dict(template_options={"tokenize": False}), r"cannot hold \['tokenize'\]"),
        (dict(template_options={"return_dict": False}), r"cannot hold \['return_dict'\]"),
        (dict(template_options={"add_generation_prompt": True}), "cannot hold"),
        (dict(template_options={"continue_final_message": True}), "cannot hold"),
        (dict(template_options={"messages": []}), "cannot hold"),
    ],
)
def test_an_option_without_effect_or_of_our_own_is_refused(thinking, options, words):
    for call in calls(*thinking, **options):
        with pytest.raises(ValueError, match=words):
            call()


def test_a_template_with_several_names_is_looked_up(thinking):
    """Some tokenizers hold a template for each purpose; the one that is used is the one read."""
    _, tokenizer = thinking
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.chat_template = {"default": tokenizer.chat_template, "other": "{{ something }}"}
    assert len(prompt_token_ids(tokenizer, "Hello", template_options=OFF))
    with pytest.raises(ValueError, match="reads no variable 'something'"):
        prompt_token_ids(tokenizer, "Hello", template_options={"something": 1})


def test_named_templates_are_looked_up_by_purpose(thinking):
    """transformers takes "tool_use" when there are tools, and keeps a list of templates as a dict."""
    _, tokenizer = thinking
    templates = [
        {"name": "default", "template": tokenizer.chat_template},
        {"name": "tool_use", "template": "{{ style }}{{ tools[0].name }}"},
    ]
    named = type(tokenizer)(tokenizer_object=tokenizer._tokenizer, chat_template=templates)
    options = {"style": "brief ", "tools": [{"name": "search"}]}
    prompt_ids = prompt_token_ids(named, "Hello", template_options=options)
    assert named.decode(prompt_ids) == "brief search"
    with pytest.raises(ValueError, match="reads no variable 'style'"):
        prompt_token_ids(named, "Hello", template_options={"style": "brief "})


READING = """{# commented #}{% set greeting = 'quoted' %}{{ greeting }}
{%- macro line(argument) %}{{ argument.attribute }}{% endmacro %}
{%- for message in messages %}{{ line(message) }}{{ message['role'] }}{{ message.content }}
{%- if loop.last %}{% break %}{% endif %}{% endfor %}
{%- if messages %}{% set branch = 1 %}{% endif %}
{%- if not date is defined %}{% set date = strftime_now('%Y') %}{% endif %}{{ date }}
{%- generation %}{{ inside }}{% endgeneration %}{{ fallback | default(true) }}{{ bos_token }}"""
READ = ["date", "inside", "fallback", "bos_token"]
NOT_READ = ["commented", "greeting", "quoted", "argument", "attribute", "message", "role", "for"]
NOT_READ += [
    "content",
    "loop",
    "line",
    "branch",
    "generation",
    "strftime_now",
    "default",
    "nothing",
]


@pytest.mark.parametrize("name", NOT_READ)
def test_what_stands_in_a_template_is_not_always_its_variable(thinking, name):
    tokenizer = copy.deepcopy(thinking[1])
    tokenizer.chat_template = READING
    with pytest.raises(ValueError, match=f"reads no variable '{name}', so"):
        prompt_token_ids(tokenizer, "Hello", template_options=dict.fromkeys([*READ, name], "x"))


def test_every_variable_of_a_template_can_be_given(thinking):
    tokenizer = copy.deepcopy(thinking[1])
    tokenizer.chat_template = READING
    for name in READ:
        prompt_ids = prompt_token_ids(tokenizer, "Hello", template_options={name: "<given>"})
        assert "<given>" in tokenizer.decode(prompt_ids)


def test_an_unknown_tag_leaves_a_search_for_whole_words():
    assert unread_variables("{% newtag %}{{ style }}", ["style", "styl"]) == ["styl"]


ARGUMENTS = ["truncation", "max_length", "return_tensors", "tokenizer_kwargs", "chat_template"]


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_argument_of_apply_chat_template_never_gets_there(thinking, name):
    """With a template that reads the variable ``truncation``, the option cut the prompt."""
    tokenizer = copy.deepcopy(thinking[1])
    tokenizer.chat_template += "{{ " + name + " }}"
    with pytest.raises(ValueError, match=rf"cannot hold \['{name}'\]: apply_chat_template's own"):
        prompt_token_ids(tokenizer, "Hello", template_options={name: True})
