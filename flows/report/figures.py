"""What report.json is made of beside the records of the stages: frozen parts."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen piece of the report."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Sample(Part):
    """A held-out question with the systems' answers."""

    question: str
    reference: str
    routed: str
    confidence: float
    answers: dict[str, str]
    """By the systems that gave them."""
