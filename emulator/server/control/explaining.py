"""Which step would answer a request, and why the others would not."""

from __future__ import annotations

from msgspec.structs import replace

from emulator import jsontext
from emulator.server import curl
from emulator.server.control.forms import Explain
from emulator.server.control.question import Held, Question, Refused, session_of
from emulator.server.explain import explain
from emulator.types import Call, EmulatorError, Json

__all__ = ["explained"]


def explained(held: Held, question: Question) -> Json:
    """Explain a request, given in parts or as a curl command, without asking it."""
    form = question.form(Explain)
    known = None if form.session is None else session_of(held, form.session)
    notes: list[str] = []
    try:
        if form.curl is not None:
            command = curl.read(form.curl)
            call, notes = curl.call_of(command), command.notes
        else:
            call = _call(form, key=known.key if known else "", keys=held.settings.api_keys)
    except EmulatorError as error:
        raise Refused(400, "the request can't be read", str(error)) from None
    visit = held.door.open(call)
    session = known or held.sessions.new(visit.session, visit.only)
    if known is not None:
        visit = replace(visit, session=known.id)
    said = explain(visit, session, held.library.scenarios, echo=held.settings.fallback == "echo")
    return {**said.as_json(), "notes": notes}


def _call(form: Explain, *, key: str, keys: tuple[str, ...]) -> Call:
    """Make the call of a form's parts."""
    sent = form.body is not None
    body = form.body.encode() if isinstance(form.body, str) else jsontext.dumps(form.body) if sent else b""
    if form.headers is None:
        headers = {"authorization": f"Bearer {key or next(iter(keys), 'explain')}", "content-type": "application/json"}
    else:
        headers = {name.lower(): value for name, value in form.headers.items()}
    method = (form.method or ("POST" if sent else "GET")).upper()
    host = form.host or headers.get("host", "127.0.0.1")
    return curl.call_of(curl.Command(method, f"http://{host}{form.path}", headers, body))
