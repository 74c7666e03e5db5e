"""What keeps an adapter from being shipped apart from its base: a configuration in, sentences out.

They are told before anything is trained: the runtime would load such an adapter and drop what it cannot add.
"""

from flows.config import Config
from tasks.finetune.config import SEVEN_PROJECTIONS, LoraAdapter
from tasks.models.sources import EmbeddedModel


def not_apart(config: Config, domain: str) -> list[str]:
    """Return a sentence for each reason why the domain's adapter cannot be kept apart."""
    if config.convert_of(domain).form == "merged":
        return []
    adapter, shared = config.finetune_of(domain).adapter, config.convert.shared
    remedy = f"set `domains.{domain}.convert.form: merged`"
    found = []
    if not isinstance(adapter, LoraAdapter):
        found.append(
            f"`adapter.kind`: the runtime adds low-rank updates and cannot apply {adapter.kind}; {remedy}"
        )
    elif adapter.rank > shared.rank:
        wider = "set `convert.shared.rank: 32`, or " if adapter.rank <= _WIDEST else ""
        found.append(
            f"`adapter.rank`: {adapter.rank} exceeds `convert.shared.rank` ({shared.rank}); {wider}{remedy}"
        )
    elif others := sorted(_targets(adapter) - set(SEVEN_PROJECTIONS)):
        found.append(f"`adapter.target_modules`: the shared base takes no update of {others[0]}; {remedy}")
    if not config.heals() and isinstance(config.base_model, EmbeddedModel):
        found.append(f"`heal.kind`: the shared base is a healed one; set it to `distill`, or {remedy}")
    return found


_WIDEST = 32
"""The widest rank that the runtime takes."""


def _targets(adapter: LoraAdapter) -> set[str]:
    return set() if adapter.target_modules == "all-linear" else set(adapter.target_modules)
