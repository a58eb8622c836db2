"""Sentences in which people are named, to learn from: {n} a whole name, {f} a first name, {l} a last name, {i} an initial.

Written for this product; who is named in them is drawn from the lists of names.
"""

SENTENCES = r"""
My name is {n}.
my name is {f} and i am in 8th grade
Hi, this is {n} from the front office.
hi its {f}, can u call me back
Hello {f}, thank you for your help yesterday.
Dear {n}, we received your form.
Hey {f}! Did you see what {f} posted?
{f}: Where are you?\n{f}: In the library, with {f}.
{f}: "I never said that."\n{f}: "You did, {f}!"
{n}: Good morning, everyone.\n{n}: Good morning.
"That is not fair," says {f}. "Ask {f}."
"We will be there by noon," said {l}.
said {f} to {f}, who had not asked
{f} shouted at {f}: "Stop it!"
{f} told {f} that {f} would be late.
{f} had lent {f} a charger.
{f} and {f} share a locker.
There were five of them: {f}, {f}, {f}, {f} and {f}.
There were three in the group: {f}, {f} and {f}.
the twins are {f} and {f}
{f}, {f}, {l} and {l} were absent today.
Absent: {n}, {n}, {n}
Names: {f}, {f}, {f}
Student: {n}\nGrade: 7\nSchool: Riverside
Name: {n}\nPhone: 555-0100
First name: {f}\nLast name: {l}
Parent/guardian: {n}
Emergency contact is {n}, her aunt.
From: {n}\nTo: {n}\nSubject: schedule
From: {n} <office@school.example>
On Tuesday {n} wrote:
On Mon, Nov 2 at 7:02 AM {n} <a@b.example> wrote:
> {n}\n> Purchasing
{n}\n12 Oak Street\nSpringfield
{n}\nOffice Manager\nNorth Campus
{n}\nDirector of Finance
{n}, PhD
{n}, the new principal, starts Monday.
{f} {i}. {l} is the custodian.
{f} {i} {l} signed for it.
{f} {i}. from room 12
{l}, {f} {i}.
{l}, {f}
{i}. {l}
- {i}. {l}, Principal
Thanks,\n{f}
Thanks!\n{n}
thx\n{f}
Thank you,\n{n}\nGrade 4
Sincerely,\n{n}
Regards, {n}
Best,\n{f} {i}.
Warmly, {n}, room 9
- {n}
- {f}
-- {f} {i}
{n} (parent of {f})
Please call me. {n}
Is the form for my son {f} done?
my daughter {f} forgot her lunch
My son {f} was not on the bus.
{f}'s mom called twice.
{f}'s password does not work.
I am {f}'s grandmother.
I'm {f}'s dad, {n}.
She is {n}'s niece.
The student {n} moved away.
Our teacher {n} is out sick.
his teacher is Mrs. {l}
Mr. {l} says the door is stuck
Ms. {l}'s room is cold
mr {l} said it is due friday
ms {l} class
Mrs {l} and Mr. {l} both know.
Dr. {n} will join the meeting.
Coach {l} needs the gym.
Coach {f} has the key.
Principal {l} approved it.
Pastor {f} would like to use the hall.
Officer {l} took the report.
Nurse {f} sent him home.
Judge {n} signed the order.
The patient, {n}, was seen today.
{n} is allergic to nuts.
{n} was born in 2012.
{n} and {n} are both on the list.
{f} has a fever.
{f} won't be in today, stomach bug
{f} wont be at school tmrw
{f} will be picked up by {n}.
{f} is out sick
Is {f} in school today?
Did {f} get on the bus?
Can {f} bring a phone?
Where does {f} live?
What grade is {n} in?
Who is {n}?
Have you heard of {n}?
Have you met {n} yet?
Have you been to a {n} show?
Her maiden name is {l}.
His middle name is {f}.
Everybody calls her {f}.
They call me {f}, but my name is {f}.
It might be under {n}.
It may be registered under {l}.
The reservation is under {l}.
Please change it to {n}.
It should say {n}, not {n}.
The name on the card is {n}.
The card was issued to {n}.
addressed to {n}
I spoke with {n} last week.
I talked to {f} at the desk.
We wrote to {n} about this.
The song was written by {n} in 1999.
The book by {n} is overdue.
a painting by {n} and a poem by {f}
The film stars {n} and was directed by {n}.
{n} directed the play, with {l} as the lead.
{n} began teaching in 2010.
{n}, who joined in May, has left.
As {l} wrote, this was expected.
{l} says that it is not true.
{l} was elected last year.
tennis player {n} was hurt
singer {n} visits our school
President {n} gave a speech.
{n}'s office did not respond.
It was {n} who called.
It happened to {f} too.
Remember, {f}, you promised!
What is wrong, {f}? You look pale.
{f}, please come to the office.
{f}? Are you there?
cc: {n}
Attn: {n}
{n} {n}
{f}
{n}
{n}: absent
1. {n}\n2. {n}\n3. {n}
* {f}\n* {f}
{f} & {f}
{f}/{f}
Seat 4 is {n}, seat 5 is {n}.
signed by {n} on friday
it was {f} not {f}
pls tell {f} im late
picking up {f} {i} early
{f} {i} 3rd grade
has anyone seen {f}
The former Giants player {l} is here.
The {l} family moved in.
Kids: {f} (3rd) and {f} (1st)
Children: {f}, {f}
My kids {f} and {f} ride bus 12.
this is Pastor {f} at the church
hi this is {f} at the front desk
yeah this is {n} uh calling about the bus
{f} Who\nIs this yours, {f}?
{f}: Look at that.\n{f}: Remember the plan, {f}? You promised!\n{f}: You found it!
"Come here!" shouted {f} at {f}.
{f} yelled at {f}: "What is this?"
Everyone calls me {f}.
This tune by ex-Eagle {l} is the best one.
arranged and sung by {n} in 1982
Follow up with {n} next week.
the {l}s live next door
- {f} {i}., 8th grade
-- {f} {i}
{n} | Science | Room 12
{n}, Rm 305, Riverside
{n} (Riverside)
call {f} at home
{f} at the front desk said no
We are the {l}s.
According to {n}, the pipe burst.
{n} reports a leak.
The winner is {n} of Springfield.
{n} of Acme Inc. will come by.
{n} works for {l} Brothers.
Me llamo {n}.
me llamo {f} y voy en 5to
Mi nombre es {n}.
Soy {n}, la mamá de {f}.
Soy la mamá de {f}, va en cuarto.
Habla {n}, la abuela de {f}.
Le habla {n}.
Hola {f}, gracias por su ayuda.
Estimada {n}:
Estimado Sr. {l}, le escribo por mi hija.
Buenos días, soy {n}.
Buenas tardes, habla la maestra {n}.
mi hijo {f} no fue a la escuela
Mi hija {f} tiene fiebre.
Mi niño {f} perdió su chaqueta.
Mi sobrina {n} empieza mañana.
{f} no va a ir hoy, está enfermo.
{f} tiene cita con el dentista.
La maestra {l} no contestó.
El maestro {l} me dijo que sí.
La señora {l} de la oficina me llamó.
El señor {n} es mi esposo.
Sra. {l}, necesito una carta.
El director {n} lo aprobó.
Doña {f} cuida a los niños.
¿Está {f} en la escuela?
¿Quién es {n}?
Gracias,\n{n}
Gracias, {n}
Saludos, {n}
Atentamente,\n{n}
- {n}
Mamá de {f} y {f}
{f} y {f} son hermanos.
Le dije a {f} que esperara.
Hablé con {n} ayer.
El papá de {f} lo recoge.
Nombre: {n}\nTeléfono: 555-0100
Alumno: {n}\nGrado: 3
"No es justo", dijo {f}.
a nombre de {n}
La libreta es de {f} {l} {l}.
{f} {l} {l}
"""


def sentences() -> list[str]:
    return [line.replace("\\n", "\n") for line in SENTENCES.strip().splitlines()]
