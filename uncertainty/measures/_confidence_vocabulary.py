"""The words that state a confidence, take it back, bound it or make it conditional.

All words are in the spelling of `folded`: lower case, no accents. The languages are English,
German, French, Italian, Spanish, Portuguese, Russian and Polish; for labels also Dutch, Chinese,
Japanese and Korean.
"""

from ._confidence_tokens import folded


def words(text: str) -> frozenset[str]:
    """Return the words of a text in the spelling of `folded`."""
    return frozenset(folded(word) for word in text.split())


# 1. Nouns: what a confidence is called. A probability may also be a probability of something else.
CONFIDENCE_NOUNS = words(
    "confidence certainty sureness confidencescore conf "
    "Konfidenz Sicherheit Zuversicht Gewissheit Konfidenzwert Konfidenzniveau Konfidenzgrad "
    "Vertrauen Vertrauensgrad Vertrauensniveau Sicherheitsgrad Vertrauenswert "
    "confiance certitude confidenza fiducia certezza sicurezza confianza certeza seguridad "
    "confiança уверенность уверенности увереность pewność pewności ufność ufności zaufanie "
    "vertrouwen zekerheid betrouwbaarheid 置信度 信心 信心度 确信度 自信度 可信度 把握 信頼度 "
    "確信度 自信 신뢰도 확신도 자신감"
)
PROBABILITY_NOUNS = words(
    "probability likelihood chance chances Wahrscheinlichkeit probabilité probabilità "
    "probabilidad probabilidade вероятность вероятности prawdopodobieństwo waarschijnlijkheid "
    "概率 可能性 確率 확률"
)
NOUNS = CONFIDENCE_NOUNS | PROBABILITY_NOUNS
# A word after the noun that belongs to the label, and one that makes it another thing.
LABEL_SUFFIXES = words(
    "score level rating estimate estimation value percentage percent pct rate index degree points "
    "grade assessment number figure"
)
OTHER_THINGS = words(
    "interval intervals threshold thresholds region band bands limit limits bound bounds set sets "
    "distribution distributions theory density mass function building man trick vote ellipse "
    "measure factor"
)
# Words around the noun that say which of several confidences this is.
FINAL_WORDS = words(
    "final finally overall total revised updated adjusted corrected new combined ultimate "
    "ultimately conclusion reflection reconsideration reconsidering verification verifying "
    "checking review reviewing aggregate aggregated net gesamt endgultige insgesamt finale "
    "globale global general ogolna итоговая общая окончательная conclusive consolidated"
)
PROVISIONAL_WORDS = words(
    "initial initially preliminary prior previous previously first draft original before "
    "intermediate old earlier tentative provisional"
)
STEP_WORDS = words("step stage substep schritt etape paso passo шаг krok etap claim fact premise")
EXPLANATIONS = words(
    "explanation reasoning reason reasons justification rationale analysis note notes thought "
    "thoughts thinking comment comments remark remarks evidence explication begrundung erklarung "
    "spiegazione explicacion explicacao объяснение wyjasnienie uzasadnienie"
)
OWN = words("my our the model's assistant's ai's answer's overall this a")
OTHERS = words("his her their your its whose people's someone's")

# 2. Being right and being wrong: what a probability is a probability of.
RIGHTNESS = words(
    "correct right true correctness accurate accuracy richtig korrekt stimmt juste correcte exacte "
    "corretta giusta correcta correta верен верный правильный верно poprawna"
)
ANSWER_WORDS = words(
    "answer answers guess response solution antwort reponse risposta respuesta resposta ответ "
    "ответа odpowiedz antwoord losung 答案 回答"
)
CORRECTNESS = RIGHTNESS | ANSWER_WORDS
WRONGNESS = words(
    "wrong incorrect false mistaken error errors mistake mistakes inaccurate falsch fausse faux "
    "errata sbagliata erronea falsa errada неверен неправильный bledna unsure uncertain unknown "
    "uncertainty failure fail"
)

# 3. Adjectives: "90 % sure".
ADJECTIVES = words(
    "sure certain confident positive convinced sicher uberzeugt gewiss sur sure certaine confiant "
    "confiante convaincu seguro segura sicuro sicura certo certa confiado confiada confiante "
    "уверен уверена pewien pewna pewny zeker"
)
LINKS_TO_NUMBER = words("at to zu zum a al на na de the with")  # "sûr à 90 %"
SUBJECTS = words(  # right before the number: "I am 90 % sure"
    "am i'm im we're i feel remain feeling bin ich mir suis estoy sono sou estou я jestem ben"
)

# 4. What takes a number back, bounds it or makes it depend on something.
NEGATIONS = words(
    "not no never neither nor cannot without hardly barely scarcely impossible unable unlikely "
    "nowhere far doubt doubts doubtful nicht kein keine keinen nie niemals ohne pas jamais sans "
    "non mai senza nunca jamas sin не нет nao sem bez trudno nobody anything rarely seldom refuse"
)
CONDITIONS = words(
    "if unless assuming provided suppose supposing whether until wenn falls sofern ob si se если "
    "jesli jezeli gdyby when depending depends"
)
REPORTED = words(
    "asked ask asks asking said says told tell tells claim claims claimed you he she they people "
    "experts someone everyone anyone user users author authors scientists researchers doctors "
    "pretend imagine"
)
HEDGES = words("maybe perhaps possibly might may could vielleicht forse quizas talvez")
BOUND_WORDS = words(
    "least most more less fewer over under above below exceeding exceeds exceed upwards upward "
    "minimum maximum min max greater higher lower better worse beyond north south up within "
    "mindestens hochstens uber unter mehr weniger plus moins minimo maximo mas menos piu meno "
    "mais более менее больше меньше conajmniej ponad ponizej powyzej"
)
BOUNDS_AFTER = words(
    "more higher above better less lower below under fewer greater up plus over minimum maximum "
    "min max upwards mehr weniger daruber darunter"
)
APPROXIMATIONS = words(
    "about around approximately approx roughly nearly almost circa ca c close somewhere near "
    "etwa ungefahr rund environ verso unos aproximadamente circa около примерно okolo  "
    "some just exactly precisely only probably say like"
)

# 5. How numbers are joined, and what begins a remark.
CONNECTORS = words("to or and bis oder und ou et o y e a до или и lub do through till until vs")
CONNECTOR_SIGNS = frozenset({"-", "~", "...", "..", "->", "-->", "=>", "/", "&"})
CONNECTIVES = CONNECTORS | words(
    "maybe perhaps no wait actually rather now then possibly probably even make that let's say "
    "more like closer hmm hm sorry i mean correction revised is it lowered raised reduced dropped "
    "down up but not honestly about around ok okay well better i'd it's be would my oh um uh nope "
    "sondern nein non pero sino mais nie nyet нет"
)
CORRECTIONS = words(
    "no wait actually rather hmm hm sorry correction revised revise lowered raised reduced dropped "
    "maybe perhaps nope reconsider reconsidering reconsidered reflection instead adjusted updated "
    "lower raise adjust update downgrade upgrade rethinking thought mean"
)
REASONS = words(
    "because since as due based with though although considering from thanks owing that which "
    "who weil da denn car parce puisque perche poiche porque pois потому так bo poniewaz given so "
    "while where after this these it there"
)
MAY_FOLLOW_NUMBER = (  # without a unit: "85 because", but not "4 stars"
    ADJECTIVES
    | NOUNS
    | REASONS
    | CONNECTIVES
    | CONDITIONS
    | HEDGES
    | words("for in on at by i my we the our overall total if my this when under given ish")
    | EXPLANATIONS
)
PERCENT_WORDS = words("percent pct pc prozent procent percento процентов процента")
PERCENT_PAIRS = {  # "per cent"
    ("per", "cent"),
    ("pour", "cent"),
    ("por", "ciento"),
    ("por", "cento"),
    ("per", "cento"),
}
OUT_OF = words("of in von sur su de из na z auf")  # after a number; "out of" besides
STARS = words("star stars point points")
SCALES = words("scale skala echelle escala scala шкале шкала шкалы skali schaal")

# 6. Words that may stand between a label and its value.
LEAD_IN = words(
    "i am i'm i'd i'll say would be is it it's of a an at as the my our we are this that to give "
    "put rate estimate estimated confidence for answer currently now overall rated stands think "
    "believe guess feel have being with equals equal value remains still than from well "
    "ist est es e jest liegt bei de di von pretty quite fairly reasonably rather relatively"
)
SEPARATING_WORDS = words(
    "is are at of as equals be stands remains being a an to ist est es e jest betragt bei von "
    "de di составляет sits i'd"
)
SEPARATING_VERBS = words("is are at as be equals stands remains ist est es jest составляет betragt")
QUALIFIERS = words(
    "in that of for about on regarding with as to being from after before dans en de da di do dass "
    "que sur fur bei w в"
)
MODIFIERS = (
    FINAL_WORDS
    | PROVISIONAL_WORDS
    | OWN
    | words(
        "estimated stated subjective answer model self reported verbalized verbalised numeric "
        "numerical approximate associated success your percentage rough personal current niveau "
        "nivel livello degre grado grad poziom stopien уровень степень indice score taux tasa grau "
        "of level degree de di da del della"
    )
)
NOT_OURS = words("consumer business investor public market self statistical voter customer")
CLAUSE_STARTS = words("but however although though yet while aber jedoch mais ma pero но ale")
FINAL_OPENINGS = words(  # "After reflection, ..."
    "final finally overall ultimately conclusion reflection reconsideration reconsidering "
    "verification verifying checking reviewing review insgesamt"
)
