"""Which kinds of router are compared.

In: YAML, or kinds by name. Out: frozen values. Kinds are trained with the settings that are written in the
configuration, and with their defaults where none are.
"""

from collections.abc import Sequence

from pydantic import Field, ValidationError

from tasks.kernel.config import Slice
from tasks.kernel.errors import ConfigError
from tasks.route.composite_config import CascadeRouter
from tasks.route.config import RouteConfig, RouterKind
from tasks.route.single_config import EncoderRouter, SemanticRouter, TfidfReferenceRouter, TfidfRouter

_USUAL: tuple[RouterKind, ...] = (
    TfidfReferenceRouter(),
    TfidfRouter(),
    SemanticRouter(),
    EncoderRouter(),
    CascadeRouter(),
)


class CompareConfig(Slice):
    """A comparison of routers on the questions of a configuration."""

    candidates: tuple[RouterKind, ...] = Field(default=(), max_length=20)
    """Routers to compare; none: the reference recipe, TF-IDF, semantic, encoder, a cascade, and the
    configuration's own router."""


class ComparedRoutes(Slice):
    """What one comparison trains."""

    routes: tuple[RouteConfig, ...] = Field(min_length=1, max_length=20)
    """Alike but for the router."""
    out_of_scope_domain: str = ""
    """In question files, the domain of questions that belong to none; empty: there are none."""


def routes_of(compare: CompareConfig, route: RouteConfig, kinds: str = "") -> tuple[RouteConfig, ...]:
    """Return what is compared: `kinds` by name where some are given, else the configuration's candidates.

    Raises ConfigError for an unknown name, and for a kind that needs settings which are not written.
    """
    written = (*compare.candidates, route.router)
    if kinds:
        routers = [router for name in kinds.split(",") for router in _by_name(name.strip(), written)]
    elif compare.candidates:
        routers = list(compare.candidates)
    else:
        usual = {router.kind: router for router in _USUAL}
        routers = list({**usual, route.router.kind: route.router}.values())
    return tuple(_like(route, router) for router in routers)


def _like(route: RouteConfig, router: RouterKind) -> RouteConfig:
    """Return the configuration with another router; the reference recipe can be set no thresholds."""
    free = {"max_misrouted": None, "max_false_rejections": None}
    return route.model_copy(
        update={"router": router} | (free if isinstance(router, TfidfReferenceRouter) else {})
    )


def _by_name(name: str, written: Sequence[RouterKind]) -> list[RouterKind]:
    """Return every router of the kind that is written down, or else the kind with its defaults."""
    found = [router for router in dict.fromkeys(written) if router.kind == name]
    return found or [_default(name)]


def _default(name: str) -> RouterKind:
    try:
        return RouteConfig.model_validate({"router": {"kind": name}}).router
    except ValidationError as error:
        problem = error.errors()[0]
        if problem["type"] == "union_tag_invalid":
            known = problem["ctx"]["expected_tags"].replace("'", "")
            raise ConfigError(f"--kinds: {name}: no such router; choose among {known}") from error
        field = ".".join(map(str, problem["loc"][2:]))
        raise ConfigError(
            f"--kinds: {name}: {field}: {problem['msg']}; write this router below `compare.candidates` of a"
            " configuration and run `pocketmoe compare-routers CONFIG`"
        ) from error
