"""JSON: the raw results file; for advice, the recommendation together with that file."""

from __future__ import annotations

import json as standard
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from concbench.report.formats import declare
from concbench.results.files import to_json

if TYPE_CHECKING:
    from concbench.advice.recommendation import Recommendation
    from concbench.report.document import Document


@declare(suffixes=(".json",), explains=False)
def json(document: Document) -> str:
    """The raw results; for advice, the recommendation (or null) and the raw results of its race."""
    raw = to_json(document.record)
    if document.advised is None:
        return raw
    recommendation = _recommendation(document.recommendation) if document.recommendation else None
    return standard.dumps({"recommendation": recommendation, "run": standard.loads(raw)}, indent=1) + "\n"


def _recommendation(recommendation: Recommendation) -> dict[str, Any]:
    reasons = [{"sentence": one.sentence, "figures": dict(one.figures), "page": one.url}
               for one in recommendation.reasons]  # fmt: skip
    fields = {**asdict(recommendation), "reasons": reasons, "valid_for": recommendation.valid_for}
    del fields["conditions"]  # those sentences with what only text needs
    return fields
