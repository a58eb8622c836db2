"""The words themselves: alternatives of regular expressions on folded text, one a line; an indented line goes on.

`<name>` stands for an entry of PARTS.
"""

PARTS = {
    "kin": (
        r"mom|mum|mother|dad|father|step ?dad|step ?mom|step ?father|step ?mother|boyfriend|girlfriend|husband"
        r"|wife|uncle|aunt|parents?"
    ),
    "somebody": r"(?:he|she|they|<kin>|brother|cousin|grandpa|grandfather|coach|teacher|man|guy|driver)",
    "whom": r"(?:me|us|him|her|them|my|his|someone|somebody|a (?:kid|child|student|girl|boy))",
    "victim": (
        r"(?:me|us|him|her|them|(?:my|his|her|their|the|a) (?:son|daughter|kids?|child|children|brother|sister|mom"
        r"|student|girl|boy))"
    ),
    "self": r"(?:myself|my self|himself|herself|themself|themselves|yourself|urself)",
    "device": (
        r"(?:battery|laptop|phone|chromebook|computer|printer|copier|bulb|projector|fan|motor|engine|car|plants?"
        r"|trees?|grass|garden|wi ?fi|internet|it|its|tablet|ipad|mic|microphone|signal|connection)"
    ),
    "training": (
        r"(?:drills?|training|trainings|exercise|simulation|plan|plans|protocol|procedures?|policy|policies|video"
        r"|course|module)"
    ),
    "talk": (
        r"(?:prevention|awareness|postvention|screening|training|curriculum|lessons?|unit|policy|presentation"
        r"|posters?|walk|week|month|hotline number|webinar|workshop|protocol)"
    ),
}

HARMLESS = r"""
<device>s?(?: \w+){0,6} (?:to sleep|asleep|wake up|wakes up|waking up|woke up)(?: and (?:wont|doesnt|never) (?:wake|wakes)(?: up)?)?
(?:kills|killing|killed) (?:me|us)(?! (?:and|if i|when|tonight))
kill\w* my (?:back|feet|eyes|neck|ears|battery|time|vibe|budget|wrists?)
(?:it|this|that|heat|traffic|stairs|commute|schedule|deadline)(?: (?:is|will|would))? (?:going to |gonna )?kill (?:me|us)
rather die than
(?:principal|boss|teacher|coach|director|supervisor|editor|accountant|auditor|mom|dad|mother|father|parents|husband
    |wife)s? (?:is |are |will |would |s )?(?:literally |actually |totally |so |really |prob |probably )?(?:going to |gonna |gon |ll )?
    (?:literally |actually )?kill (?:me|us)
(?:going to|gonna|will|could|might|ill) (?:kill|murder|strangle|stab|shoot|bomb) (?:it|this|that|these|whoever (?:made|designed|set)
    |(?:the|this|that|my) (?:\w+ )?<device>)
kill (?:two birds|time|the (?:lights?|power|engine|process|tab|breaker|switch|app|session|music|mood|grass|weeds|alarm|motor
    |water))
kill (?:it|switch|weeds|bugs|wasps|bees|ants|mice|rats|germs|mold|bacteria|mosquitoes)
(?:dressed|dying|die) (?:to (?:kill|know|see|try|get|hear|meet)|for)
<device> (?:is |are |was |keeps |keep |s )?(?:dying|dead|dies|died)
(?:dying|die|died|dead|going to die|gonna die) (?:of|from) (?:boredom|laughter|curiosity|heat|thirst|hunger|embarrassment
    |the heat|cold)
(?:going to|gonna) die (?:in|of|from) (?:this|the|here|heat|boredom)(?: heat| cold)?
cut(?:s|ting)? (?:myself|himself|herself) (?:on|with the|off|some|a break|at lunch|while|short)
(?:run|ran|running|do|did|doing) suicides
suicide (?:and \w+ )?<talk>|(?:preventing|prevention of) suicide|suicide squeeze
self harm <talk>
shoot (?:me|us|you|him|her|them|over|off|out) (?:an?|over|the|your|over an?) (?:quick )?(?:e ?mail|text|note|message|line
    |call|link|invite|list|copy|details)
(?:photo|video|film|movie) shoots?|shoots? (?:hoops|baskets|free throws|videos?|photos?|pictures?|film|the breeze|for)
shooting (?:guard|hoops|stars?|baskets|free throws|for|videos?|photos?|film|drills?|range|sports)
(?:active shooter|shooter|intruder|lock ?down|bomb threat|weapons?) (?:and \w+ )?<training>
(?:drills?|training) (?:for|on|about) (?:an? )?(?:active )?(?:shooters?|intruders?|bomb threats?)
(?:nerf|water|glue|hot glue|heat|staple|nail|squirt|caulk|caulking|spray|massage|radar|price|label|t shirt|tee shirt|starter
    |starters?|starting|grease|solder|soldering|bubble|confetti|temp|temperature|thermometer|scanner|paint spray|tag) guns?
guns? (?:safety|lock|control|violence prevention|free|range|metal)
(?:jump|jumped|jumping|under|top|big|son of a) (?:the )?guns?
shotgun (?:start|house)|(?:ride|riding|call|called) shotgun
(?:air )?rifle (?:team|club|squad|range|match)|(?:color guard|drill|wooden|parade) rifles?
weapons? (?:screening|detectors?|detection|rules?|signs?)
(?:bath|photo|seed|cherry|calorie|mail|zip|smoke alarm) bombs?|f bombs?|bomb cyclone|the bomb dot com
bombed (?:the|my|a|his|her) \w+
(?:plastic|butter|palette|putty|exacto|x acto|bread|table|steak|kitchen|pizza|utility|chefs?) kni(?:fe|ves)
kni(?:fe|ves) sharpen\w*
threat assessment (?:team|form|forms|training|process|meeting)|threat of (?:snow|rain|ice|wind|weather|storms?|a strike|frost)
(?:phishing|cyber|security|malware|virus|email|insider) threats?
threatening (?:weather|skies|sky|clouds|snow|rain|to (?:rain|snow))
threaten(?:s|ed|ing)? (?:\w+ ){0,2}to (?:sue|quit|cancel|leave|call|report|go to|shut|close|withhold|disconnect|fine|tow|take
    |strike|resign|drop|charge|evict|rain|snow|fall|collapse|stop|turn|fail|give)
child abuse (?:reporting|training|prevention|awareness|clearances?|checks?|registry|policy|certification|history)
mandated reporter \w+|(?:substance|drug|alcohol|leave|power) abuse|abuse of (?:power|the|leave|sick|public)
(?:it|that|this|what) beats me|beats me (?:why|how|what)|hit (?:me|us) with (?:\w+ ){0,2}(?:bills?|fees?|charges?|fines?)
(?:fan|mower|saw|blender|ceiling|cutter|wiper|plow|skate|hockey) blades?
me (?:muero|mori|moria) (?:de|por)
(?:muert[oa]s?|morir|morirme|morirse|moria) de (?:risa|hambre|calor|frio|ganas|sueno|pena|verguenza|sed)
(?:me|nos) (?:mata|matan|esta matando|estan matando) (?:de|la|el|los|las)
(?:mi )?(?:mama|papa|jef[ea]|director[a]?|espos[oa]) (?:me|nos) va a matar
matar (?:el tiempo|cucarachas|ratones|hormigas|dos pajaros|abejas|moscas|hierba|maleza|bichos)
prevencion (?:del?|contra el) suicidio|simulacros? (?:de|para|contra|por)(?: un)? (?:tiroteos?|tirador|intruso|bomba|balacera)
bombas? de (?:agua|aire|gas|gasolina|calor|riego|insulina|infusion|leche|la alberca)|bombas? (?:sanitarias?|hidraulicas?)
pistolas? de (?:agua|silicon\w*|pegamento|calor|pintura|clavos|grapas|temperatura)|cuchillos? de (?:cocina|plastico|mesa|pan)
amenazas? (?:de (?:lluvia|nieve|tormenta|mal tiempo|huelga)|cibernetica|informatica)
amenaz\w+ con (?:demandar|renunciar|cancelar|reportar|cobrar|desconectar|cerrar)
"""

SELF_HARM = r"""
suicid(?:e|al|es|a|o|io|arse|arme|ar)
kill(?:s|ing|ed)? <self>|kms|kys
(?:want|wants|wanted|wanting|wanna|going|gonna|ready|rather) (?:to )?(?:die|be dead)
wish(?:es|ed)? (?:i|he|she|they|he|we) (?:was|were|am|is|be) (?:dead|never born|gone|not alive)
wish\w* \w+ (?:had |was |were )?never (?:been )?born
(?:dont|do not|doesnt|does not|didnt|did not|no longer|not) wants? to (?:live|be alive|be here any ?more|exist|wake up
    |keep living|go on living)
(?:end|ending|ended|take|taking|took) (?:it all|(?:my|his|her|their|your) (?:own )?li(?:fe|ves))
better off (?:dead|without (?:me|him|her)|if (?:i|he|she) (?:was|were|am|is|died))
(?:no|any) reason to (?:live|keep living)|nothing to live for|tired of (?:living|being alive)|life (?:is not|isnt) worth
(?:cut|cuts|cutting|burn|burning|hurting|harm|harming|hang|hanging|starving|choking) <self>|self ?harm\w*
(?:want|wants|wanted|going|gonna|thinking (?:of|about)|thoughts of|planning|plans|tried|trying|might|urge) (?:to )?(?:hurt
    |hurting) <self>
hurts? <self> on purpose|(?:cuts?|scars?) on (?:my|his|her|their) (?:wrists?|arms?|thighs?)
(?:slit|cut|cutting) (?:my|his|her|their) (?:own )?(?:wrists?|arms?)
overdos\w+
(?:took|take|taken|swallowed|taking) (?:all|too many|a bunch of|a bottle of|(?:a|the) whole bottle(?: of)?
    |a lot of) (?:of )?(?:the |her |his |my |their )?(?:pills|meds|medication|tylenol|bottle)
goodbye (?:letters?|notes?|texts?|videos?|messages?)
wrote (?:the|my|goodbye) letters(?! (?:to|for) (?:the |our )?(?:parents|famil\w+|staff|home|vendors?|students))
letters? to say goodbye
(?:gave|giving|given) (?:away )?(?:all )?my (?:dog|cat|pet|things|stuff|belongings|guitar) (?:away|to)
(?:gave|giving|gives|given) away (?:all )?(?:my|his|her|their) \w+
gave (?:all )?(?:his|her|their) (?:dog|cat|pet|things|stuff|belongings) away
by the time (?:you|u|anyone) (?:read|reads|get|gets|see|sees|find|finds) th(?:is|ese)
wont (?:have|need) to worry about (?:me|him|her)
(?:go|going|fall) to sleep and (?:not|never|dont|doesnt) (?:ever )?wake(?: up)?|never wake up(?: again)?
(?:nobody|no one|noone) (?:would|will|will even|would even) (?:miss me|care if i (?:died|die|was gone|disappear))
jump(?:ing|ed)? (?:off|from) (?:the|a|that) (?:bridge|roof|building|overpass|balcony)
(?:quitar|quito|quitando)(?:me|se|te)? (?:la|su|mi) (?:propia )?vida|acabar con (?:mi|su|todo) ?(?:vida)?
terminar con (?:mi|su) vida
(?:me |se |te )?quier[eo]n? (?:matar|morir)(?:me|se)?|matar(?:me|se)|queria (?:morir|matar)(?:me|se)
ganas de (?:morir|matar)(?:me|se)?
no (?:quier[eo]|queria|tiene ganas de|tengo ganas de) (?:seguir )?(?:vivir|viviendo|existir|despertar|estar aqui)
sin ganas de vivir
hacer(?:me|se) dano|se (?:esta )?(?:hace|haciendo) dano|autolesi\w+
se (?:esta )?(?:corta|cortando|corto) (?:los|las|sus|el|la|a si) ?(?:brazos?|munecas?|piernas?|venas?|mism[oa])?
cortar(?:se|me) (?:las|los|mis|sus) (?:venas|munecas|brazos)|me corto (?:los|las)
mejor (?:estar |estaria |estarian )?(?:muert[oa]|sin mi)
carta de despedida|sobredosis|(?:tomo|trago|tome) (?:muchas|todas (?:las|sus|mis)|un monton de) (?:pastillas|pildoras)
"""

THREAT = r"""
(?:kill|killing|murder|murdering|stab|stabbing|strangle) (?:<whom>|you|u|everyone|everybody|people|kids|students|all of
    |the (?:teacher|principal|kids))
(?:going to|gonna|gon|will|wants? to|wanna|threatened to|plan(?:s|ning)? to|said hed|said hell) (?:kill|shoot|stab|murder
    |bomb|attack)
(?:going to|gonna|will|wants? to|threatened to|plan(?:s|ning)? to) hurt (?:people|everyone|everybody|someone|somebody|kids
    |other kids|students|me|him|her|them|my|the teacher)
shoot(?:s|ing)? (?:up|the school|up the|people|him|her|them|us|everyone|kids|students|somebody|someone)|school shoot\w+
mass shoot\w+|shooters?
blow(?:ing|n)? (?:it |the school |this school |the building |this place |the place |us )?up (?:the |this |our )?(?:school
    |building|gym|place|class\w*|campus)
blow(?:ing)? (?:the|this|our) (?:school|building|place) up|burn(?:ing)? (?:down )?(?:the|this) school(?: down)?
threaten(?:s|ed|ing)?|(?:death|bomb|gun|shooting|violent|school|made a|making|makes|made|verbal|a) threats?
threats? (?:against|toward|towards|to|from|on)
(?:hit|kill|death) list
(?:nobody|no one|dont|do not) (?:should )?(?:come|go|show up)(?: to school)? (?:on )?(?:tomorrow|monday|tuesday|wednesday
    |thursday|friday)(?!.*\b(?:snow|ice|icy|closed|closure|delay|sick|fever|weather|holiday|conference)\b)
amenaz\w+|(?:va|voy|van|vamos|iba|quiere|quiero) a? ?(?:matar|disparar|apunalar|golpear)(?:l[oae]s?|nos|me)?
matar (?:a|l[oa]s?) \w+|tiroteos?|balaceras?|tirador
(?:explotar|volar|quemar|bombardear) (?:la|esta|mi|su) (?:escuela|edificio|salon)
no (?:vengan|vayan|vengas|vayas) a la escuela (?:manana|el (?:lunes|martes|miercoles|jueves|viernes))
"""

WEAPON = r"""
guns?|pistols?|handguns?|rifles?|shotguns?|firearms?|ar ?15|machetes?|switchblades?|gun ?shots?|gunfire|shots fired|grenades?
brass knuckles|ammunition|explosives|pipe bombs?|weapons?|bombs?|(?:a|the|mass|drive by) shooting
shooting (?:at|near|outside|in)
(?:has|had|have|having|brought|bringing|brings|bring|with|got|pulled|pulls|showed|showing|carrying|carries|carry|waving|saw
    |seen|found|theres|there is|holding) (?:\w+ ){0,3}(?:knife|knives|blade|box ?cutter|razor|taser|ammo|bullets)
(?:knife|knives|blade|box ?cutter|razor blade|ammo) (?:in|at|to|on) (?:the |his |her |their |a |my |hi )?(?:school|bag
    |backpack|locker|bathroom|restroom|bus|waistband|pocket|class\w*|campus|desk|playground|gym|hallway|cafeteria)
stabbed|stabbing|knife (?:fight|attack)
pistolas?|escopetas?|balas|explosivos?|bombas?|punal(?:es)?|navajas?|armas? (?:de fuego|blancas?)
(?:tiene|trae|trajo|traia|tenia|saco|con|lleva|llevaba|hay|encontr\w+|vi|vio|enseno|mostro) (?:un[ao]?s? )?(?:armas?
    |cuchillos?|machetes?)
"""

ABUSE = r"""
<somebody> (?:\w+ ){0,2}(?:hits|beats|hurts|chokes|choked|slaps|punches|kicks|burns|burned|whips|whipped|touches|touched|hit
    |beat|beating|hitting|choking) <victim>
(?:gets|get|getting|being|been|was|is) (?:abused|molested|beaten|beat up at home|trafficked|groomed|stalked|assaulted
    |hit at home|choked)
(?:bruise[sd]?|marks|welts|burns|belt marks|handprints?|black eyes?|cigarette burns) (?:\w+ ){0,2}(?:on|all over|around
    |from) (?:his|her|their|my|the) (?:\w+ )?(?:arms?|legs?|back|neck|face|body|mom|dad|wrists?|stepdad|stepmom|thighs?)
(?:scared|afraid|terrified|not safe|unsafe|doesnt feel safe|does not feel safe|dont feel safe|dont want
    |begging not) (?:to (?:go|be) |going |at |being )(?:back )?(?:to )?(?:home|with (?:him|her|my|his))
(?:isnt|is not|not|never|dont feel|doesnt feel) safe (?:at home|with (?:him|her|my|his|their))
(?:sexual(?:ly)?|physical(?:ly)?|child) (?:abus\w+|assault\w*|predators?|exploit\w*|contact)
abus(?:es|ed|ing) (?:me|him|her|them|my|a|the|by|at|his|their)|(?:reporting|report|suspect\w*) (?:child )?(?:abuse|neglect)
molest(?:s|ed|ing|ers?|ation)?|rape[sd]?|raping|rapist|groom(?:ing|ed) (?:her|him|me|my|a|kids|girls|boys|students|children)
touch(?:es|ed|ing)? (?:her|him|me|my|his|them|kids|students|\w+) (?:\w+ ){0,2}(?:inappropriate\w*|private\w*|down there|chest
    |butt)
inappropriate(?:ly)? touch\w*|touched inappropriately
(?:asked|asking|asks|wants|wanted|send|sending|sent|has|posted|sharing) (?:\w+ ){0,4}(?:nudes?|naked)
naked (?:pictures?|photos?|pics)|dick pics?
(?:grown|adult|older|strange|creepy|unknown|random) (?:man|men|guys?|woman|women|adults?|males?
    |strangers?)(?: \w+){0,6} (?:talking|chatting|messaging|texting|contacting|contacted|asking|follow\w*|touch\w*|grab\w*
    |photograph\w*|filming|approach\w*)
(?:stranger|man|guy|adult)s? (?:\w+ ){0,5}(?:tried to (?:grab|take|lure|get)|following (?:kids|a|my|the|her|him)|in a (?:van
    |car|truck) (?:\w+ ){0,3}(?:asking|offering|following|taking))
(?:step ?dad|step ?father|uncle|cousin|brother|boyfriend|grandpa|coach|father|dad) (?:\w+ ){0,3}(?:comes?|came|coming|sneaks?
    |sneaking|gets?|got) (?:in|into|to) (?:my|her|his) (?:bed|room at night)
(?:van|car|truck|man|guy|stranger)s? (?:\w+ ){0,4}follow(?:s|ed|ing) (?:the|our|my|a|her|him|kids|children)(?: \w+){0,2}
    (?: bus| kids| girls?| boys?| daughter| son| child| children| students?| home| from)
(?:told|tells|telling|said to|says to) (?:her|him|them|my \w+|a \w+ \w+|\w+) (?:that )?(?:her|his|their) (?:mom|mother|dad|parents)
     sent (?:him|her|them)
kidnap\w*|abduct\w*|human traffick\w*
(?:papa|mama|padrastro|madrastra|tio|tia|novi[oa]|espos[oa]|marido|padre|madre|abuel[oa]|senor|hombre|maestr[oa]|entrenador
    |ex) (?:\w+ ){0,3}(?:me|le|l[oa]s?|nos|les) (?:\w+ ){0,1}(?:peg[ao]n?|pegaba|pegan|golpe[ao]n?|golpeaba|toc[ao]n?|tocaba
    |quem[ao]n?|maltrat[ao]n?|abus[ao]n?|manose\w+)
abus\w+ (?:sexual\w*|fisic\w*|infantil|de (?:mi|ella|el|una?|los|las|su|sus))|(?:la|lo|me|le) (?:viol[oa]|violaron|manose\w+)
violacion sexual|acoso sexual
(?:marcas?|moretones|moreton|golpes|quemaduras|cintarazos) (?:\w+ ){0,2}en (?:el|la|los|las|sus?|todo) (?:\w+ )?(?:brazos?
    |cuerpo|espalda|piernas?|cara|cuello|ojos?)
maltrato (?:infantil|fisico)|maltrat\w+ (?:a )?(?:su|sus|mi|mis|los|un|una|el|la) (?:hij\w+|nin\w+|alumn\w+|estudiant\w+)
miedo (?:de|a) (?:ir|volver|regresar|llegar) a (?:su |mi |la )?casa
no (?:esta|estoy|se siente|me siento) segur[oa] en (?:su |mi |la )?casa
secuestr\w+|(?:fotos?|videos?|imagenes) (?:de (?:ella|el|mi hij[oa]) )?desnud[oa]s?
hombres? (?:adultos?|mayor(?:es)?|grandes?) (?:\w+ ){0,4}(?:hablan\w*|escrib\w+|mensaj\w+|sigu\w+|molest\w+)
"""

COURT_ORDER = r"""
(?:protection|protective|restraining|no contact) order|orden de (?:proteccion|restriccion|alejamiento)
"""

AT_THE_DOOR = r"""
today|tonight|right now|this (?:afternoon|morning)|do not release|dont release|may come|might come|on (?:his|her) way|is here
outside|pick (?:\w+ )?up|hoy|ahorita|ahora|afuera|recoger\w*|recoja\w*|llevarse\w*|entreguen?
"""
