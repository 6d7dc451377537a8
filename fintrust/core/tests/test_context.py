from fintrust.core import context


def test_outside_of_everything_the_system_acts():
    assert context.current() == context.Context()


def test_a_context_ends_with_its_block_and_keeps_its_request_id():
    with context.use(actor_id="1", actor_kind="customer") as outer:
        assert outer.request_id
        with context.use(ip="192.0.2.1") as inner:
            assert (inner.actor_id, inner.request_id) == ("1", outer.request_id)
        assert context.current() == outer
    assert context.current() == context.Context()


def test_a_context_travels_as_plain_values_and_ignores_what_it_does_not_know():
    with context.use(actor_id="1", ip="192.0.2.1") as here:
        carried = {**here.headers(), "from_a_newer_version": 1}
    assert context.Context.from_headers(carried) == here


def test_a_sessions_key_cannot_be_read_from_its_hash():
    assert context.session_hash(None) is None
    assert context.session_hash("secret") == context.session_hash("secret")
    assert "secret" not in (context.session_hash("secret") or "")
