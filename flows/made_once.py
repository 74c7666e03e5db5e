"""What is made once for all domains: a domain's settings in, what needs another base."""

from collections.abc import Iterator, Mapping

from tasks.convert.config import ConvertConfig


def made_anew(
    heal: Mapping[str, object], convert: Mapping[str, object], all_: ConvertConfig, own: ConvertConfig
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield each field of a domain that would need a base of its own, and what to do instead.

    `heal` and `convert` are the domain's overrides, `all_` what they are laid on, `own` what they give.
    """
    if others := sorted(heal.keys() - {"kind", "expert"}):
        problem = "the base is healed once for all domains; set it in `heal`, and here `kind` or `expert`"
        yield ("heal", others[0]), problem
    if "shared" in convert:
        yield ("convert", "shared"), "adapters share one base; set it in `convert`, and here `form`"
    if own.given() is None and own.quantization != all_.quantization:
        problem = "the recipe is searched once for all; set it in `convert`, and here an `int4` one"
        yield ("convert", "quantization"), problem
