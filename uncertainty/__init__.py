"""When to believe a language model, and where inside the model its doubt lives.

This is the helper package of the course.

Everything a lesson calls can be imported from here. A name loads its module on first use, so that
``import uncertainty`` is quick. Editors and type checkers read the imports below; a test keeps the
two lists equal.
"""

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._inputs import (
        SKIPPED_POSITIONS as SKIPPED_POSITIONS,
    )
    from .architecture.final_norm import (
        final_norm as final_norm,
    )
    from .architecture.last_mlp import (
        last_layer_neurons as last_layer_neurons,
    )
    from .architecture.middle import (
        resid_mid_modules as resid_mid_modules,
    )
    from .architecture.parts import (
        model_parts as model_parts,
    )
    from .architecture.unembedding import (
        effective_unembedding as effective_unembedding,
    )
    from .course.answer_runs import (
        CLUSTERING as CLUSTERING,
    )
    from .course.answer_runs import (
        greedy_answers as greedy_answers,
    )
    from .course.answer_runs import (
        measure_columns as measure_columns,
    )
    from .course.answer_runs import (
        sampled_answers as sampled_answers,
    )
    from .course.answer_runs import (
        short_prompt as short_prompt,
    )
    from .course.choice_runs import (
        option_log_probabilities as option_log_probabilities,
    )
    from .course.choice_runs import (
        option_probabilities as option_probabilities,
    )
    from .course.choice_runs import (
        option_prompt as option_prompt,
    )
    from .course.claims import (
        claim as claim,
    )
    from .course.decision_runs import (
        article_windows as article_windows,
    )
    from .course.decision_runs import (
        decision_steps as decision_steps,
    )
    from .course.decision_runs import (
        losses_without_block as losses_without_block,
    )
    from .course.decision_runs import (
        prompt_entropies as prompt_entropies,
    )
    from .course.decision_runs import (
        story_prompts as story_prompts,
    )
    from .course.depth_runs import (
        answers_with_depth as answers_with_depth,
    )
    from .course.depth_runs import (
        profile_rows as profile_rows,
    )
    from .course.exercises import (
        check as check,
    )
    from .course.exercises import (
        hint as hint,
    )
    from .course.exercises import (
        progress as progress,
    )
    from .course.exercises import (
        solution as solution,
    )
    from .course.known_models import (
        context_logits as context_logits,
    )
    from .course.known_models import (
        known_ensemble as known_ensemble,
    )
    from .course.ledger import (
        LedgerRow as LedgerRow,
    )
    from .course.ledger import (
        Outcome as Outcome,
    )
    from .course.ledger import (
        ledger_models as ledger_models,
    )
    from .course.ledger import (
        ledger_rows as ledger_rows,
    )
    from .course.lens_runs import (
        lens_losses as lens_losses,
    )
    from .course.lesson_model import (
        lesson_model as lesson_model,
    )
    from .course.lesson_model import (
        needs_geometry as needs_geometry,
    )
    from .course.lesson_model import (
        scaled_depth as scaled_depth,
    )
    from .course.lesson_model import (
        scaled_depths as scaled_depths,
    )
    from .course.lesson_model import (
        use_plain_template as use_plain_template,
    )
    from .course.lessons import (
        lesson_number as lesson_number,
    )
    from .course.planned_claim import (
        PlannedClaim as PlannedClaim,
    )
    from .course.question_runs import (
        answers_by_token as answers_by_token,
    )
    from .course.question_runs import (
        evidence_measures as evidence_measures,
    )
    from .course.question_runs import (
        given_answer_measures as given_answer_measures,
    )
    from .course.question_runs import (
        second_turn_replies as second_turn_replies,
    )
    from .course.question_runs import (
        word_choice_logits as word_choice_logits,
    )
    from .course.question_runs import (
        word_choice_prompt as word_choice_prompt,
    )
    from .course.results import (
        cached_results as cached_results,
    )
    from .course.sealed import (
        Seal as Seal,
    )
    from .course.sealed import (
        SealedOutcome as SealedOutcome,
    )
    from .course.sealed import (
        open_held_out as open_held_out,
    )
    from .course.sealed import (
        practice_and_held_out as practice_and_held_out,
    )
    from .course.sealed import (
        seal_claim as seal_claim,
    )
    from .course.state_runs import (
        kept_answer_states as kept_answer_states,
    )
    from .course.step_runs import (
        answers_by_step as answers_by_step,
    )
    from .course.step_runs import (
        given_by_step as given_by_step,
    )
    from .course.two_factor_runs import (
        begins_right as begins_right,
    )
    from .course.two_factor_runs import (
        doubt_columns as doubt_columns,
    )
    from .course.two_factor_runs import (
        first_token_doubts as first_token_doubts,
    )
    from .data.choices import (
        CHOICE_STYLES as CHOICE_STYLES,
    )
    from .data.choices import (
        choice_prompt as choice_prompt,
    )
    from .data.choices import (
        load_choices as load_choices,
    )
    from .data.corpora import (
        documentation_texts as documentation_texts,
    )
    from .data.corpora import (
        encyclopaedia_texts as encyclopaedia_texts,
    )
    from .data.corpora import (
        news_texts as news_texts,
    )
    from .data.corpus_files import (
        prefetch_corpora as prefetch_corpora,
    )
    from .data.known_language import (
        KnownLanguage as KnownLanguage,
    )
    from .data.known_language import (
        ideal_reader as ideal_reader,
    )
    from .data.public_datasets import (
        load_epie as load_epie,
    )
    from .data.questions import (
        load_idioms as load_idioms,
    )
    from .data.questions import (
        load_questions as load_questions,
    )
    from .data.questions import (
        load_tasks as load_tasks,
    )
    from .data.scored_tasks import (
        load_scored_tasks as load_scored_tasks,
    )
    from .data.two_factors import (
        load_planted_facts as load_planted_facts,
    )
    from .data.two_factors import (
        load_two_factors as load_two_factors,
    )
    from .data.windows import (
        text_chunks as text_chunks,
    )
    from .data.word_choices import (
        word_choices as word_choices,
    )
    from .evaluation.calibration import (
        brier as brier,
    )
    from .evaluation.calibration import (
        brier_decomposition as brier_decomposition,
    )
    from .evaluation.calibration import (
        expected_calibration_error as expected_calibration_error,
    )
    from .evaluation.calibration import (
        negative_log_likelihood as negative_log_likelihood,
    )
    from .evaluation.calibration import (
        reliability_bins as reliability_bins,
    )
    from .evaluation.choices import (
        extract_choice as extract_choice,
    )
    from .evaluation.conformal import (
        conformal_limit as conformal_limit,
    )
    from .evaluation.conformal import (
        coverage_band as coverage_band,
    )
    from .evaluation.conformal import (
        option_scores as option_scores,
    )
    from .evaluation.cross_fitting import (
        cross_fitted_doubt as cross_fitted_doubt,
    )
    from .evaluation.cross_fitting import (
        linear_probe as linear_probe,
    )
    from .evaluation.discrimination import (
        auroc as auroc,
    )
    from .evaluation.discrimination import (
        risk_coverage as risk_coverage,
    )
    from .evaluation.grader import (
        Grade as Grade,
    )
    from .evaluation.grader import (
        grade_answer as grade_answer,
    )
    from .evaluation.grader import (
        is_correct as is_correct,
    )
    from .evaluation.guarantees import (
        AnswerThreshold as AnswerThreshold,
    )
    from .evaluation.guarantees import (
        answer_threshold as answer_threshold,
    )
    from .evaluation.guarantees import (
        fewest_answers as fewest_answers,
    )
    from .evaluation.guarantees import (
        risk_bound as risk_bound,
    )
    from .evaluation.intervals import (
        Interval as Interval,
    )
    from .evaluation.intervals import (
        bootstrap as bootstrap,
    )
    from .evaluation.intervals import (
        shuffled_controls as shuffled_controls,
    )
    from .evaluation.recalibration import (
        isotonic_scaling as isotonic_scaling,
    )
    from .evaluation.recalibration import (
        platt_scaling as platt_scaling,
    )
    from .evaluation.recalibration import (
        temperature_scaling as temperature_scaling,
    )
    from .evaluation.task_checks import (
        contains_facts as contains_facts,
    )
    from .evaluation.task_checks import (
        contains_phrase as contains_phrase,
    )
    from .evaluation.task_checks import (
        function_written as function_written,
    )
    from .evaluation.task_checks import (
        ngram_overlap as ngram_overlap,
    )
    from .evaluation.task_checks import (
        passes_asserts as passes_asserts,
    )
    from .evaluation.verdicts import (
        claim_verdict as claim_verdict,
    )
    from .evaluation.verdicts import (
        control_bar as control_bar,
    )
    from .generation.answers import (
        Generation as Generation,
    )
    from .generation.decoding import (
        generate as generate,
    )
    from .generation.decoding import (
        generate_with_logits as generate_with_logits,
    )
    from .generation.prompts import (
        prompt_token_ids as prompt_token_ids,
    )
    from .generation.scoring import (
        choice_log_probabilities as choice_log_probabilities,
    )
    from .generation.scoring import (
        score as score,
    )
    from .generation.server_answers import (
        ServerAnswer as ServerAnswer,
    )
    from .generation.server_errors import (
        ServerTrouble as ServerTrouble,
    )
    from .generation.servers import (
        answers_from as answers_from,
    )
    from .generation.tokens import (
        first_token_id as first_token_id,
    )
    from .generation.tokens import (
        top_alternatives as top_alternatives,
    )
    from .heads.attention import (
        attention_patterns as attention_patterns,
    )
    from .heads.attention import (
        induction_scores as induction_scores,
    )
    from .heads.bos_ablation import (
        bos_ablation as bos_ablation,
    )
    from .heads.bos_ablation import (
        heads_attend_to_bos as heads_attend_to_bos,
    )
    from .heads.repeats import (
        natural_induction as natural_induction,
    )
    from .heads.repeats import (
        natural_repeats as natural_repeats,
    )
    from .heads.repeats import (
        passage_rows as passage_rows,
    )
    from .heads.repeats import (
        random_repeats as random_repeats,
    )
    from .information import (
        anchored_renyi_entropy as anchored_renyi_entropy,
    )
    from .information import (
        entropy as entropy,
    )
    from .information import (
        kl_divergence as kl_divergence,
    )
    from .information import (
        probability_moment as probability_moment,
    )
    from .information import (
        renyi_entropy as renyi_entropy,
    )
    from .information import (
        thresholded_entropy as thresholded_entropy,
    )
    from .information import (
        token_id_moment as token_id_moment,
    )
    from .lens.answer_states import (
        answer_states as answer_states,
    )
    from .lens.generated import (
        generate_with_lens as generate_with_lens,
    )
    from .lens.jacobian import (
        jacobian_lens as jacobian_lens,
    )
    from .lens.logit_lens import (
        LensTrace as LensTrace,
    )
    from .lens.logit_lens import (
        logit_lens as logit_lens,
    )
    from .lens.logit_lens import (
        read_stream as read_stream,
    )
    from .lens.nuclei import (
        read_nuclei as read_nuclei,
    )
    from .lens.profiles import (
        nucleus_sizes as nucleus_sizes,
    )
    from .lens.profiles import (
        resample_depth as resample_depth,
    )
    from .lens.skipping import (
        skipped_block as skipped_block,
    )
    from .lens.streams import (
        last_streams as last_streams,
    )
    from .lens.streams import (
        text_stream as text_stream,
    )
    from .lens.translators import (
        fit_translators as fit_translators,
    )
    from .lens.translators import (
        translate as translate,
    )
    from .loading.embedding_model import (
        load_embedder as load_embedder,
    )
    from .loading.errors import (
        ModelUnavailable as ModelUnavailable,
    )
    from .loading.models import (
        is_fetched as is_fetched,
    )
    from .loading.models import (
        load_model as load_model,
    )
    from .loading.models import (
        prefetch as prefetch,
    )
    from .loading.random_weights import (
        random_weights as random_weights,
    )
    from .loading.rerounding import (
        reround_linear_layers as reround_linear_layers,
    )
    from .measures.agreement import (
        agreement_measures as agreement_measures,
    )
    from .measures.answer_measures import (
        answer_measures as answer_measures,
    )
    from .measures.answer_measures import (
        logTokU as logTokU,
    )
    from .measures.answer_measures import (
        token_uncertainty_naive as token_uncertainty_naive,
    )
    from .measures.answer_measures import (
        token_uncertainty_vanilla as token_uncertainty_vanilla,
    )
    from .measures.answer_measures import (
        token_uncertainty_written as token_uncertainty_written,
    )
    from .measures.consistency import (
        cocoa as cocoa,
    )
    from .measures.consistency import (
        core_similarities as core_similarities,
    )
    from .measures.consistency import (
        semantic_density as semantic_density,
    )
    from .measures.eigen_score import (
        eigen_score as eigen_score,
    )
    from .measures.embedding_measures import (
        embedding_measures as embedding_measures,
    )
    from .measures.embeddings import (
        answer_similarities as answer_similarities,
    )
    from .measures.embeddings import (
        embedding_entails as embedding_entails,
    )
    from .measures.embeddings import (
        sentence_embeddings as sentence_embeddings,
    )
    from .measures.embeddings import (
        similarity_matrix as similarity_matrix,
    )
    from .measures.ensembles import (
        mutual_information as mutual_information,
    )
    from .measures.entropy_bounds import (
        entropy_bounds as entropy_bounds,
    )
    from .measures.evidence import (
        aleatoric_epistemic as aleatoric_epistemic,
    )
    from .measures.judges import (
        model_entails as model_entails,
    )
    from .measures.kernels import (
        heat_kernel as heat_kernel,
    )
    from .measures.kernels import (
        kernel_language_entropy as kernel_language_entropy,
    )
    from .measures.labels import (
        MEASURE_LABELS as MEASURE_LABELS,
    )
    from .measures.labels import (
        measure_label as measure_label,
    )
    from .measures.meaning import (
        answer_core as answer_core,
    )
    from .measures.meaning import (
        cluster_by_meaning as cluster_by_meaning,
    )
    from .measures.meaning import (
        cluster_by_string as cluster_by_string,
    )
    from .measures.meaning import (
        semantic_entropy as semantic_entropy,
    )
    from .measures.newer_measures import (
        entropy_production_rate as entropy_production_rate,
    )
    from .measures.newer_measures import (
        lowest_group_confidence as lowest_group_confidence,
    )
    from .measures.newer_measures import (
        newer_measures as newer_measures,
    )
    from .measures.newer_measures import (
        self_certainty as self_certainty,
    )
    from .measures.newer_measures import (
        tail_confidence as tail_confidence,
    )
    from .measures.newer_measures import (
        token_confidence as token_confidence,
    )
    from .measures.rauq import (
        rauq as rauq,
    )
    from .measures.rauq import (
        smoothed_surprisal as smoothed_surprisal,
    )
    from .measures.sampling import (
        sample_answers as sample_answers,
    )
    from .measures.self_evaluation import (
        p_true as p_true,
    )
    from .measures.self_evaluation import (
        p_true_conversation as p_true_conversation,
    )
    from .measures.self_evaluation import (
        scored_confidence as scored_confidence,
    )
    from .measures.stated_confidence import (
        parse_confidence as parse_confidence,
    )
    from .measures.token_measures import (
        get_token_confidence as get_token_confidence,
    )
    from .measures.token_measures import (
        token_measures as token_measures,
    )
    from .measures.verbalised import (
        EXAMPLES as EXAMPLES,
    )
    from .measures.verbalised import (
        PROMPTS as PROMPTS,
    )
    from .measures.verbalised import (
        ask_confidence as ask_confidence,
    )
    from .measures.verbalised import (
        with_examples as with_examples,
    )
    from .neurons.ablation import (
        ablation_sweep as ablation_sweep,
    )
    from .neurons.activations import (
        activations as activations,
    )
    from .neurons.activations import (
        clip_to_mean as clip_to_mean,
    )
    from .neurons.expansion import (
        entropy_expansion as entropy_expansion,
    )
    from .neurons.first_order import (
        first_order as first_order,
    )
    from .neurons.frequency import (
        frequency_cosine as frequency_cosine,
    )
    from .neurons.frequency import (
        frequency_direction as frequency_direction,
    )
    from .neurons.geometry import (
        geometry as geometry,
    )
    from .neurons.geometry import (
        logit_variance as logit_variance,
    )
    from .neurons.geometry import (
        null_space_fraction as null_space_fraction,
    )
    from .neurons.geometry import (
        random_null_space_fraction as random_null_space_fraction,
    )
    from .neurons.replay import (
        replay_heads as replay_heads,
    )
    from .neurons.replay import (
        replay_sweep as replay_sweep,
    )
    from .neurons.unigrams import (
        compare_with_unigrams as compare_with_unigrams,
    )
    from .neurons.unigrams import (
        count_unigram as count_unigram,
    )
    from .neurons.unigrams import (
        kl_from_unigrams as kl_from_unigrams,
    )
    from .neurons.unigrams import (
        predicted_unigram as predicted_unigram,
    )
    from .plotting.intervals import (
        plot_intervals as plot_intervals,
    )
    from .plotting.lens_view import (
        lens_figure as lens_figure,
    )
    from .plotting.lens_view import (
        lens_table as lens_table,
    )
    from .plotting.neuron_view import (
        firing_contexts as firing_contexts,
    )
    from .plotting.neuron_view import (
        neuron_figure as neuron_figure,
    )
    from .plotting.schematic_view import (
        show_schematic as show_schematic,
    )
    from .plotting.style import (
        BLACK as BLACK,
    )
    from .plotting.style import (
        BLUE as BLUE,
    )
    from .plotting.style import (
        GREEN as GREEN,
    )
    from .plotting.style import (
        ORANGE as ORANGE,
    )
    from .plotting.style import (
        PINK as PINK,
    )
    from .plotting.style import (
        RED as RED,
    )
    from .plotting.style import (
        SKY as SKY,
    )
    from .plotting.style import (
        show as show,
    )
    from .plotting.style import (
        use_course_style as use_course_style,
    )
    from .plotting.token_figure import (
        plot_shaded_tokens as plot_shaded_tokens,
    )
    from .referee.leaderboard import (
        leaderboard as leaderboard,
    )
    from .report.comparison import (
        compare_reports as compare_reports,
    )
    from .report.prompting import (
        asker as asker,
    )
    from .report.reading import (
        read_report as read_report,
    )
    from .report.reading import (
        recorded_report as recorded_report,
    )
    from .report.reports import (
        make_report as make_report,
    )
    from .report.server_report import (
        make_server_report as make_server_report,
    )

_PUBLIC_NAMES = {
    "report.comparison": ("compare_reports",),
    "report.prompting": ("asker",),
    "report.reading": ("read_report", "recorded_report"),
    "report.reports": ("make_report",),
    "report.server_report": ("make_server_report",),
    "course.known_models": ("context_logits", "known_ensemble"),
    "course.two_factor_runs": ("begins_right", "doubt_columns", "first_token_doubts"),
    "course.step_runs": ("answers_by_step", "given_by_step"),
    "data.known_language": ("KnownLanguage", "ideal_reader"),
    "data.two_factors": ("load_planted_facts", "load_two_factors"),
    "data.scored_tasks": ("load_scored_tasks",),
    "evaluation.task_checks": (
        "contains_facts",
        "contains_phrase",
        "function_written",
        "ngram_overlap",
        "passes_asserts",
    ),
    "evaluation.verdicts": ("claim_verdict", "control_bar"),
    "_inputs": ("SKIPPED_POSITIONS",),
    "information": (
        "anchored_renyi_entropy",
        "probability_moment",
        "kl_divergence",
        "renyi_entropy",
        "thresholded_entropy",
        "token_id_moment",
        "entropy",
    ),
    "loading.embedding_model": ("load_embedder",),
    "loading.errors": ("ModelUnavailable",),
    "loading.models": (
        "is_fetched",
        "load_model",
        "prefetch",
    ),
    "loading.rerounding": ("reround_linear_layers",),
    "generation.answers": ("Generation",),
    "generation.decoding": (
        "generate",
        "generate_with_logits",
    ),
    "generation.prompts": ("prompt_token_ids",),
    "generation.scoring": (
        "choice_log_probabilities",
        "score",
    ),
    "generation.server_answers": ("ServerAnswer",),
    "generation.server_errors": ("ServerTrouble",),
    "generation.servers": ("answers_from",),
    "generation.tokens": (
        "first_token_id",
        "top_alternatives",
    ),
    "measures.agreement": ("agreement_measures",),
    "measures.answer_measures": (
        "answer_measures",
        "logTokU",
        "token_uncertainty_naive",
        "token_uncertainty_vanilla",
        "token_uncertainty_written",
    ),
    "measures.consistency": (
        "cocoa",
        "core_similarities",
        "semantic_density",
    ),
    "measures.eigen_score": ("eigen_score",),
    "measures.embedding_measures": ("embedding_measures",),
    "measures.embeddings": (
        "answer_similarities",
        "embedding_entails",
        "sentence_embeddings",
        "similarity_matrix",
    ),
    "measures.kernels": (
        "heat_kernel",
        "kernel_language_entropy",
    ),
    "measures.ensembles": ("mutual_information",),
    "measures.entropy_bounds": ("entropy_bounds",),
    "measures.evidence": ("aleatoric_epistemic",),
    "measures.judges": ("model_entails",),
    "measures.labels": (
        "MEASURE_LABELS",
        "measure_label",
    ),
    "measures.meaning": (
        "answer_core",
        "cluster_by_meaning",
        "cluster_by_string",
        "semantic_entropy",
    ),
    "measures.sampling": ("sample_answers",),
    "measures.self_evaluation": (
        "p_true",
        "p_true_conversation",
        "scored_confidence",
    ),
    "measures.stated_confidence": ("parse_confidence",),
    "measures.token_measures": (
        "get_token_confidence",
        "token_measures",
    ),
    "measures.verbalised": (
        "ask_confidence",
        "EXAMPLES",
        "PROMPTS",
        "with_examples",
    ),
    "data.word_choices": ("word_choices",),
    "evaluation.calibration": (
        "brier",
        "brier_decomposition",
        "expected_calibration_error",
        "negative_log_likelihood",
        "reliability_bins",
    ),
    "evaluation.conformal": (
        "conformal_limit",
        "coverage_band",
        "option_scores",
    ),
    "evaluation.discrimination": (
        "auroc",
        "risk_coverage",
    ),
    "evaluation.grader": (
        "grade_answer",
        "is_correct",
        "Grade",
    ),
    "evaluation.guarantees": (
        "AnswerThreshold",
        "answer_threshold",
        "fewest_answers",
        "risk_bound",
    ),
    "evaluation.intervals": (
        "bootstrap",
        "Interval",
        "shuffled_controls",
    ),
    "referee.leaderboard": ("leaderboard",),
    "measures.newer_measures": (
        "entropy_production_rate",
        "lowest_group_confidence",
        "newer_measures",
        "self_certainty",
        "tail_confidence",
        "token_confidence",
    ),
    "measures.rauq": ("rauq", "smoothed_surprisal"),
    "evaluation.recalibration": (
        "isotonic_scaling",
        "platt_scaling",
        "temperature_scaling",
    ),
    "architecture.final_norm": ("final_norm",),
    "architecture.last_mlp": ("last_layer_neurons",),
    "architecture.middle": ("resid_mid_modules",),
    "architecture.parts": ("model_parts",),
    "architecture.unembedding": ("effective_unembedding",),
    "lens.generated": ("generate_with_lens",),
    "lens.jacobian": ("jacobian_lens",),
    "lens.logit_lens": (
        "LensTrace",
        "logit_lens",
        "read_stream",
    ),
    "lens.profiles": (
        "resample_depth",
        "nucleus_sizes",
    ),
    "lens.streams": (
        "last_streams",
        "text_stream",
    ),
    "lens.translators": (
        "fit_translators",
        "translate",
    ),
    "neurons.ablation": ("ablation_sweep",),
    "neurons.activations": (
        "activations",
        "clip_to_mean",
    ),
    "neurons.expansion": ("entropy_expansion",),
    "neurons.first_order": ("first_order",),
    "neurons.frequency": (
        "frequency_cosine",
        "frequency_direction",
    ),
    "neurons.geometry": (
        "geometry",
        "logit_variance",
        "null_space_fraction",
        "random_null_space_fraction",
    ),
    "neurons.replay": (
        "replay_heads",
        "replay_sweep",
    ),
    "neurons.unigrams": (
        "compare_with_unigrams",
        "count_unigram",
        "kl_from_unigrams",
        "predicted_unigram",
    ),
    "heads.attention": (
        "attention_patterns",
        "induction_scores",
    ),
    "heads.bos_ablation": (
        "bos_ablation",
        "heads_attend_to_bos",
    ),
    "heads.repeats": (
        "natural_induction",
        "natural_repeats",
        "passage_rows",
        "random_repeats",
    ),
    "data.corpora": (
        "documentation_texts",
        "encyclopaedia_texts",
        "news_texts",
    ),
    "data.corpus_files": ("prefetch_corpora",),
    "data.public_datasets": ("load_epie",),
    "data.questions": (
        "load_idioms",
        "load_questions",
        "load_tasks",
    ),
    "data.windows": ("text_chunks",),
    "plotting.intervals": ("plot_intervals",),
    "plotting.lens_view": (
        "lens_figure",
        "lens_table",
    ),
    "plotting.neuron_view": (
        "firing_contexts",
        "neuron_figure",
    ),
    "plotting.schematic_view": ("show_schematic",),
    "plotting.style": (
        "BLACK",
        "BLUE",
        "GREEN",
        "ORANGE",
        "PINK",
        "RED",
        "show",
        "SKY",
        "use_course_style",
    ),
    "course.answer_runs": (
        "CLUSTERING",
        "greedy_answers",
        "measure_columns",
        "sampled_answers",
        "short_prompt",
    ),
    "course.choice_runs": (
        "option_log_probabilities",
        "option_probabilities",
        "option_prompt",
    ),
    "course.claims": ("claim",),
    "course.ledger": ("LedgerRow", "Outcome", "ledger_models", "ledger_rows"),
    "course.lens_runs": ("lens_losses",),
    "course.lesson_model": (
        "lesson_model",
        "needs_geometry",
        "scaled_depth",
        "scaled_depths",
        "use_plain_template",
    ),
    "course.lessons": ("lesson_number",),
    "course.depth_runs": (
        "answers_with_depth",
        "profile_rows",
    ),
    "course.exercises": (
        "check",
        "hint",
        "progress",
        "solution",
    ),
    "course.planned_claim": ("PlannedClaim",),
    "course.sealed": (
        "Seal",
        "SealedOutcome",
        "open_held_out",
        "practice_and_held_out",
        "seal_claim",
    ),
    "course.question_runs": (
        "answers_by_token",
        "evidence_measures",
        "given_answer_measures",
        "second_turn_replies",
        "word_choice_logits",
        "word_choice_prompt",
    ),
    "course.decision_runs": (
        "article_windows",
        "decision_steps",
        "losses_without_block",
        "prompt_entropies",
        "story_prompts",
    ),
    "data.choices": (
        "CHOICE_STYLES",
        "choice_prompt",
        "load_choices",
    ),
    "evaluation.choices": ("extract_choice",),
    "lens.nuclei": ("read_nuclei",),
    "lens.skipping": ("skipped_block",),
    "lens.answer_states": ("answer_states",),
    "loading.random_weights": ("random_weights",),
    "evaluation.cross_fitting": (
        "linear_probe",
        "cross_fitted_doubt",
    ),
    "course.state_runs": ("kept_answer_states",),
    "plotting.token_figure": ("plot_shaded_tokens",),
    "course.results": ("cached_results",),
}
_HOME = {name: module for module, names in _PUBLIC_NAMES.items() for name in names}
__all__ = sorted(_HOME)


def _load(name: str):
    """Return a public name, loading its module."""
    if name == "__version__":
        return _installed_version()
    if name not in _HOME:
        raise AttributeError(f"module 'uncertainty' has no attribute {name!r}")
    module = importlib.import_module(f".{_HOME[name]}", __name__)
    value = getattr(module, name)
    globals()[name] = value
    return value


if TYPE_CHECKING:
    __version__: str
else:  # hidden from type checkers, which would take every misspelt name for a right one
    __getattr__ = _load


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})


def _installed_version() -> str:
    """Return the version in pyproject.toml, as it was when the package was installed."""
    try:
        return version("llm-uncertainty-course")
    except PackageNotFoundError:
        return "0+unknown"
