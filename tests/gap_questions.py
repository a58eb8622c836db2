"""What people ask that nobody has written, in other words each time: one line a need. Made for these tests."""

EN = (
    (
        "when do report cards go home", "what day will report cards be sent", "when are report cards coming out this quarter",
        "date for first quarter report cards", "is there a report card this week",
    ),
    (
        "are there seat belts on the school bus", "do the buses have seatbelts", "does my kid wear a seat belt on the bus",
        "why no seat belts in school buses",
    ),
    (
        "how much are prom tickets", "prom tickets how much", "where do I buy a ticket for prom and what does it cost",
        "cost of prom this year",
    ),
    (
        "late fee for returning a library book", "what do we pay for an overdue library book", "library book is late, is there a fine",
        "lost a library book how much is it",
    ),
    (
        "how do I set up my voicemail pin", "voicemail asks for a pin I don't have", "reset the pin of my desk phone voicemail",
        "first time voicemail setup on the new phones",
    ),
    (
        "when is the next school board meeting", "what time does the school board meet", "how can I speak at the board meeting",
        "agenda for the board meeting", "board meetings dates",
    ),
    (
        "can I park my electric car and charge it at school", "is there an EV charger in the staff lot",
        "electric vehicle charging for employees", "where to charge an ev at the high school",
    ),
    (
        "how long does my child stay home with hand foot and mouth", "hand foot and mouth disease when can she come back",
        "how many days out of school for hand foot mouth",
    ),
    (
        "can we put a bounce house on the rented field", "is a bounce house allowed at our birthday rental",
        "inflatable jumper on school field rental",
    ),
    (
        "who do I ask for a transcript from 1998", "how to get an old high school transcript",
        "I graduated years ago and need my transcript",
        "request official transcript as former student",
    ),
    (
        "when does summer school sign up open", "summer school registration date", "how do I register my son for summer school",
        "is there summer school for middle schoolers",
    ),
    (
        "can my son bring his skateboard to school", "are skateboards allowed on campus", "where can students keep a skateboard",
    ),
)  # fmt: skip
ES = (
    (
        "cuándo entregan las boletas de calificaciones", "qué día mandan las boletas",
        "fecha de entrega de boletas del primer trimestre",
        "ya salieron las boletas",
    ),
    (
        "los autobuses tienen cinturón de seguridad", "hay cinturones en el autobús escolar", "mi hija usa cinturón en el autobús",
    ),
    (
        "cuánto cuestan los boletos del baile de graduación", "precio del boleto para el baile", "dónde compro boletos para el baile",
    ),
    (
        "a qué hora abre la oficina de la escuela", "horario de la oficina de la escuela", "hasta qué hora está abierta la oficina",
    ),
    (
        "cómo inscribo a mi hijo en la escuela de verano", "cuándo son las inscripciones de la escuela de verano",
        "hay escuela de verano este año",
    ),
)  # fmt: skip
