"""A chat on a school's page: an answer, a person, and on by mail; nothing of it lost when the servers die in the middle."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.journeys.asking import letter, placed, send
from tests.product import CEDAR, Product, until


@dataclass
class Frame:
    """The chat in a frame on another site: no cookies, the token in memory; what gets no answer is sent again."""

    product: Product
    token: str = ""
    told: dict[str, Any] = field(default_factory=dict)

    def post(self, to: str, **form: str) -> requests.Response:
        headers = {"Host": f"{CEDAR}:{self.product.port}", "Accept": "application/json"} | self._token()
        return requests.post(f"http://127.0.0.1:{self.product.port}/chat/{to}", data=form, headers=headers, timeout=20)

    def act(self, to: str, **form: str) -> dict[str, Any]:
        form = {"said_id": str(uuid4()), **form}

        def sent() -> bool:
            try:
                answer = self.post(to, **form)
            except requests.RequestException:
                return False
            if answer.status_code >= 500:
                return False
            assert answer.status_code == 200, answer.text
            self.told = answer.json()
            return True

        until(sent, seconds=90, what=f"an answer to {to}")
        self.token = self.told["token"]
        return self.told

    def hears(self, words: str) -> None:
        """By asking for news, as an open window does."""
        headers = {"Host": f"{CEDAR}:{self.product.port}"} | self._token()

        def there() -> bool:
            answer = requests.get(f"http://127.0.0.1:{self.product.port}/chat/news", headers=headers, timeout=20)
            return answer.status_code == 200 and words in answer.json()["talk"]

        until(there, what=f"{words!r} in the chat")

    def _token(self) -> dict[str, str]:
        return {"X-Chat-Token": self.token} if self.token else {}


def number_in(told: dict[str, Any]) -> int:
    found = re.search(r"<strong>#(\d+)</strong>", told["talk"])
    assert found, told
    return int(found[1])


def test_a_question_is_answered_then_a_person_is_asked_and_it_goes_on_by_mail(product: Product) -> None:
    parent, frame = f"rosa-{uuid4().hex[:8]}@family.example", Frame(product)
    told = frame.act("say", text="What time does the bus come, it is late", page="https://www.cedarvalley.example/maple")
    answer = re.search(r'name="answer" value="([0-9a-f-]+)"', told["talk"])
    assert answer, "an article answers it"
    frame.act("helped", answer=answer[1], helped="no")
    frame.act("say", text="He waits at Maple and 5th and it did not come")
    number = number_in(frame.act("person", contact=parent, name="Rosa Diaz"))
    ack = product.mail.wait_for(parent, having=f"#{number}")
    link = re.search(r"(/r/\w+)", ack.text)
    assert link
    page = placed(product, link[1])
    assert "He waits at Maple and 5th and it did not come" in page.text

    ticket = product.rows(
        "SELECT id, team_id FROM tickets_ticket WHERE number = %s AND district_id = %s", number, product.district(CEDAR)
    )
    desk = product.signed_in("Agent, Transportation")
    path = f"/desk/{ticket[0]['id']}/"
    shown = desk.get(path)
    assert "Rosa Diaz" in shown.text
    assert "Automatic answer" in shown.text
    done = desk.submit(shown, f"{path}reply/", text="Bus 12 is on its way, ten minutes late.")
    assert "Your reply is on its way" in done.text
    frame.hears("Bus 12 is on its way")
    mailed = product.mail.wait_for(parent, having="Bus 12 is on its way")

    send(product, letter(f"Rosa <{parent}>", "Re: bus", "It came, thank you!", In_Reply_To=str(mailed.message["Message-ID"])),
         to=str(mailed.message["Reply-To"]))  # fmt: skip
    frame.hears("It came, thank you!")
    frame.act("say", text="Will it be late tomorrow, too?")
    assert "Will it be late tomorrow, too?" in desk.get(path).text
    outcome = "SELECT outcome FROM knowledge_answer WHERE id = %s"
    assert product.value(outcome, answer[1]) == "not_enough"


def test_without_an_address_the_chat_is_the_way_back(product: Product) -> None:
    frame = Frame(product)
    told = frame.act("person", text="Where do I get a new lunch card for my daughter?")
    link = re.search(r'href="http://[^"/]+(/r/\w+)"', told["talk"])
    assert link, "the private link is shown"
    page = placed(product, link[1])
    assert f"#{number_in(told)}" in page.text
    assert product.visitor().get(f"/chat/c/{frame.token}").status_code == 200


@pytest.mark.slow
def test_chats_survive_a_web_server_that_is_killed_again_and_again(product: Product) -> None:
    """Each is handed over, and each later line arrives, once, whenever the server died."""

    def talk(n: int) -> Frame:
        frame = Frame(product)
        frame.act("say", text=f"The locker {n} of my son is stuck")
        frame.act("person", contact=f"locker-{n}-{uuid4().hex[:6]}@family.example")
        for line in range(3):
            frame.act("say", text=f"line {line} of {n}")
        return frame

    with ThreadPoolExecutor(6) as visitors:
        frames = [visitors.submit(talk, n) for n in range(12)]
        for _kill in range(3):
            time.sleep(1.5)
            product.kill("web")
        tokens = [one.result(timeout=180).token for one in frames]
    until(
        lambda: not product.value("SELECT count(*) FROM intake_envelope WHERE state = 'pending'"),
        seconds=60,
        what="no envelope to wait",
    )
    rows = product.rows(
        "SELECT c.token, t.id, (SELECT count(*) FROM tickets_message m WHERE m.ticket_id = t.id) AS messages"
        " FROM intake_chat c JOIN tickets_ticket t ON t.district_id = c.district_id AND t.id = c.ticket_id WHERE c.token = ANY(%s)",
        tokens,
    )
    assert len(rows) == len({row["id"] for row in rows}) == len(tokens) == 12, "one ticket each"
    assert {row["messages"] for row in rows} == {4}, "the conversation, and three lines"
