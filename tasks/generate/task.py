"""Generate: Corpus -> QADataset."""

from collections.abc import Mapping
from pathlib import Path

from tasks.generate.config import GenerateConfig
from tasks.kernel.artifacts import Corpus, QADataset
from tasks.kernel.job import Job, Reuse
from tasks.kernel.stage import accelerated_stage


@accelerated_stage
def generate_qa(
    domain: str,  # noqa: ARG001  # names the task
    corpus: Corpus,
    config: GenerateConfig,
    review: Path | None = None,
    benchmarks: Mapping[str, Path] | None = None,
) -> Job[QADataset]:
    """Let the teacher write questions to the passages, filter them and split them."""
    wanted = {"teacher": config.teacher.model, "judge": config.judging.judge.model}
    return Job(
        QADataset,
        config,
        artifacts={"corpus": corpus},
        models={name: model for name, model in wanted.items() if model is not None},
        sources=({"review": review} if review else {})
        | {f"benchmark/{name}": path for name, path in (benchmarks or {}).items()},
        reuse=Reuse(
            config.teacher,
            "tasks.generate.teachers.making",
            without=frozenset({"prices", "max_requests"}),
        ),
    )
