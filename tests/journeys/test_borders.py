"""Step 9: the other district sees none of it, whatever address, id or key is tried."""

from uuid import uuid4

from tests.product import CEDAR, OAK, Product, token_of


def test_nothing_of_one_district_opens_in_the_other(product: Product) -> None:
    secret = f"marmalade-{uuid4().hex[:8]}"
    with product.visitor(CEDAR) as parent:
        page = parent.request(f"The {secret} bus did not come", f"{secret}@family.example")
        token = token_of(page)
        assert secret in parent.get(f"/r/{token}").text
    ticket = product.rows("SELECT id, number FROM tickets_ticket WHERE token = %s", token)[0]
    process = product.value("SELECT slug FROM ownership_process WHERE district_id = %s LIMIT 1", product.district(CEDAR))
    feed = product.value("SELECT token FROM ownership_feed WHERE district_id = %s LIMIT 1", product.district(CEDAR))
    article = product.value("SELECT slug FROM knowledge_article WHERE district_id = %s AND slug NOT IN"
                            " (SELECT slug FROM knowledge_article WHERE district_id = %s) LIMIT 1",
                            product.district(CEDAR), product.district(OAK))  # fmt: skip
    sms = product.sms_channel(CEDAR)

    agent = product.signed_in("Administrator, Cedar Valley", CEDAR)
    assert agent.get(f"/desk/{ticket['id']}/").status_code == 200, "it can be seen where it belongs"
    key = {"Authorization": f"Bearer {product.api_key(CEDAR)}"}
    assert agent.get(f"/api/v1/tickets/{ticket['id']}", headers=key).status_code == 200

    cookies = agent.session.cookies.get_dict()
    with product.visitor(OAK) as stranger, product.visitor(OAK) as carrying:
        staff = product.signed_in("Administrator, Oak Hollow", OAK)
        for name, value in cookies.items():
            carrying.session.cookies.set(name, value)
        for who in (stranger, staff, carrying):
            for path in (
                f"/r/{token}", f"/desk/{ticket['id']}/", f"/matrix/{process}/", f"/help/{article}/", f"/api/v1/tickets/{ticket['id']}",
            ):  # fmt: skip
                answer = who.get(path, allow_redirects=False)
                assert answer.status_code in {302, 401, 403, 404}, f"{path} {answer.status_code}"
                assert secret not in answer.text
            search = f"/desk/?q=%23{ticket['number']}"
            for path in ("/", "/help/", "/desk/?view=open", search, "/today/", "/notices/", "/notices/kept/"):
                assert secret not in who.get(path).text, path
        assert staff.get(f"/desk/{ticket['id']}/").status_code == 404, "not there and not yours are the same"
        assert stranger.get(f"/api/v1/tickets/{ticket['id']}", headers=key).status_code == 401, "a key is good on its own host alone"
        assert stranger.ask("POST", f"/matrix/ping/{feed}").status_code == 404
        assert stranger.ask("POST", f"/hooks/sms/{sms['id']}", data={"From": "+12025550199"}).status_code == 404
        with product.visitor("nobody.localhost") as lost:
            assert lost.get("/").status_code == 404
            assert lost.get(f"/r/{token}").status_code == 404


def test_the_walls_stand_in_the_running_product(product: Product) -> None:
    done = product.manage("check_isolation")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No hole" in done.stdout
