"""Generated images in the form of CloudBase.

Facts are marked as in the package's docstring.
"""

from __future__ import annotations

from emulator.types import Json, Request, Stamp

__all__ = ["body"]


def body(answer: Json, request: Request, stamp: Stamp) -> Json:
    """An id, the time, and of each image a URL and the prompt that it was made from.

    package: @cloudbase/ai src/models/image-model.ts, type.ts; documented: the pages on images. Inferred: what the id
    looks like, and that a URL is a data URL, for the service's own lead to its storage for a day.
    """
    pictures = [
        {"url": f"data:image/{answer['output_format']};base64,{item['b64_json']}"} if "b64_json" in item else item
        for item in answer["data"]
    ]
    return {
        "id": stamp.hex("images", 32),
        **{name: value for name, value in answer.items() if name not in {"output_format", "usage"}},
        "data": [{**picture, "revised_prompt": request.user} for picture in pictures],
    }
