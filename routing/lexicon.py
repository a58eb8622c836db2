"""What districts' people call things, in English and Spanish: words of one meaning become one feature.

It lets a catalog written in English place a message in Spanish, and "rr" find the restrooms. One meaning a line, an indented
line goes on; variants are compared folded (see `words.fold`), at most three words long.
"""

from routing.words import fold

MEANINGS = """
bus: bus, buses, autobus, autobuses, camion, camiones, camioncito, guagua, school bus, transporte escolar, ruta
busdriver: driver, bus driver, chofer, conductor, conductora
busstop: stop, bus stop, parada, paradas, corner
ride: ride, pickup, pick up, dropoff, drop off, recoger, llevar, transport, transportation, transporte, transportacion
late: late, delayed, running behind, tarde, retrasado, retraso, atrasado, demora
missing: missing, lost, never came, no show, perdido, perdida, perdio, perdi, extraviado, no llego, no ha llegado
route: route, routes, routing, ruta, rutas, recorrido
fieldtrip: field trip, trip, excursion, paseo, salida
password: password, passwords, passcode, pin, contrasena, contrasenas, clave, pw, pwd
login: login, log in, log into, logon, sign in, sign into, signin, logging in, locked out, lockout, iniciar sesion,
    entrar, acceder, acceso, ingresar, inicio de sesion
account: account, accounts, acct, cuenta, cuentas, username, usuario
laptop: laptop, laptops, computer, computers, pc, desktop, macbook, computadora, computadoras, ordenador, portatil,
    compu
chromebook: chromebook, chromebooks, chrome book, tablet, ipad, ipads, tableta, loaner
screen: screen, cracked, display, monitor, pantalla, rota, quebrada, estrellada
charger: charger, cord, battery, charging, cargador, bateria, cable
projector: projector, projectors, panel, smartboard, smart board, whiteboard, document camera, doc cam, proyector,
    pantalla interactiva, pizarra
printer: printer, printers, printing, print, copier, copiers, toner, jam, jammed, copy machine, impresora, imprimir,
    fotocopiadora, copiadora
software: software, app, apps, install, program, license, aplicacion, programa, instalar
wifi: wifi, wi fi, internet, network, wireless, red, inalambrica, connection, connectivity, offline, conexion, senal
blocked: blocked, block, unblock, filter, website, site blocked, bloqueado, bloqueada, bloquear, desbloquear, filtro
email: email, e mail, mail, inbox, outlook, gmail, mailbox, correo, correo electronico
phone: phone, phones, voicemail, extension, dial tone, telefono, buzon de voz
phish: phishing, phish, scam, suspicious, hacked, spam, virus, malware, ransomware, estafa, sospechoso, hackeado,
    fraude
drive: drive, shared drive, folder, files, file, deleted, archivo, archivos, carpeta, borrado
outage: outage, down, everyone, whole school, caido, caida, no funciona nada
heat: heat, heater, heating, hvac, furnace, boiler, cold, freezing, hot, ac, air conditioning, thermostat,
    temperature, calefaccion, frio, calor, aire acondicionado, temperatura
leak: leak, leaking, leaks, flood, flooding, flooded, overflow, overflowing, water, drip, dripping, gotera, fuga,
    agua, inundado, inundacion, goteando
toilet: toilet, toilets, restroom, restrooms, bathroom, bathrooms, rr, urinal, sink, faucet, clogged, plumbing, drain,
    bano, banos, sanitario, inodoro, lavabo, tapado, plomeria
power: power, outlet, outlets, electrical, electricity, breaker, plug, wiring, sparks, sparking, electricidad,
    enchufe, luz electrica, corriente, se fue la luz
light: light, lights, bulb, lighting, lamp, flickering, luces, foco, focos, lampara, luz
door: door, doors, lock, locks, key, keys, gate, hinge, latch, puerta, puertas, llave, llaves, cerradura, candado
badge: badge, badges, key card, keycard, card reader, fob, access card, gafete, credencial, tarjeta de acceso
window: window, windows, glass, ventana, vidrio
repair: repair, fix, broken, broke, broken down, arreglar, reparar, roto, rota, descompuesto, descompuesta, danado,
    danada
clean: clean, cleaning, dirty, mess, spill, spilled, vomit, threw up, trash, garbage, mop, custodian, limpiar,
    limpieza, sucio, basura, derrame, conserje, vomito
supplies: soap, paper towels, toilet paper, hand towels, jabon, papel, toallas
pest: mouse, mice, rat, rats, ants, bugs, roach, roaches, wasps, bees, pest, pests, raton, ratones, hormigas,
    cucarachas, abejas, avispas, plaga
snow: snow, ice, icy, slippery, salt, plow, nieve, hielo, resbaloso
furniture: furniture, desk, desks, chair, chairs, table, tables, tables and chairs, setup, set up, muebles, sillas,
    mesas, escritorio, acomodar
playground: playground, swing, slide, field, grass, lawn, mow, patio de juegos, juegos, columpio, cancha, cesped,
    pasto
rental: rent, rental, reserve, gym rental, use the gym, community use, facility use, rentar, alquilar, reservar
elevator: elevator, ramp, wheelchair, accessible, accessibility, elevador, rampa, silla de ruedas
sub: sub, subs, substitute, substitutes, absence system, suplente, suplentes, sustituto, sustituta
leave: leave, fmla, maternity, paternity, bereavement, medical leave, sick leave, sick days, permiso, licencia,
    maternidad, incapacidad
hire: job, jobs, apply, application, hiring, hire, hired, position, opening, interview, fingerprint, fingerprints,
    fingerprinting, trabajo, empleo, vacante, solicitud de empleo, contratacion, huellas
verification: employment verification, verification of employment, verify employment, carta de trabajo, constancia de
    empleo
certificate: certificate, certification, licensure, credential, endorsement, certificado
paycheck: paycheck, paychecks, pay, paid, payroll, paystub, pay stub, salary, wages, overtime, sueldo, salario,
    cheque, nomina, pago, me pagaron
timesheet: timesheet, timesheets, time sheet, hours, extra duty, stipend, hoja de horas, horas
tax: w2, w 2, w4, w 4, tax, taxes, 1099, impuestos
deposit: direct deposit, bank, banking, deposito, deposito directo, banco
insurance: insurance, benefits, medical plan, dental, vision, premium, open enrollment, retirement, pension, 403b,
    seguro, beneficios, jubilacion, retiro
purchase: purchase, purchasing, po, purchase order, requisition, order, quote, comprar, compra, orden de compra
invoice: invoice, invoices, vendor, remittance, w9, w 9, payment status, factura, proveedor
reimburse: reimbursement, reimburse, reimbursed, mileage, receipt, receipts, reembolso, millas, recibo
budget: budget, budget code, account code, presupuesto
fee: fee, fees, fine, fines, refund, owe, charge, cuota, cuotas, multa, reembolso de cuota, debe, debo
lunch: lunch, lunches, breakfast, meal, meals, cafeteria, food, menu, almuerzo, desayuno, comida, comidas
mealbalance: balance, lunch money, meal account, lunch account, saldo, cuenta de comida, dinero de almuerzo
freelunch: free lunch, reduced lunch, free and reduced, free or reduced, reduced price, almuerzo gratis, precio
    reducido, gratis, comida gratis
diet: allergy, allergies, allergic, gluten, dairy, peanut, nuts, vegetarian, vegan, halal, kosher, diet, alergia,
    alergico, alergica, dieta, cacahuate, lacteos
enroll: enroll, enrolling, enrolled, enrollment, register, registering, registration, new student, kindergarten, sign
    up, inscribir, inscripcion, inscripciones, registrar, matricula, matricular, kinder, nuevo estudiante
transfer: transfer, boundary, out of district, choice transfer, another school, change schools, switch schools,
    transferir, traslado, cambiar de escuela, cambio de escuela, otra escuela
address: address, moved, move, moving, new house, new apartment, proof of residency, domicilio, direccion, mudamos,
    mudanza, nos cambiamos, nueva casa
custody: custody, court order, parenting plan, restraining order, divorce, not allowed to pick up, custodia, orden de
    la corte, divorcio
attendance: absent, absence, absences, attendance, tardy, sick today, staying home, dentist, appointment, excused,
    unexcused, ausente, ausencia, falta, faltar, asistencia, enfermo, enferma, cita, no va a ir, no ira
transcript: transcript, transcripts, records, record request, diploma, expediente, calificaciones oficiales, historial
    academico, copia de
contact: emergency contact, contact info, phone number changed, contacto de emergencia, cambiar telefono
portal: portal, parent portal, parent account, family portal, portal de padres, cuenta de padres
grades: grade, grades, gradebook, report card, report cards, progress report, calificacion, calificaciones, boleta,
    boletas, notas
roster: roster, rosters, class list, sync, not showing up in, lista de clase
data: data, report, state report, export, query, datos, informe
privacy: privacy, ferpa, data agreement, vendor privacy, student data, privacidad
iep: iep, 504, special education, sped, special ed, evaluation, evaluate, accommodations, accommodation, case manager,
    resource room, educacion especial, evaluacion, acomodaciones
therapy: speech, ot, occupational therapy, physical therapy, paraeducator, aide, terapia, terapia del habla
assistive: assistive, aac, communication device, hearing aid, fm system, braille
medicine: medication, medicine, meds, inhaler, epipen, epi pen, insulin, nurse, prescription, medicina, medicamento,
    medicamentos, inhalador, enfermera
vaccine: vaccine, vaccines, immunization, immunizations, shots, shot record, vacuna, vacunas
injury: hurt, injured, injury, fell, bleeding, concussion, accident, lice, fever, rash, lastimado, lastimo, se cayo,
    sangre, golpe, piojos, fiebre
counselor: counselor, counseling, counsellor, therapist, anxiety, anxious, sad, depressed, depression, grief, mental
    health, consejero, consejera, consejeria, ansiedad, triste, deprimido, deprimida, salud mental, psicologo
bully: bully, bullied, bullying, harass, harassed, harassment, teasing, picking on, mean to, hazing, racist, acoso,
    acosan, acosando, molestan, molestando, burlan, intimidacion
threat: threat, threaten, threatened, weapon, gun, knife, kill, suicide, fight, violence, amenaza, amenazo, arma,
    pistola, cuchillo, matar, suicidio, pelea
visitor: visitor, visitors, visit, check in, visitante, visita, visitar
camera: camera, cameras, footage, video footage, drill, drills, lockdown, camara, camaras, simulacro
traffic: traffic, car line, parking, parking lot, crosswalk, crossing guard, drop off line, trafico, estacionamiento,
    cruce, fila de carros
web: webpage, web page, web site, website, broken link, page is wrong, link, pagina, pagina web, sitio web, enlace
alert: alert, robocall, robocalls, text alerts, notifications, message from the school, closure, closed, snow day,
    delay, alerta, alertas, mensajes, avisos, notificaciones, cierre
media: media, reporter, journalist, newspaper, press, interview request, tv, news, public records, records request,
    reportero, periodico, prensa
translate: translate, translation, translated, translator, interpreter, interpreting, interpretation, in spanish,
    traducir, traduccion, traducido, interprete, traductor, traductora, en espanol, idioma
homeless: homeless, shelter, motel, evicted, eviction, couch, staying with, foster, mckinney, sin hogar, refugio,
    desalojo, desalojaron
volunteer: volunteer, volunteering, chaperone, background check, pta, voluntario, voluntaria, voluntarios, chaperon
complaint: complaint, complain, concern, unhappy, unfair, principal wont, nobody calls back, queja, quejarme,
    inconforme, injusto
textbook: textbook, textbooks, book, books, materials, curriculum, workbook, libro, libros, materiales
test: test, tests, testing, exam, assessment, state test, sat, prueba, pruebas, examen, examenes
course: course, courses, schedule, class schedule, credits, credit, graduation, graduate, curso, cursos, horario,
    creditos, graduacion, graduarse, clases
training: training, clock hours, professional development, pd, workshop, capacitacion, taller
sport: sport, sports, team, football, soccer, basketball, volleyball, track, wrestling, baseball, tryouts, practice,
    coach, athletic, athletics, physical, eligibility, deporte, deportes, futbol, entrenador, partido, equipo
ticket: ticket, tickets, game, pass, season pass, boleto, boletos, entrada, entradas
club: club, clubs, activity, activities, after school, club escolar, actividades, despues de la escuela
badwater: smell, smells, gas smell, odor, mold, smoke, alarm, fire alarm, huele, olor, moho, humo, alarma
graffiti: graffiti, vandalism, vandalized, tagged, grafiti, vandalismo
newstaff: new hire, new employee, new teacher, new staff, starts monday, starting monday, onboarding, new para, nuevo
    empleado, nueva maestra
lostitem: left on the bus, left his, left her, backpack, jacket, lost and found, mochila, chaqueta, chamarra, olvido,
    dejo en
"""
LONGEST = 3  # words in a variant


def _read() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in MEANINGS.strip().replace("\n    ", " ").splitlines():
        meaning, variants = line.split(":", 1)
        for variant in variants.split(","):
            found.setdefault(fold(variant), []).append(meaning)
    return found


_MEANINGS = _read()


def meanings(words: list[str]) -> list[str]:
    """Every meaning named in these folded words, as often as it is named."""
    found: list[str] = []
    for size in range(1, LONGEST + 1):
        for start in range(len(words) - size + 1):
            found += _MEANINGS.get(" ".join(words[start : start + size]), ())
    return found
