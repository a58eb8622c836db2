"""Words that tell that a name is near, or that none is: English and Spanish."""

from functools import cache

_CUES = {
    "title": "mr mrs ms miss mx dr prof professor coach principal teacher nurse officer counselor sir madam lord lady"
    " president senator judge"
    " sr sra srta don dona maestra maestro profe profesor profesora doctor doctora director directora senor senora senorita"
    " tio tia padre pastor reverend father brother sister rabbi imam judge deputy detective captain sergeant",
    "greet": "hi hello hey dear hola estimado estimada estimados querido querida bye thanks gracias attn attention buenos"
    " buenas dias tardes noches thx ty pls plz please perdone disculpe morning",
    "kin": "son daughter child kid kids children twins student students boy girl brother sister mom mother dad father husband"
    " wife nephew niece cousin grandson granddaughter"
    " stepson student friend uncle aunt hijo hija nino nina hermano hermana mama papa esposo esposa sobrino sobrina nieto"
    " nieta alumno alumna"
    " primo abuela abuelo hijito hijita parent guardian grandma grandpa grandmother grandfather neighbor boss patient",
    "named": "name named called llamo llama llamado llamada nombre known aka regards sincerely love cheers best warmly"
    " respectfully saludos atentamente habla from signed"
    " soy contact ask cc",
    "says": "says said asked told wrote replied adds added writes thinks wants dice dijo escribio pregunto explained according asks",
    "be": "is was has had will won isn hasn did does didn doesn can got came went left needs lost keeps started missed es fue"
    " esta tiene estuvo va"
    " lives moved works plays loves likes would could should just never always",
    "where": "in at to near into through around outside inside en hacia across",
    "the": "the a an this that these those el la los las un una esta este ese our your its every each some any no",
    "of": "of de del for with by and or y e con por para about as vs than",
    "who": "i we you he she they it me him her us them my his their yo ella mi su mis sus tu who",
    "org": "inc ltd llc gmbh corp company co group bank university college foundation associates sons partners orchestra website store"
    " hotel restaurant plc ag sa team department dept office service services system district club band museum"
    " street st ave avenue road rd lane ln drive boulevard blvd court elementary middle high school academy center library",
    "age": "years old age grade months yo grado anos class period homeroom teacher bus mom dad",
    "when": "january february march april may june july august september october november december monday tuesday wednesday"
    " thursday friday"
    " saturday sunday mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun jul aug sept sep oct nov dec"
    " enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes miercoles jueves"
    " viernes sabado domingo"
    " christmas halloween thanksgiving easter",
    "folk": "american british english spanish french german italian japanese chinese korean russian mexican canadian african"
    " indian asian"
    " european latino latina hispanic christian muslim jewish swedish danish dutch polish czech portuguese greek turkish"
    " finnish norwegian"
    " vietnamese somali ukrainian filipino arabic black white native",
}  # fmt: skip


@cache
def cues() -> dict[str, str]:
    """Word → kind of cue. A word of two kinds is of the first."""
    found: dict[str, str] = {}
    for kind, text in _CUES.items():
        for word in text.split():
            found.setdefault(word, kind)
    return found
