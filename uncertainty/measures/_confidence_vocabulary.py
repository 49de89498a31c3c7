"""The words that state a confidence, take it back, bound it or make it conditional.

All words are in the spelling of `folded`: lower case, no accents. The languages are English,
German, French, Italian, Spanish, Portuguese, Russian and Polish; for labels also Dutch, Chinese,
Japanese and Korean.
"""

from ._confidence_tokens import folded


def _words(text: str) -> frozenset[str]:
    return frozenset(folded(word) for word in text.split())


# 1. Nouns: what a confidence is called. A probability may also be a probability of something else.
CONFIDENCE_NOUNS = _words(
    "confidence certainty sureness confidencescore conf "
    "Konfidenz Sicherheit Zuversicht Gewissheit Konfidenzwert Konfidenzniveau Konfidenzgrad "
    "Vertrauen Vertrauensgrad Vertrauensniveau Sicherheitsgrad Vertrauenswert "
    "confiance certitude confidenza fiducia certezza sicurezza confianza certeza seguridad "
    "confiança уверенность уверенности увереность pewność pewności ufność ufności zaufanie "
    "vertrouwen zekerheid betrouwbaarheid 置信度 信心 信心度 确信度 自信度 可信度 把握 信頼度 "
    "確信度 自信 신뢰도 확신도 자신감"
)
PROBABILITY_NOUNS = _words(
    "probability likelihood chance chances Wahrscheinlichkeit probabilité probabilità "
    "probabilidad probabilidade вероятность вероятности prawdopodobieństwo waarschijnlijkheid "
    "概率 可能性 確率 확률"
)
NOUNS = CONFIDENCE_NOUNS | PROBABILITY_NOUNS
# A word after the noun that belongs to the label, and one that makes it another thing.
LABEL_SUFFIXES = _words(
    "score level rating estimate estimation value percentage percent pct rate index degree points "
    "grade assessment number figure probability in out self"
)
OTHER_THINGS = _words(
    "interval intervals threshold thresholds region band bands limit limits bound bounds set sets "
    "distribution distributions theory density mass function building man trick vote ellipse "
    "measure factor"
)
# Words around the noun that say which of several confidences this is.
FINAL_WORDS = _words(
    "final finally overall total revised updated adjusted corrected new combined ultimate "
    "ultimately conclusion reflection reconsideration reconsidering verification verifying "
    "checking review reviewing aggregate aggregated net gesamt endgultige insgesamt finale "
    "globale global general ogolna итоговая общая окончательная conclusive consolidated"
)
PROVISIONAL_WORDS = _words(
    "initial initially preliminary prior previous previously first draft original before "
    "intermediate old earlier tentative provisional"
)
STEP_WORDS = _words("step stage substep schritt etape paso passo шаг krok etap claim fact premise")
EXPLANATIONS = _words(
    "explanation reasoning reason reasons justification rationale analysis note notes thought "
    "thoughts thinking comment comments remark remarks evidence explication begrundung erklarung "
    "spiegazione explicacion explicacao объяснение wyjasnienie uzasadnienie"
)
OWN = _words("my our the model's assistant's ai's answer's overall this a")
OTHERS = _words("his her their your its whose people's someone's")

# 2. Being right and being wrong: what a probability is a probability of.
CORRECTNESS = _words(
    "correct right true correctness accurate accuracy answer answers answered guess response "
    "richtig korrekt stimmt antwort juste correcte exacte reponse corretta giusta risposta "
    "correcta respuesta correta resposta верен верный правильный ответ ответа poprawna odpowiedz"
)
WRONGNESS = _words(
    "wrong incorrect false mistaken error errors mistake mistakes inaccurate falsch fausse faux "
    "errata sbagliata erronea falsa errada неверен неправильный bledna unsure uncertain unknown "
    "uncertainty failure fail"
)

# 3. Adjectives: "90 % sure".
ADJECTIVES = _words(
    "sure certain confident positive convinced sicher uberzeugt gewiss sur sure certaine confiant "
    "confiante convaincu seguro segura sicuro sicura certo certa confiado confiada confiante "
    "уверен уверена pewien pewna pewny zeker"
)
LINKS_TO_NUMBER = _words("at to zu zum a al на na de the with")  # "sûr à 90 %"
SUBJECTS = _words(  # right before the number: "I am 90 % sure"
    "am i'm im we're i feel remain feeling bin ich mir suis estoy sono sou estou я jestem ben"
)

# 4. What takes a number back, bounds it or makes it depend on something.
NEGATIONS = _words(
    "not no never neither nor cannot without hardly barely scarcely impossible unable unlikely "
    "nowhere far doubt doubts doubtful nicht kein keine keinen nie niemals ohne pas jamais sans "
    "non mai senza nunca jamas sin не нет nao sem bez trudno nobody anything rarely seldom refuse "
    "few lack lacking"
)
CONDITIONS = _words(
    "if unless assuming provided suppose supposing whether were until wenn falls sofern ob "
    "si se если jesli jezeli gdyby when once depending depends should wenn could"
)
REPORTED = _words(
    "asked ask asks asking said says told tell tells claim claims claimed you he she they "
    "people experts someone everyone anyone users user author authors scientists researchers "
    "question wants want need needed needs requires require used was had want pretend imagine"
)
HEDGES = _words("maybe perhaps possibly might may could vielleicht forse quizas talvez")
BOUND_WORDS = _words(
    "least most more less fewer over under above below exceeding exceeds exceed upwards upward "
    "minimum maximum min max greater higher lower better worse beyond north south up within "
    "mindestens hochstens uber unter mehr weniger plus moins minimo maximo mas menos piu meno "
    "mais более менее больше меньше conajmniej ponad ponizej powyzej"
)
BOUNDS_AFTER = _words(
    "more higher above better less lower below under fewer greater up plus over minimum maximum "
    "min max upwards mehr weniger daruber darunter"
)
APPROXIMATIONS = _words(
    "about around approximately approx roughly nearly almost circa ca c close somewhere near "
    "etwa ungefahr rund environ verso unos aproximadamente circa около примерно okolo  "
    "some just exactly precisely only probably say like"
)

# 5. How numbers are joined, and what begins a remark.
CONNECTORS = _words("to or and bis oder und ou et o y e a до или и lub do through till until vs")
CONNECTOR_SIGNS = frozenset({"-", "~", "...", "..", "->", "-->", "=>", "/", "&"})
CONNECTIVES = CONNECTORS | _words(
    "maybe perhaps no wait actually rather now then possibly probably even make that let's say more "
    "like closer hmm hm sorry i mean correction revised is it lowered raised reduced dropped down "
    "up but not honestly about around ok okay well better i'd it's be would my oh um uh nope "
    "sondern nein non pero sino mais nie nyet нет"
)
CORRECTIONS = _words(
    "no wait actually rather hmm hm sorry correction revised revise lowered raised reduced dropped "
    "maybe perhaps nope reconsider reconsidering reconsidered reflection instead adjusted updated "
    "lower raise adjust update downgrade upgrade rethinking thought mean"
)
REASONS = _words(
    "because since as for due based with though although considering from thanks owing that which "
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
    | _words("in on at by i my we the our overall total if my this when under given")
    | EXPLANATIONS
)
PERCENT_WORDS = _words("percent pct pc prozent procent percento процентов процента")
PERCENT_PAIRS = {  # "per cent"
    ("per", "cent"),
    ("pour", "cent"),
    ("por", "ciento"),
    ("por", "cento"),
    ("per", "cento"),
}
OUT_OF = _words("of in von sur su de из na z auf")  # after a number; "out of" besides
STARS = _words("star stars point points")
SCALES = _words("scale skala echelle escala scala шкале шкала шкалы skali schaal")

# 6. Words that may stand between a label and its value.
LEAD_IN = _words(
    "i am i'm i'd i'll say would be is it it's of a an at as the my our we are this that to give "
    "put rate estimate estimated confidence score level set for answer currently now overall "
    "rated stands think believe guess feel have around being with equals equal value remains still "
    "ist est es e jest liegt bei de di von pretty quite fairly reasonably rather relatively"
)
SEPARATING_WORDS = _words(
    "is are at of as equals be stands remains being a an to ist est es e jest betragt bei von de di "
    "составляет sits i'd"
)
