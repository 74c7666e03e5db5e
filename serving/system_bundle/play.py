"""Reference player of a system bundle: a question in, who answers and the answer out.

It needs `litert_lm` and the router's reader beside it, and is short so that it can be written again in
Kotlin or Swift.
    python play.py "a question"        without one: from standard input, one a line
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import litert_lm

Part = dict[str, Any]
SPARE = 8
"""Tokens left free at the end of the context: the runtime writes over its memory when it runs over."""
LONGEST = 256
"""Tokens of an answer at most."""


class Player:
    """A system bundle that answers; one bundle at a time is in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: Part = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        check(folder, self.manifest)
        self.experts: dict[str, Part] = {one["domain"]: one for one in self.manifest["experts"]}
        router = self.manifest["router"]
        self.route = load_router(folder / router["folder"]) if router else None
        self.open = ""
        self.engine: Any = None

    def choose(self, question: str) -> tuple[str | None, str]:
        """Return the expert's domain, or none and what a refused user reads."""
        if self.route is None:
            return next(iter(self.experts)), ""
        said, policy = self.route(question)
        outcome = said["outcome"]
        if outcome == "generalist":
            # A phone has none: the best expert answers what is in scope.
            outcome = "expert" if said["in_scope"] >= policy["min_scope"] else "refused"
        if outcome == "refused":
            *most, last = self.experts
            names = f"{', '.join(most)} and {last}" if most else last
            return None, policy["refusal"].replace("{domains}", names)
        return said["experts"][0][0], ""

    def answer(self, domain: str, question: str) -> Iterator[str]:
        """Yield the pieces of an answer."""
        expert, engine = self.experts[domain], self.load(domain)
        greedy = litert_lm.SamplerConfig(top_k=1, top_p=1.0, temperature=0.0, seed=0)
        apart = None
        if expert["adapter"]:
            apart = litert_lm.LoraConfig(lora_path=str(self.folder / expert["adapter"]))
        # Every question stands alone, because that is what experts are trained on.
        with engine.create_conversation(sampler_config=greedy, lora_config=apart) as conversation:
            prompt = len(engine.tokenize(conversation.render_message_to_string(question)))
            room = min(LONGEST, expert["context_tokens"] - prompt - SPARE)
            if room < 1:
                yield f"The question is too long: {prompt} of {expert['context_tokens']} tokens."
                return
            for message in conversation.send_message_async(question, max_output_tokens=room):
                yield "".join(part["text"] for part in message["content"] if part["type"] == "text")

    def load(self, domain: str) -> Any:
        """Return the engine of an expert's bundle, which adapters share; another bundle's is closed."""
        path = str(self.folder / self.experts[domain]["file"])
        if self.open != path:
            if self.engine is not None:
                self.engine.close()
            self.engine = litert_lm.Engine(path, backend=litert_lm.Backend.CPU(), cache_dir=":nocache")
            self.open = path
        return self.engine


def check(folder: Path, manifest: Part) -> None:
    """Stop at a file that is not what was written."""
    if (manifest["format"], manifest["version"]) != ("pocketmoe-system", 1):
        sys.exit(f"{folder}: {manifest['format']} {manifest['version']} is not what this program reads")
    for file in manifest["files"]:
        path = folder / file["path"]
        if not path.is_file():
            sys.exit(f"{path}: missing")
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != file["sha256"]:
                sys.exit(f"{path}: not what the manifest says; copy it again")


def load_router(folder: Path) -> Callable[[str], tuple[Part, Part]]:
    """Return what says who answers a question, and the policy by which it does."""
    sys.path.insert(0, str(folder))
    from read_router import LinearReader, answer  # type: ignore[import-not-found]

    part = json.loads((folder / "router.json").read_text(encoding="utf-8"))
    if part["form"] == "linear":
        reader: Any = LinearReader(part)
    else:
        from read_parts import RouterReader  # type: ignore[import-not-found]

        reader = RouterReader(folder)
    return lambda question: (answer(part, *reader.score(question)[:2]), part["policy"])


def main(questions: list[str]) -> None:
    """Answer each question."""
    litert_lm.set_min_log_severity(litert_lm.LogSeverity.ERROR)
    player = Player(Path(__file__).resolve().parent)
    for question in questions or filter(None, map(str.strip, sys.stdin)):
        domain, refusal = player.choose(question)
        sys.stdout.write(f"[{domain or 'refused'}]\n{refusal}")
        for piece in player.answer(domain, question) if domain else ():
            sys.stdout.write(piece)
            sys.stdout.flush()
        sys.stdout.write("\n\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Answer questions from the files beside this one.")
    parser.add_argument("questions", nargs="*", help="with none, one a line is read from standard input")
    main(parser.parse_args().questions)
