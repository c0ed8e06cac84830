"""An account with Cloudsway: endpoints, keys, and the last word over what goes out.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from emulator import jsontext
from emulator.protocols import chat, gemini, listing, messages, responses
from emulator.protocols.media import audio, embeddings, images
from emulator.providers.cloudsway import catalogue, errors, pages, quirks, routes, rules, vertex
from emulator.providers.cloudsway.routes import Route, Series
from emulator.types import (
    Call,
    Completion,
    Endpoint,
    Failure,
    Frame,
    Headers,
    Json,
    Page,
    Quota,
    Rejected,
    Request,
    Rulebook,
    Stamp,
    WireProtocol,
)

__all__ = ["Cloudsway"]

_SAMPLE_ENDPOINT: Final = "YourEndpointPath"
"""16 letters, as every endpointPath has (documented by example)."""


class Cloudsway(Struct, frozen=True):
    """An account with Cloudsway."""

    name: ClassVar[Literal["cloudsway"]] = "cloudsway"
    hosts: ClassVar[tuple[str, ...]] = ("genaiapi.cloudsway.net", "genaiapi-m2.cloudsway.net")  # documented

    api_keys: tuple[str, ...] = ()
    """The valid keys; none: any key is valid."""
    endpoints: tuple[str, ...] = ()
    """`ENDPOINTPATH=MODEL`: the model says the series, MaaS_Cl_Sonnet_4.6_20260217 is of Cl. Without `=MODEL` the
    endpoint is known, and serves every route."""
    strict_endpoints: bool = False
    """Whether an endpoint that is not in `endpoints` is refused; else it exists, and serves every route."""
    models: tuple[str, ...] = ()
    """The models that are listed; none: those of `endpoints`, else those of the catalogue, and of an endpoint the one
    that it stands for."""
    catalogue: str = ""
    """A file that says what models can do, as models.json in this package does; none: that one."""
    response_model: Literal["null", "name"] = "null"
    """`model` in whole chat answers is null (documented), or the model's name (field)."""
    explicit_nulls: bool = True
    """Whether chat answers have fields whose value is null."""
    key_order: Literal["recorded", "openai"] = "recorded"
    """`recorded`: whole chat answers begin with `created` and end with `object`."""
    answer_shape: Literal["message", "messages"] = "message"
    """`messages`: the list, without id, of the first example in seed 004, which no client can read."""
    reasoning_details: bool = True
    """Whether tool calls of a Gemini model carry signatures in whole chat answers."""
    gp_reasoning: Literal["hidden", "shown"] = "hidden"
    """Whether chat answers of a GP model show their reasoning."""
    errors: Literal["gateway", "protocol"] = "gateway"
    """`gateway`: the code is the status as a string, the message on the OpenAI path is the model's own body as a
    string. `protocol`: every error in the words of the path's protocol."""
    models_created: Literal["string", "number"] = "string"
    """What `created` is in the list of models."""

    def __post_init__(self) -> None:
        """Read the catalogue. Raises EmulatorError."""
        catalogue.read(self.catalogue)

    def claims(self, path: str) -> bool:
        """Whether a literal path is Cloudsway's: whatever lies in its rooms, and what has a route elsewhere."""
        if path.startswith("/api/"):
            return False
        return path.startswith(("/v1/ai/", "/v2/ai/")) or routes.find(path) is not None

    def base_url(self, origin: str) -> str:
        """The base URL of the first endpoint, for clients of OpenAI."""
        first = self.endpoints[0].partition("=")[0] if self.endpoints else _SAMPLE_ENDPOINT
        return f"{origin}/v1/ai/{first}"

    def base_urls(self, origin: str, target: str) -> Mapping[str, str]:
        """The target is an endpoint path; Messages has it in front (documented: seed 004)."""
        url = f"{origin}/v1/ai/{target}" if target else self.base_url(origin)
        endpoint = url.rpartition("/")[2]
        return {chat.NAME: url, responses.NAME: url, messages.NAME: f"{origin}/{endpoint}", gemini.NAME: url}

    def sample(self, model: str, user: str) -> Call:
        """The first request of seed 004."""
        content = {"model": model or "gpt-4", "messages": [{"role": "user", "content": user or "hello"}]}
        return Call("POST", f"{self.base_url('')}/chat/completions", body=jsontext.dumps(content))

    # ------------------------------------------------------------ what comes in

    def resolve(self, call: Call, stamp: Stamp) -> Endpoint | Page:  # noqa: ARG002 - the signature of a provider
        """Find the route, check the key, then the endpoint (in this order: inferred). Raises Rejected."""
        route = routes.find(call.path)
        if route is None:
            raise Rejected(Failure("route_not_found", f"{call.path} is no URL of this service"))
        if call.method != route.method:
            message = f"{call.method} is not a method of {call.path}; {route.method} is"
            raise Rejected(Failure("method_not_allowed", message, headers={"allow": route.method}))
        self._check_key(call, route)
        model = self._check_endpoint(call, route)
        if route.lists and not route.endpoint:
            names = self.models or self._models() or tuple(catalogue.read(self.catalogue))
            return pages.unified_models(names, as_text=self.models_created == "string")
        if route.lists:
            return listing.page(self.models or [model or route.endpoint], "system", call, "messages", "")
        return Endpoint(
            self.name,
            route.protocol,
            target=route.endpoint,
            model=model,
            stream=route.stream,
            item=route.item,
            page=route.page,
        )

    def _check_key(self, call: Call, route: Route) -> None:
        scheme, _, key = call.headers.get("authorization", "").strip().partition(" ")
        key = key.strip()
        if not scheme or (scheme.lower() == "bearer" and not key):
            key = next((call.headers[name] for name in route.keys if call.headers.get(name)), "")
            if not key:
                raise Rejected(Failure("missing_api_key"))
        elif scheme.lower() != "bearer":
            raise Rejected(Failure("auth_scheme"))
        if self.api_keys and key not in self.api_keys:
            raise Rejected(Failure("invalid_api_key"))

    def _check_endpoint(self, call: Call, route: Route) -> str | None:
        """The model that is asked. None: the body must name it (unified access, documented)."""
        table = self._table()
        model = self._model(call, route)
        if not route.endpoint:
            if self.strict_endpoints and model and model not in {*table.values(), *self.models}:
                raise Rejected(Failure("model_not_found", f"The model '{model}' does not exist"))
            return model
        if route.endpoint not in table and self.strict_endpoints:
            raise Rejected(Failure("environment_not_found", f"The endpoint '{route.endpoint}' does not exist"))
        series = routes.series_of(table.get(route.endpoint, ""))
        if route.only and series and series != route.only:
            message = f"{call.path} is a URL for models of {route.only}; the endpoint's model '{model}' is of {series}"
            raise Rejected(Failure("route_not_found", message))
        return model

    def _model(self, call: Call, route: Route) -> str | None:
        """The endpoint decides, `model` in the body is optional and may be "" (documented: seed 004).

        An endpoint that is not in the table is for the model that the path or the body names, else for one that is
        called like the endpoint.
        """
        if known := self._table().get(route.endpoint):
            return known
        return route.model or _named(call) or route.endpoint or None

    def _table(self) -> dict[str, str]:
        pairs = (pair.partition("=") for pair in self.endpoints)
        return {endpoint: model for endpoint, _, model in pairs}

    def _models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(model for model in self._table().values() if model))

    # ------------------------------------------------------------ what goes out

    def rules(self, protocol: WireProtocol) -> Rulebook:
        """What the models of each series refuse."""
        return rules.tables(self.catalogue).get(protocol.NAME, protocol.RULES)

    def body(self, body: Json, request: Request, stamp: Stamp) -> Json:
        """The quirks of the protocol that was asked in."""
        protocol = request.endpoint.protocol.NAME
        if protocol == chat.NAME:
            return self._chat_body(body, request, stamp)
        if protocol == responses.NAME:
            return quirks.with_filters(body)
        return vertex.body(body, stamp) if protocol == gemini.NAME else body

    def _chat_body(self, body: Json, request: Request, stamp: Stamp) -> Json:
        route, series = _asked(request)
        body = quirks.lean_body(body)
        if series == "GP" and self.gp_reasoning == "hidden":
            body = quirks.without_reasoning(body)
        if series == "Ge" and self.reasoning_details:
            google = route is not None and route.only == "Ge"
            body = quirks.with_google_signature(body, stamp) if google else quirks.with_signatures(body, stamp)
        if self.answer_shape == "messages":
            return quirks.as_printed_first(body)
        if self.response_model == "null":
            body = body | {"model": None}
        if self.explicit_nulls:
            body = quirks.with_nulls(body)
        return quirks.in_recorded_order(body) if self.key_order == "recorded" else body

    def frames(self, frames: Iterator[Frame], done: Completion, request: Request, stamp: Stamp) -> Iterator[Frame]:  # noqa: ARG002
        """The quirks of the protocol that was asked in. A chunk names its model (documented: seed 004)."""
        match request.endpoint.protocol.NAME:
            case chat.NAME:
                _, series = _asked(request)
                frames = quirks.lean_frames(frames)
                if series == "GP" and self.gp_reasoning == "hidden":
                    frames = quirks.without_reasoning_in_frames(frames)
                return frames if self.explicit_nulls else quirks.without_nulls_in_frames(frames)
            case responses.NAME:
                return quirks.with_filters_in_frames(frames)
            case gemini.NAME:
                return vertex.frames(frames, stamp)
            case _:
                return frames

    def failure(self, failure: Failure, call: Call, stamp: Stamp) -> Page:
        """An error of the gateway in its envelope; one of the model in its words, nested on the OpenAI path.

        Which of them is re-enveloped on the native paths is not known (inferred).
        """
        route = routes.find(call.path) or Route(chat)
        made_by_model = errors.ERRORS[failure.name].maker == "model"
        if self.errors == "gateway" and not made_by_model:
            return errors.by_gateway(failure)
        if self.errors == "gateway" and route.protocol in {chat, responses, embeddings, images, audio}:
            series = routes.series_of(self._model(call, route) or "") or route.only
            return errors.nested(failure, series, stamp)
        page = route.protocol.failure(errors.with_status(failure), stamp)
        if route.protocol is gemini and route.stream and call.query.get("alt") != "sse" and failure.body is None:
            return Page(page.status, [page.body], page.headers)  # upstream: a list of one where a list was to come
        return page

    def headers(self, call: Call, stamp: Stamp) -> Headers:
        """The request id where the SDK of the protocol reads it; whether there is one is not known (inferred)."""
        route = routes.find(call.path)
        if route is not None and route.protocol is messages:
            return {"request-id": messages.request_id(stamp)}
        return {"x-request-id": stamp.hex("request", 32)}

    def quota(self, quota: Quota, protocol: str, stamp: Stamp) -> Headers:  # noqa: ARG002 - the signature of a provider
        """Nothing: no `x-ratelimit-*` is documented, nor seen by third parties (contract A7, read 2026-11)."""
        return {}

    def listing(self, models: tuple[str, ...]) -> Cloudsway:
        """The same account with these models in its lists; an endpoint goes on answering for the model of the table."""
        return replace(self, models=models)


def _asked(request: Request) -> tuple[Route | None, Series | None]:
    route = routes.find(request.call.path)
    return route, routes.series_of(request.model) or (route.only if route else None)


def _named(call: Call) -> str:
    """The model that the body names."""
    try:
        content = jsontext.loads(call.body) if call.body else None
    except ValueError:
        return ""
    match content:
        case {"model": str() as model}:
            return model
        case _:
            return ""
