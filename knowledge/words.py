"""Everyday words that mean the same at school, by language: people ask for shots, articles speak of immunizations.

One group a line; each word is stemmed by PostgreSQL like the articles are. Words of one district belong in its articles'
keywords, not here.
"""

import unicodedata
from collections.abc import Collection
from difflib import get_close_matches

GROUPS: dict[str, str] = {
    "en": """
        kid child children son daughter student pupil boy girl kiddo
        cost price fee fees charge tuition rate
        shot shots vaccine vaccines vaccination immunization
        wifi wi-fi internet wireless
        chromebook laptop device
        broken broke crack cracked damaged damage repair fix
        lost missing
        stolen theft
        absent absence absences
        sick ill illness
        lunch meal meals breakfast
        enroll enrollment register registration
        password passphrase
        log-in login sign-in
        locked lockout unlock
        paycheck pay salary wage
        photo photos picture pictures
        bully bullying harassment
        rent rental
        switch change
        deadline window
        kindergartner kindergartners kindergarten
        sub subs substitute substitutes
        snow ice weather
        homeless evicted eviction housing
        bathroom restroom toilet
        elevator lift
        phone cell cellphone mobile
        teacher teachers
        doctor provider physician
        medicine medication meds pill pills
        daycare childcare
        bank account deposit
        purchase buy order
        ticket tickets
        record records transcript
        gas smell odor
        battery charger
        print printing printer
        delete deleted recover
        app apps application software
        afterschool after-school
        volunteer chaperone
        vendor supplier
        newborn baby birth
        projector bulb lamp
        class course
        grade grades mark
        text sms message
        closure closed closing
        late tardy
    """,
    "es": """
        niño niña hijo hija estudiante alumno alumna
        camión autobús bus
        costo precio cuota cuesta
        vacuna vacunas inyección
        contraseña clave
        falta ausencia inasistencia
        comida almuerzo lonche lunch
        inscribir inscripción matricular registrar
        domicilio dirección casa
        teléfono celular
        papás padres familia
        intérprete traductor traducción
        nieve clima
        gratis gratuita gratuito
        avisar reportar
        recoger
    """,
}

# Asking words: they shape a question and tell no article from another.
ASKING: dict[str, str] = {
    "en": "much many long get need please hello hi thanks thank want know take say tell ask give go like still really make let use"
    " could would should thing way what's whats where'd dont doesnt isnt im u does find happen somebody someone anyone",
    "es": "cuanto cuánto cuantos cuántos cuanta cuántas donde dónde cuando cuándo hola gracias favor necesito quiero puedo hay como"
    " cómo hora debo tengo saber quisiera hacer",
}

LONG_ENOUGH = 5  # letters: a slip in a shorter word makes another word
ALIKE = 0.84  # of its letters, in order


def closest(word: str, known: Collection[str]) -> frozenset[str]:
    """Words that are there of which this may be a slip of the pen: the same without accents, or but a letter apart."""
    bare = unaccented(word)
    same = frozenset(one for one in known if one != word and unaccented(one) == bare)
    if same or len(word) < LONG_ENOUGH or not word.isalpha():
        return same
    near = [one for one in known if one[0] == word[0] and abs(len(one) - len(word)) <= 1]
    return frozenset(get_close_matches(word, near, 1, ALIKE))


def unaccented(word: str) -> str:
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
